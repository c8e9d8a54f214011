"""When the next call to a model's server may begin: the one place that a run asks."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.pacing.breaker import Breaker
from vlm4rec.grounding.pacing.concurrency import AdaptiveLimit
from vlm4rec.grounding.pacing.gate import Call, Gate
from vlm4rec.grounding.pacing.rates import RateLimit

__all__ = ["Pacer", "Slot", "Stopped"]

_MOMENT = 1e-6
"""Waits below this, in seconds, are what rounding leaves of none."""


class Stopped(Exception):  # noqa: N818 - it is no error
    """Raised where a call was to begin, after `Pacer.stop`."""


class Pacer:
    """Lets calls begin, first come, first served, as soon as the server can be expected to answer.

    A call begins when all of these allow it: the breaker is closed, or lets it through as a
    probe; the server's last ``Retry-After`` is over; the rates a minute allow it; and fewer
    calls are under way than the level.

    All methods are to be called in the thread of the event loop. While nothing holds calls back,
    a call costs no task and no timer; while something does, there is one timer for all.

    Parameters
    ----------
    limit
        How many calls at a time.
    requests_per_minute, tokens_per_minute
        What the server's operator allows, None for no limit.
    breaker
        When to pause because the server is away; `Breaker()` by default.
    patience
        The longest ``Retry-After`` that is waited for, in seconds.
    monotonic
        Gives the time in seconds by a clock that never jumps.
    sleep
        Waits so many seconds by that clock.

    Raises
    ------
    DataError
        If a rate is not above 0.

    Examples
    --------
    >>> async def describe() -> str:
    ...     pacer = Pacer(AdaptiveLimit())
    ...     async with pacer.slot(tokens=900) as slot:
    ...         answer = "A brown boot."  # here the server is asked
    ...         slot.succeeded(tokens=870)
    ...     return answer
    >>> asyncio.run(describe())
    'A brown boot.'
    """

    def __init__(
        self,
        limit: AdaptiveLimit,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        breaker: Breaker | None = None,
        patience: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._gate = Gate(
            limit,
            breaker=breaker or Breaker(),
            requests=None if requests_per_minute is None else RateLimit(requests_per_minute),
            tokens=None if tokens_per_minute is None else RateLimit(tokens_per_minute),
            patience=patience,
        )
        self._monotonic = monotonic
        self._sleep = sleep
        self._waiting: deque[tuple[Slot, asyncio.Future[None]]] = deque()
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = math.inf
        self._stopped = False

    @property
    def broken(self) -> bool:
        """Whether the server is taken to be away.

        A failure after whose report this holds is the server's, not the photo's, and should not
        count against the photo's retries.
        """
        return self._gate.breaker.open

    @property
    def given_up(self) -> bool:
        """Whether the server was away for too long, so that no call begins any more."""
        return self._gate.breaker.given_up

    @property
    def level(self) -> int:
        """How many calls may be under way at a time."""
        return self._gate.limit.level

    @property
    def in_flight(self) -> int:
        """How many calls are under way."""
        return self._gate.limit.in_flight

    @property
    def pause_left(self) -> float:
        """For how many seconds more no call begins, by breaker or ``Retry-After``; 0.0 if none.

        It is infinite while a probe is under way.
        """
        return self._gate.pause_left(self._monotonic())

    def slot(self, tokens: int = 0) -> Slot:
        """Return a place for one call, to be entered with ``async with``.

        Entering waits until the call may begin, and raises `Stopped` after `stop`, and
        `LVLMError` (fatal) where the server was given up. Who is cancelled while waiting leaves
        nothing behind.

        Parameters
        ----------
        tokens
            How many tokens the call will use by an estimate, in and out.
        """
        return Slot(self, tokens)

    def stop(self) -> None:
        """Let no call begin any more: wake all that wait with `Stopped`."""
        self._stopped = True
        self._serve()

    async def _enter(self, tokens: int, slot: Slot) -> None:
        self._refuse_when_over()
        if not self._waiting:
            now = self._monotonic()
            if self._gate.wait(tokens, now) <= _MOMENT:
                slot._call = self._gate.begin(tokens, now)
                return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((slot, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            # It may have been let begin in the very moment in which it was cancelled.
            if slot._call:
                self._gate.withdraw(slot._call, self._monotonic())
            self._serve()
            raise
        if not slot._call:
            self._refuse_when_over()

    def _refuse_when_over(self) -> None:
        if self._stopped:
            raise Stopped
        if self.given_up:
            minutes = self._gate.breaker.patience / 60
            raise LVLMError(
                f"The model's server has answered no call for {minutes:,.0f} minutes.",
                "Run the same command again when it is back: what was grounded is kept.",
                fatal=True,
            )

    def _serve(self) -> None:
        """Let those begin that may, in their order, and set the alarm for the next."""
        while self._waiting:
            slot, turn = self._waiting[0]
            if not turn.done():  # else it was cancelled
                if not self._stopped and not self.given_up:
                    now = self._monotonic()
                    wait = self._gate.wait(slot.tokens, now)
                    if wait > _MOMENT:
                        self._set_alarm(now, wait)
                        return
                    slot._call = self._gate.begin(slot.tokens, now)
                turn.set_result(None)
            self._waiting.popleft()
        self._set_alarm(0.0, math.inf)

    def _set_alarm(self, now: float, wait: float) -> None:
        """See that `_serve` is called after so long; if it is called before, that does no harm."""
        if self._alarm is not None:
            if self._alarm_at <= now + wait < math.inf:
                return
            self._alarm.cancel()
            self._alarm = None
        if wait < math.inf:
            self._alarm_at = now + wait
            self._alarm = asyncio.create_task(self._ring(wait))

    async def _ring(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._alarm = None
        self._serve()


class Slot:
    """A place for one call; made by `Pacer.slot`.

    Inside the ``async with``, one of the four reports is made as soon as the call is over, which
    gives the place to the next. Leaving without one counts as `refused`. A second one is a
    defect, and raises RuntimeError.
    """

    __slots__ = ("_call", "_is_over", "_pacer", "tokens")

    def __init__(self, pacer: Pacer, tokens: int) -> None:
        self._pacer = pacer
        self.tokens = tokens
        self._call: Call | None = None
        self._is_over = False

    async def __aenter__(self) -> Self:
        await self._pacer._enter(self.tokens, self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._is_over:
            self.refused()

    def succeeded(self, tokens: int | None = None) -> None:
        """Report an answer, with the tokens it really used where the server said so."""
        self._pacer._gate.succeeded(self._ended(), tokens, self._pacer._monotonic())
        self._pacer._serve()

    def overloaded(self, retry_after: float | None = None) -> None:
        """Report that the server had no room (429, 503, 529), and the wait it asked for."""
        self._pacer._gate.overloaded(self._ended(), retry_after, self._pacer._monotonic())
        self._pacer._serve()

    def failed(self) -> None:
        """Report that the server was not there: a time-out, a reset, an error of its own."""
        self._pacer._gate.failed(self._ended(), self._pacer._monotonic())
        self._pacer._serve()

    def refused(self) -> None:
        """Report that the call is over and says nothing about the server's health."""
        self._pacer._gate.refused(self._ended())
        self._pacer._serve()

    def _ended(self) -> Call:
        if self._is_over or self._call is None:
            raise RuntimeError("A call is reported once, after it began.")
        self._is_over = True
        return self._call
