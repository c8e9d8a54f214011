"""When a photo is asked about again after no answer came, and the clock that says so."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Clock", "Retrying"]


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
    stranger
        A server that has not answered once in so many seconds, and takes no calls, ends the run:
        its address may be wrong.

    Examples
    --------
    >>> Retrying().wait(3, lambda: 1.0)
    4.0
    """

    retries: int = 4
    base: float = 0.5
    longest: float = 60.0
    patience: float = 300.0
    stranger: float = 60.0

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
