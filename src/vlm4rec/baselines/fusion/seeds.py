"""A method under several seeds, so that a table can show how far chance moves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vlm4rec.errors import DataError
from vlm4rec.recommending.method import Method, TrainingData
from vlm4rec.recommending.ranker import Ranker, Request

__all__ = ["SeedRankers", "Seeds"]


class SeedRankers:
    """The rankers of one method that learned with different seeds.

    Ranks as the first of them, so that it goes wherever a ranker goes; whoever wants the spread
    judges each of ``rankers``.

    Parameters
    ----------
    rankers
        One for each seed, at least one.
    """

    def __init__(self, rankers: Sequence[Ranker]) -> None:
        self.rankers = tuple(rankers)

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Rank as the first; see `vlm4rec.recommending.ranker.Ranker.rank`."""
        return self.rankers[0].rank(requests, k)


@dataclass(frozen=True)
class Seeds:
    """A method that draws at random, learned once for each of several seeds.

    Parameters
    ----------
    method
        The method.
    seeds
        How many; they are ``data.seed``, ``data.seed + 1`` and so on.

    Raises
    ------
    DataError
        If there are none.

    Examples
    --------
    >>> from vlm4rec.baselines.fusion.trained import TrainedFusion
    >>> Seeds(TrainedFusion("title and image, gating", "title", fusion="gating"), 3).name
    'title and image, gating'
    """

    method: Method
    seeds: int = 5

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise DataError(f"A method needs at least one seed, not {self.seeds}.")

    @property
    def name(self) -> str:
        """The method's name."""
        return self.method.name

    def fit(self, data: TrainingData) -> SeedRankers:
        """Learn once for each seed."""
        several = [replace(data, seed=data.seed + more) for more in range(self.seeds)]
        return SeedRankers([self.method.fit(one) for one in several])
