"""Pausing when a server is away, instead of failing photo after photo."""

from __future__ import annotations

import math

__all__ = ["Breaker"]


class Breaker:
    """Opens after many failures in a row; then lets one call through at a time, as a probe.

    While it is open, nobody calls. After a pause one call may begin. If it succeeds, the breaker
    closes; if it fails, the next pause is twice as long. When it was open for too long in a row,
    it is given up for good.

    It has no clock: whoever uses it says what time it is, in seconds of any steady clock.

    Parameters
    ----------
    after
        How many failures in a row open it.
    pause, longest
        The first pause and the longest, in seconds.
    patience
        After how many seconds open, by a last probe that failed, it is given up.

    References
    ----------
    M. T. Nygard, "Release It!", 2007, chapter 5: the pattern.

    Examples
    --------
    >>> breaker = Breaker(after=2, pause=5.0)
    >>> for _ in range(2):
    ...     breaker.failed(now=100.0)
    >>> breaker.open, breaker.wait(now=101.0)
    (True, 4.0)
    >>> breaker.wait(now=105.0)
    0.0
    >>> breaker.probe()
    >>> breaker.succeeded()
    >>> breaker.open
    False
    """

    def __init__(
        self,
        after: int = 8,
        pause: float = 5.0,
        longest: float = 60.0,
        patience: float = 600.0,
    ) -> None:
        self.after = after
        self.pause = pause
        self.longest = longest
        self.patience = patience
        self.given_up = False
        self._failures = 0
        self._since: float | None = None
        self._pause = pause
        self._until = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether calls are held back."""
        return self._since is not None

    def wait(self, now: float) -> float:
        """Return in how many seconds a call may begin: infinitely many while a probe is out."""
        if self._since is None:
            return 0.0
        return math.inf if self._probing else max(0.0, self._until - now)

    def probe(self) -> None:
        """Note that a call begins although it is open."""
        self._probing = True

    def dropped(self) -> None:
        """Note that the probe ended and told nothing, so that another may begin."""
        self._probing = False

    def succeeded(self) -> None:
        """Note a success: it closes."""
        self._failures = 0
        self._since = None
        self._probing = False
        self._pause = self.pause

    def failed(self, now: float) -> None:
        """Note a failure: of the probe, if it is open."""
        self._failures += 1
        if self._since is None:
            if self._failures < self.after:
                return
            self._since = now
        else:
            self.given_up = now - self._since >= self.patience
            self._pause = min(self.longest, 2 * self._pause)
        self._probing = False
        # The last probe comes when patience ends, not up to a whole pause later.
        self._until = min(now + self._pause, max(now, self._since + self.patience))
