"""What holds the next call back, and what each call's end changes of that."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vlm4rec.grounding.pacing.breaker import Breaker
from vlm4rec.grounding.pacing.concurrency import AdaptiveLimit
from vlm4rec.grounding.pacing.rates import RateLimit

__all__ = ["Call", "Gate"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is under way.

    Parameters
    ----------
    number
        Which it is, from 1.
    tokens
        How many tokens it will use, by the estimate.
    began_at
        When it began, in seconds of the gate's clock.
    is_probe
        Whether it began to see if the server is back.
    """

    number: int
    tokens: int
    began_at: float
    is_probe: bool


class Gate:
    """Level, rates, breaker and ``Retry-After`` as one, without a clock and without tasks.

    Parameters
    ----------
    limit
        How many calls at a time.
    requests, tokens
        How many a minute, None for no limit.
    breaker
        When to pause because the server is away.
    patience
        The longest ``Retry-After`` that is waited for, in seconds.

    Examples
    --------
    >>> gate = Gate(AdaptiveLimit(start=2), breaker=Breaker())
    >>> call = gate.begin(tokens=0, now=10.0)
    >>> gate.wait(tokens=0, now=10.0)
    0.0
    >>> gate.overloaded(call, retry_after=20.0, now=11.0)
    >>> gate.wait(tokens=0, now=15.0)
    16.0
    """

    def __init__(
        self,
        limit: AdaptiveLimit,
        *,
        breaker: Breaker,
        requests: RateLimit | None = None,
        tokens: RateLimit | None = None,
        patience: float = 300.0,
    ) -> None:
        self.limit = limit
        self.breaker = breaker
        self._requests = requests
        self._tokens = tokens
        self._patience = patience
        self._paused_until = -math.inf
        # Calls up to this number began before the breaker closed: their failures are old news.
        self._closed_at = 0

    def pause_left(self, now: float) -> float:
        """Return for how many seconds more the server itself is the reason that no call begins."""
        return max(self.breaker.wait(now), self._paused_until - now, 0.0)

    def wait(self, tokens: int, now: float) -> float:
        """Return in how many seconds a call may begin, infinity where that hangs on a report."""
        # A probe needs no place: calls that hang may hold all of them.
        if not self.breaker.open and not self.limit.has_room:
            return math.inf
        wait = self.pause_left(now)
        if self._requests:
            wait = max(wait, self._requests.wait(1, now))
        if self._tokens:
            wait = max(wait, self._tokens.wait(tokens, now))
        return wait

    def begin(self, tokens: int, now: float) -> Call:
        """Let a call begin, which `wait` has allowed."""
        if self._requests:
            self._requests.take(1, now)
        if self._tokens:
            self._tokens.take(tokens, now)
        is_probe = self.breaker.open
        if is_probe:
            self.breaker.probe()
        return Call(self.limit.began(), tokens, now, is_probe)

    def withdraw(self, call: Call, now: float) -> None:
        """Take back a call that was not made after all."""
        if self._requests:
            self._requests.settle(-1, now)
        self._settle(call, 0, now)
        self.refused(call)

    def succeeded(self, call: Call, tokens: int | None, now: float) -> None:
        """Note an answer, and the tokens that it used where they are known."""
        self._settle(call, tokens, now)
        self.limit.succeeded(call.number, now - call.began_at)
        if call.is_probe:
            self._closed_at = call.number
        # While it is open, only the probe counts: others may have been answered before.
        if call.is_probe or not self.breaker.open:
            self.breaker.succeeded()

    def overloaded(self, call: Call, retry_after: float | None, now: float) -> None:
        """Note that the server had no room, and the wait in seconds it asked for, if it did."""
        if call.is_probe:  # one call at a time was too many, which says nothing about the level
            self.limit.ended(call.number)
            is_news = True
        else:
            is_news = self.limit.overloaded(call.number)
        if retry_after is not None and retry_after > 0:
            until = now + min(retry_after, self._patience)
            self._paused_until = max(self._paused_until, until)
        # Many that are told together to come back later are one failure: of a rate limit.
        if is_news or retry_after is None:
            self._note_failure(call, now)

    def failed(self, call: Call, now: float) -> None:
        """Note that the server was not there."""
        self.limit.ended(call.number)
        self._note_failure(call, now)

    def refused(self, call: Call) -> None:
        """Note that a call is over and said nothing about the server."""
        self.limit.ended(call.number)
        if call.is_probe:
            self.breaker.dropped()

    def _note_failure(self, call: Call, now: float) -> None:
        was_open = self.breaker.open
        if call.is_probe or (not was_open and call.number > self._closed_at):
            self.breaker.failed(now)
        if self.breaker.open and not was_open:
            self.limit.restart()

    def _settle(self, call: Call, tokens: int | None, now: float) -> None:
        if self._tokens and tokens is not None:
            self._tokens.settle(tokens - call.tokens, now)
