"""What sells best, to everyone alike: over all training, or in the days before a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vlm4rec.encoding.encoder import Floats
from vlm4rec.recommending import signals
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.score_ranker import ScoreRanker

__all__ = ["Popularity", "RecentPopularity"]


@dataclass(frozen=True, slots=True)
class Popularity:
    """Ranks by how many training interactions an item has; the history is only masked.

    Candidates without any end the ranking. Customers without a history get one too.
    """

    name: str = "popularity"

    def fit(self, data: TrainingData) -> Ranker:
        """Count."""
        counts = signals.RecentPopularity(data.interactions, data.candidates).counts([None])
        return _CountRanker(data.candidates, counts[0])


@dataclass(frozen=True, slots=True)
class RecentPopularity:
    """Ranks by how many interactions of the log an item has in the days before the request.

    A request without a time counts the whole log.

    Parameters
    ----------
    days
        The length of the window; see `vlm4rec.recommending.signals.RecentPopularity`, which
        raises `DataError` in `fit` if it is not positive. None counts all that came before.
    half_life_days
        If given, an interaction counts half as much with every so many days of age.
    """

    days: float | None = 14.0
    half_life_days: float | None = None

    @property
    def name(self) -> str:
        """``"popularity of the last 14 days"``, or how else it counts."""
        named = "popularity of "
        named += "all days before" if self.days is None else f"the last {self.days:g} days"
        return named + (f", half-life {self.half_life_days:g}" if self.half_life_days else "")

    def fit(self, data: TrainingData) -> Ranker:
        """Sort the log by time; counts are made for the requests.

        Raises
        ------
        DataError
            If the window or the half-life is not a positive number of days.
        """
        counter = signals.RecentPopularity(
            data.log, data.candidates, self.days, half_life_days=self.half_life_days
        )
        return _RecentRanker(data.candidates, counter)


class _CountRanker(ScoreRanker):
    def __init__(self, candidates: Sequence[str], counts: Floats) -> None:
        super().__init__(candidates)
        self._counts = counts

    def scores(self, requests: Sequence[Request]) -> Floats:
        return np.tile(self._counts, (len(requests), 1))


class _RecentRanker(ScoreRanker):
    def __init__(self, candidates: Sequence[str], counter: signals.RecentPopularity) -> None:
        super().__init__(candidates)
        self._counter = counter

    def scores(self, requests: Sequence[Request]) -> Floats:
        return self._counter.counts([request.time for request in requests])
