"""Asking an LVLM about one photo: with patience, within the budget, at a pace it can take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from vlm4rec.errors import LVLMError, NeverAnsweredError, PhotoError
from vlm4rec.grounding.charging import Till
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Identity, LVLMAnswer
from vlm4rec.grounding.pacing.pacer import Pacer, Slot, Stopped
from vlm4rec.grounding.questions import Failure, Question, who_answers
from vlm4rec.grounding.retrying import Clock, Retrying
from vlm4rec.grounding.verifying import verify_photo

__all__ = ["Asker", "BudgetReached", "Came", "Clock", "Retrying"]

_DEAREST = 1e9
"""US dollars; what a call may cost at most is no more, whatever length of answer was allowed."""

_MANY = 30
"""Refusals for want of capacity that one photo takes before it is given up for this run."""


class BudgetReached(Exception):  # noqa: N818 - it ends a run in good order
    """The next call might cost more than is left of the budget."""


@dataclass(frozen=True, slots=True)
class Came:
    """An answer, who gave it, and what it cost in US dollars, None if that is not known."""

    answer: LVLMAnswer
    identity: Identity
    cost: float | None


@dataclass(slots=True)
class _Asking:
    """A question on its way.

    Parameters
    ----------
    lvlm, identity, request
        Of whom it is asked, and about what.
    second
        Whether it was asked before in this run.
    in_vain
        Whether an earlier run got no answer about this photo.
    calls
        How many it took.
    failed_at
        How many answers the run had when it failed for the first time, None if it never did.
    """

    lvlm: LVLM
    identity: Identity
    request: GroundingRequest
    second: bool
    in_vain: bool
    calls: int = 0
    failed_at: int | None = None


class Asker:
    """Asks LVLMs, again where that may help.

    Parameters
    ----------
    lvlm
        Whom.
    second
        Who is asked the second time, by default the same; where it can't be asked about a photo,
        it is the same too.
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
        self.asked = self.again = self.retried = 0
        self.trouble = ""
        self._answers = 0
        self._began: float | None = None

    def check(self, question: Question) -> None:
        """See that a budget can be kept to, whoever is asked.

        Raises
        ------
        DataError
            If it can't: see `vlm4rec.grounding.charging.Till.check`.
        """
        for each in (question, question.again()):
            self.till.check(*self._who(each), each.request)

    def may_differ(self, question: Question) -> bool:
        """Tell whether asking a second time may bring another answer."""
        lvlm, _ = self._who(question.again())
        return lvlm is not self.lvlm or lvlm.traits.varies

    async def ask(
        self, question: Question, *, second: bool = False, calls: int = 0
    ) -> Came | Failure | None:
        """Ask; None if the wait for another try was cut short.

        Parameters
        ----------
        question
            What, and of whom.
        second
            Whether it was asked before in this run, and is counted under ``again``.
        calls
            How many calls another file of the same photo took before it failed: further ones are
            counted as retries.

        Raises
        ------
        LVLMError
            If it is one that every other photo would meet too.
        BudgetReached
            If the budget has no room for the call.
        """
        lvlm, identity = self._who(question)
        asking = _Asking(lvlm, identity, question.request, second, question.in_vain, calls)
        try:
            return await self._patiently(asking)
        except PhotoError as error:
            failed = Failure(error.code, error.message, error.remedy, of_photo=True)
            return replace(failed, calls=asking.calls)
        except LVLMError as error:
            if error.fatal:
                raise
            return Failure("no-answer", error.message, error.remedy)

    async def _patiently(self, asking: _Asking) -> Came | None:
        if asking.lvlm.traits.max_side is None:  # one that is sent the photo checks it itself
            await asyncio.to_thread(verify_photo, asking.request)
        tried = overloads = 0
        while not self.stop.is_set():
            try:
                return await self._once(asking)
            except Stopped:
                break
            except LVLMError as error:
                if _overloaded(error):
                    overloads += 1
                elif self._fails_alone(asking) or not self.pacer.broken:
                    tried += 1
                self._weigh(error, tried, overloads)
            waited = max(0, tried + min(overloads, 6) - 1)
            await self._pause(self.retrying.wait(waited, self.clock.draw))
        return None

    def _who(self, question: Question) -> tuple[LVLM, Identity]:
        return who_answers(question, self.lvlm, self.second)

    async def _once(self, asking: _Asking) -> Came:
        lvlm, identity, request = asking.lvlm, asking.identity, asking.request
        estimate = self.till.estimate(lvlm, identity, request)
        if estimate.most is None:
            self.till.check(lvlm, identity, request)
        most = min(estimate.most or 0.0, _DEAREST)
        if not await self.till.reserve(most):
            raise BudgetReached
        cost: float | None = 0.0
        charged = False
        try:
            async with self.pacer.slot(tokens=estimate.tokens_in + estimate.tokens_out) as slot:
                charged = True  # until the server says that it is not so
                self._count(asking)
                self._began = self.clock.monotonic() if self._began is None else self._began
                try:
                    answer = await _called(lvlm, request)
                except LVLMError as error:
                    charged = error.charged
                    self.trouble = error.message
                    _tell(slot, error, alone=self._fails_alone(asking))
                    if asking.failed_at is None:
                        asking.failed_at = self._answers
                    raise
                except PhotoError:
                    charged = False
                    self._count(asking, -1)  # nobody was asked
                    raise
                charged = False
                self.trouble = ""
                self._answers += 1
                used = [each for each in (answer.tokens_in, answer.tokens_out) if each is not None]
                slot.succeeded(sum(used) if used else None)
                cost = self.till.cost(lvlm, identity, answer)
                return Came(answer, identity, cost)
        finally:
            self.till.settle(most, cost, charged=charged)

    def _fails_alone(self, asking: _Asking) -> bool:
        """Tell whether others were answered since a photo failed first: it is not the server then.

        Were such a photo's failures taken for the server's, then a few photos that it never can
        describe would keep a run from its end, once all others are described. A later run, in
        which only they are left, would take the server for one that is away; so a photo that an
        earlier run got no answer about fails alone, too, unless others show that it is away.
        """
        if asking.in_vain and not self.pacer.broken:
            return True
        return asking.failed_at is not None and self._answers > asking.failed_at

    def _count(self, asking: _Asking, by: int = 1) -> None:
        """Count a call that begins, or, with -1, take the last one back."""
        if by < 0:
            asking.calls += by
        if asking.calls:
            self.retried += by
        elif asking.second:
            self.again += by
        else:
            self.asked += by
        if by > 0:
            asking.calls += by

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

    def _waited(self) -> float:
        """Return the seconds since the first call."""
        return 0.0 if self._began is None else self.clock.monotonic() - self._began

    def _weigh(self, error: LVLMError, tried: int, overloads: int) -> None:
        """Go on if another try may help, raise if not."""
        if error.fatal or not error.retryable:
            raise error
        if error.retry_after is not None and error.retry_after > self.retrying.patience:
            raise _later(f"{error.message} It asks to wait {error.retry_after:,.0f} seconds.")
        if self.pacer.given_up:
            raise _later(f"{error.message} It has not answered for long.")
        if self.pacer.broken and not self._answers and self._waited() > self.retrying.stranger:
            raise NeverAnsweredError(error)
        if tried > self.retrying.retries or overloads > _MANY:
            raise error


async def _called(lvlm: LVLM, request: GroundingRequest) -> LVLMAnswer:
    """Ask, and take a call that its own library cancelled, as some do, for one that failed."""
    try:
        return await lvlm.ground(request)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
    raise LVLMError("The call was cancelled on its way.", retryable=True, charged=True)


def _later(what: str) -> LVLMError:
    return LVLMError(
        what, "Run the same command again later: what was grounded is kept.", fatal=True
    )


def _overloaded(error: LVLMError) -> bool:
    return error.retryable and (error.overloaded or error.retry_after is not None)


def _tell(slot: Slot, error: LVLMError, *, alone: bool) -> None:
    """Tell the pacer what an error says of the server's health; that of one photo alone nothing."""
    if _overloaded(error):
        slot.overloaded(error.retry_after)
    elif error.retryable and not alone:
        slot.failed()
    else:
        slot.refused()
