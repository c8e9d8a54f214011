"""Signals of time as rankers: what sold lately, what still sells, what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from vlm4rec.encoding.encoder import Floats
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker
from vlm4rec.recommending.signals import Availability, RecentPopularity

__all__ = ["Newness", "RecentSales", "StillSold"]

_DAY = 86_400_000_000
_NEVER = 2**62
"""Microseconds: a day, and a time that does not come."""

_LONGEST = 730.0
"""Days; what is longer ago is all the same."""


@dataclass(frozen=True, slots=True)
class RecentSales:
    """The logarithm of one plus the interactions of the last days; all days if None."""

    days: float | None = 14.0

    @property
    def name(self) -> str:
        """``"sales of 14 days"``, or of all."""
        return "sales so far" if self.days is None else f"sales of {self.days:g} days"

    def fit(self, data: TrainingData) -> ScoreRanker:
        """Sort the log."""
        return _Sales(data.candidates, RecentPopularity(data.log, data.candidates, self.days))


@dataclass(frozen=True, slots=True)
class StillSold:
    """The less, the longer ago an item was last bought: it may have gone from the shelves."""

    name: str = "sold lately"

    def fit(self, data: TrainingData) -> ScoreRanker:
        """Sort the log."""
        return _Last(data.candidates, Availability(data.log, data.candidates))


@dataclass(frozen=True, slots=True)
class Newness:
    """The less, the longer ago an item was first bought; what nobody has bought yet is new."""

    name: str = "new on sale"

    def fit(self, data: TrainingData) -> ScoreRanker:
        """Find the first sale of each candidate."""
        return _First(data.candidates, data.log)


class _Sales(ScoreRanker):
    def __init__(self, candidates: Sequence[str], counter: RecentPopularity) -> None:
        super().__init__(candidates)
        self._counter = counter

    def scores(self, requests: Sequence[Request]) -> Floats:
        return np.log1p(self._counter.counts([request.time for request in requests]))


class _Last(ScoreRanker):
    def __init__(self, candidates: Sequence[str], availability: Availability) -> None:
        super().__init__(candidates)
        self._availability = availability

    def scores(self, requests: Sequence[Request]) -> Floats:
        days = self._availability.days([request.time for request in requests])
        return -np.log1p(np.minimum(days, np.float32(_LONGEST)))


class _First(ScoreRanker):
    def __init__(self, candidates: Sequence[str], log: Interactions) -> None:
        super().__init__(candidates)
        first = log.frame.drop_nulls("time").group_by("item").agg(pl.col("time").min())
        times = dict(first.with_columns(pl.col("time").to_physical()).iter_rows())
        self._first = np.array([times.get(id_, _NEVER) for id_ in candidates], dtype=np.int64)
        self._end = max(times.values(), default=0)

    def scores(self, requests: Sequence[Request]) -> Floats:
        times = np.array([request.time for request in requests], dtype="datetime64[us]")
        now = np.where(np.isnat(times), self._end, times.astype(np.int64))
        # That an item is not sold yet at that time is all that may be known of its later sales.
        days = np.maximum(now[:, np.newaxis] - self._first, 0) / _DAY
        return -np.log1p(np.minimum(days, _LONGEST)).astype(np.float32)
