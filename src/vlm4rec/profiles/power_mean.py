"""The power mean of the similarities to the history's items."""

from __future__ import annotations

from dataclasses import dataclass

from vlm4rec.encoding.encoder import Floats
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.distinct import distinct_items
from vlm4rec.profiles.pooling import PowerPooling
from vlm4rec.profiles.strategy import Profile

__all__ = ["PowerMeanProfile"]


@dataclass(frozen=True, slots=True)
class PowerMeanProfile:
    """A soft nearest neighbour: between the mean of the similarities and the highest of them.

    Each item of the history is a query, and counts by its weight; for the formula see
    `vlm4rec.profiles.pooling.PowerPooling`.

    Parameters
    ----------
    power
        From 1, the mean of what is positive, to large, the maximum.

    Raises
    ------
    DataError
        If the power is below 1 or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> profile = PowerMeanProfile(2).make(np.eye(2, dtype=np.float32), History.of(["a", "b"]))
    >>> profile.scores(np.array([[0.8, 0.6]], dtype=np.float32)).round(3).tolist()
    [0.7070000171661377]
    """

    power: float

    def __post_init__(self) -> None:
        PowerPooling(self.power)

    @property
    def name(self) -> str:
        """``"power:"`` and the power."""
        return PowerPooling(self.power).name

    def make(self, vectors: Floats, history: History) -> Profile:
        """Return the distinct items; see `vlm4rec.profiles.strategy.ProfileStrategy.make`."""
        return Profile(*distinct_items(vectors, history), PowerPooling(self.power))
