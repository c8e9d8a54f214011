"""The nearest item of the history."""

from __future__ import annotations

from vlm4rec.encoding.encoder import Floats
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.distinct import distinct_items
from vlm4rec.profiles.pooling import MaxPooling
from vlm4rec.profiles.strategy import Profile

__all__ = ["MaxProfile"]


class MaxProfile:
    """An item's score is its similarity to the history's item that it is nearest to.

    Each item of the history is a query. Weights are no matter, but for 0: that does not count.

    Examples
    --------
    >>> import numpy as np
    >>> MaxProfile().make(np.eye(2, dtype=np.float32), History.of(["a", "b"])).queries.shape
    (2, 2)
    """

    name = "max"

    def make(self, vectors: Floats, history: History) -> Profile:
        """Return the distinct items; see `vlm4rec.profiles.strategy.ProfileStrategy.make`."""
        return Profile(*distinct_items(vectors, history), MaxPooling())
