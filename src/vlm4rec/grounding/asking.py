"""Asking an LVLM about one photo: with patience, within the budget, at a pace it can take."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.charging import Till
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Identity, LVLMAnswer
from vlm4rec.grounding.pacing.pacer import Pacer, Slot, Stopped
from vlm4rec.grounding.questions import Failure, Question
from vlm4rec.storage import file_hash

__all__ = ["Asker", "BudgetReached", "Came", "Clock", "Retrying"]

_MANY = 30
"""Refusals for want of capacity that one photo takes before it is given up for this run."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often and how soon a photo is asked about again when no answer came.

    The wait before try n is drawn from 0 to ``base`` * 2**n seconds, at most ``longest``, so
    that many workers that failed together don't come back together. Where the server says how
    long to wait, all calls wait that long.

    Parameters
    ----------
    retries
        How often at most, after the first try. What a server refuses because it is overloaded,
        or while it is down, does not count.
    base, longest
        Bounds of the wait in seconds.
    patience
        A server that asks for a longer wait than this, in seconds, ends the run.

    Examples
    --------
    >>> Retrying().wait(3, lambda: 1.0)
    4.0
    """

    retries: int = 4
    base: float = 0.5
    longest: float = 60.0
    patience: float = 300.0

    def wait(self, tried: int, draw: Callable[[], float]) -> float:
        """Return the wait after ``tried`` retries; ``draw`` gives a number from 0 to 1."""
        return draw() * min(self.longest, self.base * 2.0 ** min(tried, 32))


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, which a test replaces to be quick and the same each time.

    Parameters
    ----------
    now
        Gives the time.
    sleep
        Waits so many seconds.
    draw
        Gives a random number from 0 to 1.
    monotonic
        Gives seconds that never go back.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    draw: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic


class BudgetReached(Exception):  # noqa: N818 - it ends a run in good order
    """The next call might cost more than is left of the budget."""


@dataclass(frozen=True, slots=True)
class Came:
    """An answer, who gave it, and what it cost in US dollars, None if that is not known."""

    answer: LVLMAnswer
    identity: Identity
    cost: float | None


class Asker:
    """Asks LVLMs, again where that may help.

    Parameters
    ----------
    lvlm
        Whom.
    second
        Who is asked the second time, by default the same.
    till
        Keeps the budget.
    pacer
        Says when a call may go.
    retrying
        How often.
    clock
        Time and chance.
    stop
        When it is set, no one waits for another try any more.
    """

    def __init__(
        self,
        lvlm: LVLM,
        second: LVLM | None,
        till: Till,
        pacer: Pacer,
        retrying: Retrying,
        clock: Clock,
        stop: asyncio.Event,
    ) -> None:
        self.lvlm = lvlm
        self.second = second or lvlm
        self.till = till
        self.pacer = pacer
        self.retrying = retrying
        self.clock = clock
        self.stop = stop
        self.asked = 0
        self.retried = 0

    async def ask(self, question: Question) -> Came | Failure | None:
        """Ask; None if the wait for another try was cut short.

        Raises
        ------
        LVLMError
            If it is one that every other photo would meet too.
        BudgetReached
            If the budget has no room for the call.
        """
        try:
            return await self._patiently(question)
        except PhotoError as error:
            return Failure(error.code, error.message, error.remedy)
        except LVLMError as error:
            if error.fatal:
                raise
            return Failure("no-answer", error.message, error.remedy)

    async def _patiently(self, question: Question) -> Came | None:
        lvlm, identity = self._who(question)
        if lvlm.traits.max_side is None:  # one that is sent the photo checks it itself
            await asyncio.to_thread(_verify, question.request)
        tried = overloads = 0
        self.asked += 1
        while not self.stop.is_set():
            try:
                return await self._once(lvlm, identity, question.request)
            except Stopped:
                break
            except (PhotoError, BudgetReached):
                self.asked -= 1
                raise
            except LVLMError as error:
                if _overloaded(error):
                    overloads += 1
                elif not self.pacer.broken:
                    tried += 1
                self._weigh(error, tried, overloads)
            await self._pause(self.retrying.wait(tried + min(overloads, 6) - 1, self.clock.draw))
            self.retried += not self.stop.is_set()
        return None

    def _who(self, question: Question) -> tuple[LVLM, Identity]:
        if not question.request.again or self.second is self.lvlm:
            return self.lvlm, question.identity
        return self.second, self.second.identity(question.request) or question.identity

    async def _once(self, lvlm: LVLM, identity: Identity, request: GroundingRequest) -> Came:
        estimate = self.till.estimate(lvlm, identity, request)
        most = estimate.most or 0.0
        if not await self.till.reserve(most):
            raise BudgetReached
        cost: float | None = 0.0
        charged = False
        try:
            async with self.pacer.slot(tokens=estimate.tokens_in + estimate.tokens_out) as slot:
                charged = True  # until the server says that it is not so
                try:
                    answer = await lvlm.ground(request)
                except LVLMError as error:
                    charged = error.charged
                    _tell(slot, error)
                    raise
                except PhotoError:
                    charged = False
                    raise
                charged = False
                used = [each for each in (answer.tokens_in, answer.tokens_out) if each is not None]
                slot.succeeded(sum(used) if used else None)
                cost = self.till.cost(lvlm, identity, answer)
                return Came(answer, identity, cost)
        finally:
            self.till.settle(most, cost, charged=charged)

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the run is stopped."""
        waits = [
            asyncio.ensure_future(self.clock.sleep(seconds)),
            asyncio.ensure_future(self.stop.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _weigh(self, error: LVLMError, tried: int, overloads: int) -> None:
        """Go on if another try may help, raise if not."""
        if error.fatal or not error.retryable:
            raise error
        if error.retry_after is not None and error.retry_after > self.retrying.patience:
            raise _later(f"{error.message} It asks to wait {error.retry_after:,.0f} seconds.")
        if self.pacer.given_up:
            raise _later(f"{error.message} It has not answered for long.")
        if tried > self.retrying.retries or overloads > _MANY:
            raise error


def _later(what: str) -> LVLMError:
    return LVLMError(
        what, "Run the same command again later: what was grounded is kept.", fatal=True
    )


def _overloaded(error: LVLMError) -> bool:
    return error.retryable and (error.overloaded or error.retry_after is not None)


def _tell(slot: Slot, error: LVLMError) -> None:
    """Tell the pacer what an error says of the server's health."""
    if _overloaded(error):
        slot.overloaded(error.retry_after)
    elif error.retryable:
        slot.failed()
    else:
        slot.refused()


def _verify(request: GroundingRequest) -> None:
    """See that the photo is the one that the answer will be kept for."""
    try:
        found = file_hash(Path(request.photo))
    except FileNotFoundError:
        raise PhotoError(
            f"There is no photo {request.photo} any more.", "Put it back.", code="missing"
        ) from None
    except OSError as error:
        raise PhotoError(
            f"{request.photo} can't be read: {error.strerror}.", "Check its permissions."
        ) from None
    if found != request.photo_sha256:
        raise PhotoError(
            f"{request.photo} has changed since the catalog was read.",
            "Read the catalog again.",
            code="changed",
        )
