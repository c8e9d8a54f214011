"""Asking an LVLM about one photo: with patience, and only about the photo that is meant."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.answers import Reading, read_answer
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Identity, LVLMAnswer
from vlm4rec.grounding.schema import Provenance
from vlm4rec.storage import file_hash

__all__ = ["Asker", "Clock", "Failure", "Outcome", "Question", "Retrying"]


@dataclass(frozen=True, slots=True)
class Question:
    """A request that has no answer yet, with who is to answer it."""

    request: GroundingRequest
    identity: Identity
    key: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no usable answer: a problem, before it is known whose."""

    code: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question: an answer, a failure, or both, which is an invalid answer."""

    question: Question
    came: LVLMAnswer | None = None
    reading: Reading | None = None
    provenance: Provenance | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often and how soon a photo is asked about again.

    The wait before try n is drawn from 0 to ``base`` * 2**n seconds, at most ``longest``, so
    that many workers that failed together don't come back together. Where the server says how
    long to wait, it is that long.

    Parameters
    ----------
    retries
        How often at most, after the first try.
    base, longest
        Bounds of the wait in seconds.
    patience
        A server that asks for a longer wait than this, in seconds, ends the run.

    Examples
    --------
    >>> Retrying().wait(3, None, lambda: 1.0), Retrying().wait(0, 20.0, lambda: 0.0)
    (4.0, 20.0)
    """

    retries: int = 4
    base: float = 0.5
    longest: float = 60.0
    patience: float = 300.0

    def wait(self, tried: int, asked_for: float | None, draw: Callable[[], float]) -> float:
        """Return the wait after ``tried`` retries; ``draw`` gives a number from 0 to 1."""
        drawn = draw() * min(self.longest, self.base * 2.0 ** min(tried, 32))
        # A little on top of the server's wait, for the same reason.
        return drawn if asked_for is None else asked_for + draw() * self.base


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
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    draw: Callable[[], float] = random.random


class Asker:
    """Asks an LVLM, again where that may help.

    Parameters
    ----------
    lvlm
        Whom.
    retrying
        How often.
    clock
        Time and chance.
    stop
        When it is set, no one waits for another try any more.
    """

    def __init__(self, lvlm: LVLM, retrying: Retrying, clock: Clock, stop: asyncio.Event) -> None:
        self.lvlm = lvlm
        self.retrying = retrying
        self.clock = clock
        self.stop = stop
        self.asked = 0
        self.retried = 0

    async def ask(self, question: Question) -> Outcome | None:
        """Ask; None if the wait for another try was cut short.

        Raises
        ------
        LVLMError
            If it is one that every other photo would meet too.
        """
        try:
            await asyncio.to_thread(_verify, question.request)
            came = await self._patiently(question.request)
        except PhotoError as error:
            return Outcome(question, failure=Failure(error.code, error.message, error.remedy))
        except LVLMError as error:
            if error.fatal:
                raise
            return Outcome(question, failure=Failure("no-answer", error.message, error.remedy))
        return None if came is None else self._understood(question, came)

    async def _patiently(self, request: GroundingRequest) -> LVLMAnswer | None:
        self.asked += 1
        for tried in itertools.count():
            try:
                return await self.lvlm.ground(request)
            except LVLMError as error:
                self._weigh(error, tried)
                wait = self.retrying.wait(tried, error.retry_after, self.clock.draw)
            await self._pause(wait)
            if self.stop.is_set():
                break
            self.retried += 1
        return None

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

    def _weigh(self, error: LVLMError, tried: int) -> None:
        """Go on if another try may help, raise if not."""
        if error.fatal or not error.retryable:
            raise error
        if error.retry_after is not None and error.retry_after > self.retrying.patience:
            raise LVLMError(
                f"{error.message} It asks to wait {error.retry_after:,.0f} seconds.",
                "Run the same command again then: what was grounded is kept.",
                fatal=True,
            )
        if tried >= self.retrying.retries:
            raise error

    def _understood(self, question: Question, came: LVLMAnswer) -> Outcome:
        reading = read_answer(came)
        failure = None
        if reading.answer is None:
            failure = Failure(reading.reason, reading.what, "It is asked again on the next run")
        provenance = Provenance(
            provider=question.identity.provider,
            model=came.model or question.identity.model,
            prompt_id=question.request.prompt.id,
            parameters=dict(question.identity.parameters),
            photo_sha256=question.request.photo_sha256,
            finish_reason=came.finish_reason,
            tokens_in=came.tokens_in,
            tokens_cached=came.tokens_cached,
            tokens_out=came.tokens_out,
            seconds=came.seconds,
            created=self.clock.now().isoformat(timespec="seconds"),
        )
        return Outcome(question, came, reading, provenance, failure)


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
