"""How many requests or tokens a minute: a bucket that fills at a steady rate."""

from __future__ import annotations

import math

from vlm4rec.errors import DataError

__all__ = ["RateLimit"]


class RateLimit:
    """So much a minute, evenly: a token bucket that holds one second's worth.

    In any span of time, no more is taken than its share, plus one second's worth, or plus one
    call where that is more. A call that wants more than the bucket holds waits until it is full,
    and leaves a debt that the next one waits for; so no call is too large to be made.

    It has no clock and no queue: whoever uses it says what time it is, in seconds of any steady
    clock, and asks for one caller after the other.

    Parameters
    ----------
    per_minute
        What may be taken in 60 seconds; above 0.

    Raises
    ------
    DataError
        If it is not a number above 0.

    Examples
    --------
    >>> limit = RateLimit(per_minute=120)
    >>> limit.take(2, now=0.0)
    >>> limit.wait(1, now=0.0)
    0.5
    >>> limit.settle(-1, now=0.0)  # it was one only
    >>> limit.wait(1, now=0.0)
    0.0
    """

    def __init__(self, per_minute: float) -> None:
        if not (per_minute > 0 and math.isfinite(per_minute)):
            raise DataError(
                f"A limit of {per_minute} a minute can't be kept.", "Give a number above 0."
            )
        self._per_second = per_minute / 60
        self._size = max(1.0, self._per_second)
        self._held = self._size
        self._at = -math.inf

    def wait(self, amount: float, now: float) -> float:
        """Return in how many seconds so much may be taken; 0.0 if at once."""
        lacking = min(amount, self._size) - self._filled(now)
        return max(0.0, lacking / self._per_second)

    def take(self, amount: float, now: float) -> None:
        """Take so much, whether or not it is there."""
        self._held = self._filled(now) - amount
        self._at = now

    def settle(self, difference: float, now: float) -> None:
        """Correct what was taken: above 0 it was more than thought, below 0 it was less."""
        self._held = self._filled(now) - difference
        self._at = now

    def _filled(self, now: float) -> float:
        if self._at == -math.inf:
            return self._size
        return min(self._size, self._held + max(0.0, now - self._at) * self._per_second)
