"""A model's server in virtual time, and workers that ask it by way of a pacer."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from vlm4rec.grounding.pacing.pacer import Pacer

from .virtual_time import now


class TooMuchError(Exception):
    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after


class AwayError(Exception):
    pass


@dataclass
class SimulatedServer:
    """Answers after a second or so (log-normal), and says no as it is told to.

    Parameters
    ----------
    capacity
        Calls at a time; one more gets 429.
    places
        Calls at a time; one more waits inside, as in a server that queues.
    away
        Whether it is away at a time, in seconds since the start.
    """

    capacity: float = math.inf
    places: int = 10_000
    sigma: float = 0.5
    away: Callable[[float], bool] = lambda _time: False
    busy: int = 0
    busiest: int = 0
    served: float = 0.0
    rejected: int = 0
    came: list[float] = field(default_factory=list)
    missed: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(7)
        self.started = now()
        self.inside = asyncio.Semaphore(self.places)

    async def ask(self) -> None:
        time = now() - self.started
        self.came.append(time)
        if self.away(time):
            self.missed.append(time)
            await asyncio.sleep(0.05)
            raise AwayError
        if self.busy >= self.capacity:
            self.rejected += 1
            await asyncio.sleep(0.02)
            raise TooMuchError
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        async with self.inside:
            seconds = math.exp(self.sigma * self.chance.gauss(0, 1))
            await asyncio.sleep(seconds)
        self.served += seconds
        self.busy -= 1


@dataclass
class Job:
    """So many photos, by workers that try again at once whatever happens.

    ``most_burnt`` is how many failures count against the photo with the most of them.
    """

    server: SimulatedServer
    pacer: Pacer
    photos: int
    most_burnt: int = 0
    levels: list[int] = field(default_factory=list)

    async def work(self, workers: int = 64) -> None:
        self.left = self.photos
        await asyncio.gather(*(self._work() for _ in range(workers)))

    async def _work(self) -> None:
        while self.left > 0:
            self.left -= 1
            burnt = 0
            while not await self._try():
                burnt += not self.pacer.broken
                self.most_burnt = max(self.most_burnt, burnt)

    async def _try(self) -> bool:
        async with self.pacer.slot() as slot:
            try:
                await self.server.ask()
            except TooMuchError as error:
                slot.overloaded(error.retry_after)
            except AwayError:
                slot.failed()
            else:
                slot.succeeded()
                self.levels.append(self.pacer.level)
                return True
        return False
