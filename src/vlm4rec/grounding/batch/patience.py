"""How long a run with batches waits, and for what."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from vlm4rec.errors import LVLMError

__all__ = ["Interrupted", "Patience", "Waiter"]

T = TypeVar("T")


class Interrupted(Exception):  # noqa: N818 - it ends a run in good order
    """The run was asked to stop while it waited."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait.

    Parameters
    ----------
    first, growth, longest
        The wait between two looks at the batches begins at ``first`` seconds and is multiplied
        by ``growth`` each time that nothing has happened, up to ``longest`` seconds.
    tries
        How often a call is tried that fails for a passing reason.
    returns
        How often a failed request goes back in line before it is given up.
    settle
        Seconds after which a batch that the provider still does not list has not arrived.
    fullest
        The longest wait in seconds before a batch is offered again to a provider that was full.
    sleep
        Waits so many seconds.
    now
        Gives the time.

    Examples
    --------
    >>> [Patience().wait(looks) for looks in (0, 1, 20)]
    [2.0, 3.0, 60.0]
    """

    first: float = 2.0
    growth: float = 1.5
    longest: float = 60.0
    tries: int = 30
    returns: int = 2
    settle: float = 120.0
    fullest: float = 900.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def wait(self, looks: int) -> float:
        """Return the wait in seconds after so many looks in vain."""
        return min(self.longest, self.first * self.growth ** min(looks, 50))

    def full(self, times: int) -> float:
        """Return the wait in seconds after so many times that the provider was full."""
        return min(self.fullest, self.first * 4.0 ** min(times, 50))


class Waiter:
    """Waits, until it is time or the run is stopped.

    Parameters
    ----------
    patience
        How long.
    stop
        When it is set, nobody waits any more.
    """

    def __init__(self, patience: Patience, stop: asyncio.Event) -> None:
        self.patience = patience
        self.stop = stop

    async def pause(self, seconds: float) -> None:
        """Wait so long.

        Raises
        ------
        Interrupted
            If the run is stopped.
        """
        waits = [
            asyncio.ensure_future(self.patience.sleep(seconds)),
            asyncio.ensure_future(self.stop.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self.stop.is_set():
            raise Interrupted

    async def patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call, again where that may help.

        Raises
        ------
        LVLMError
            If it does not.
        Interrupted
            If the run is stopped meanwhile.
        """
        for tried in itertools.count(1):
            try:
                return await call()
            except LVLMError as error:
                if not error.retryable or tried >= self.patience.tries:
                    raise
                wait = max(self.patience.wait(tried - 1), error.retry_after or 0.0)
            await self.pause(wait)
        raise AssertionError  # pragma: no cover - the loop above has no end
