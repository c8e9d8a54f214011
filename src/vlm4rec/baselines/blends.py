"""Blends of what items look like, when they sold and what was bought with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vlm4rec.baselines.item_knn import ItemKNN
from vlm4rec.encoding.encoder import Floats
from vlm4rec.recommending.blend import signal_rankers
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import Method, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker
from vlm4rec.recommending.time_rankers import Newness, RecentSales, StillSold

__all__ = ["BlendChoice", "LoggedScores", "blend_signals"]


@dataclass(frozen=True, slots=True)
class BlendChoice:
    """What is chosen beside the weights.

    Parameters
    ----------
    profile
        How a history becomes a query, in every block.
    shrinkage
        Of the whitening of every block; None for no whitening.
    nearest
        Whether the similarity to the nearest item of the history is a further signal of each
        block that is not of a single attribute.
    """

    profile: str = "mean"
    shrinkage: float | None = 0.1
    nearest: bool = False

    @property
    def told(self) -> str:
        """The choice in words."""
        white = "no whitening" if self.shrinkage is None else f"whitening {self.shrinkage:g}"
        return f"profile {self.profile}, {white}" + (", and the nearest" if self.nearest else "")


def blend_signals(names: Sequence[str], choice: BlendChoice, *, beyond: bool) -> dict[str, Method]:
    """Return the signals of a blend by name; whitening is in the features already."""
    signals: dict[str, Method] = {
        name: Content(name, name, profile=choice.profile) for name in names
    }
    if choice.nearest and choice.profile != "max":
        whole = [name for name in names if ":" not in name]
        near = {f"{name}, nearest": Content(name, name, profile="max") for name in whole}
        signals.update(near)
    if beyond:
        more: list[Method] = [
            *(RecentSales(days) for days in (7.0, 30.0, 90.0, None)),
            StillSold(),
            Newness(),
            LoggedScores("bought together", ItemKNN(200, 0.0)),
            LoggedScores("bought together, shrunk", ItemKNN(200, 10.0)),
        ]
        signals.update({method.name: method for method in more})
    return signals


@dataclass(frozen=True)
class LoggedScores:
    """The logarithm of one plus the scores of a method whose scores are counts or sums.

    Parameters
    ----------
    name
        What it is called.
    method
        The method; it must give scores.
    """

    name: str
    method: Method

    def fit(self, data: TrainingData) -> ScoreRanker:
        """Learn the method."""
        ranker = signal_rankers({self.name: self.method}, data)[self.name]
        return _Logged(ranker)


class _Logged(ScoreRanker):
    def __init__(self, ranker: ScoreRanker) -> None:
        super().__init__(ranker.candidates)
        self._ranker = ranker

    def scores(self, requests: Sequence[Request]) -> Floats:
        scores = self._ranker.scores(requests)
        scores[~np.isfinite(scores)] = 0.0
        return np.asarray(np.log1p(10 * np.maximum(scores, 0.0)))
