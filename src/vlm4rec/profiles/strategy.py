"""The seam to profile strategies: how a history becomes one or more queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.pooling import Pooling, SumPooling

__all__ = ["MeanProfile", "Profile", "ProfileStrategy", "nothing_to_go_by"]

_SIMILARITIES = 4 * 2**20
"""How many similarities of items to queries are held at a time."""


@dataclass(frozen=True)
class Profile:
    """What a history became: queries, and how the similarities to them make a score.

    Parameters
    ----------
    queries
        float32, shape (m queries, d), each of length 1; m is at least 1.
    weights
        How much each query counts, shape (m,), positive; they add up to 1.
    pooling
        Makes one score of an item's similarities to the queries.

    Examples
    --------
    >>> from vlm4rec.profiles.pooling import MaxPooling
    >>> profile = Profile(np.eye(2, dtype=np.float32), np.full(2, 0.5), MaxPooling())
    >>> profile.scores(np.array([[0.8, 0.6]], dtype=np.float32)).round(2).tolist()
    [0.800000011920929]
    """

    queries: Floats
    weights: NDArray[np.float64]
    pooling: Pooling

    @classmethod
    def of_one(cls, query: Floats) -> Profile:
        """Make a profile of one query, shape (d,): the score is the dot product with it."""
        return cls(query[np.newaxis], np.ones(1), SumPooling())

    @property
    def single(self) -> bool:
        """Whether the score is the dot product with the one query."""
        return len(self.queries) == 1

    def scores(self, items: Floats) -> Floats:
        """Return the score of each item vector of shape (n, d): float32, shape (n,)."""
        scores = np.empty(len(items), dtype=np.float32)
        step = max(1, _SIMILARITIES // len(self.queries))
        for start in range(0, len(items), step):
            part = slice(start, start + step)
            scores[part] = self.pool(self.queries @ items[part].T)
        return scores

    def pool(self, similarities: Floats) -> Floats:
        """Return the score of each item from the similarities, shape (m queries, n items)."""
        if self.single:
            return np.asarray(similarities[0])
        return np.asarray(self.pooling.pool(similarities, self.weights), dtype=np.float32)

    def toward(self, item: Floats) -> Floats:
        """Return the one query, shape (d,), that gives an item of shape (d,) the same score.

        It splits the score of this item as `vlm4rec.recommending.explain.block_shares` does.
        """
        if self.single:
            return np.asarray(self.queries[0])
        queries = self.queries.astype(np.float64)
        shares = self.pooling.attention(queries @ item.astype(np.float64), self.weights)
        return np.asarray(shares @ queries, dtype=np.float32)


class ProfileStrategy(Protocol):
    """Makes the profile of a history."""

    @property
    def name(self) -> str:
        """What a user calls the strategy."""
        ...

    def make(self, vectors: Floats, history: History) -> Profile:
        """Return the profile of a history.

        The order of what happened on one day is no matter, nor is the scale of the weights.

        Parameters
        ----------
        vectors
            The vectors of the history's items, shape (n, d), one for each interaction: a
            repeated item is there as often as it was bought. They are not changed.
        history
            The history without items that have no vector.

        Raises
        ------
        DataError
            If the history is empty, or nothing in it counts.
        """
        ...


class MeanProfile:
    """The mean of the normalised history vectors, weighted, normalised again: the paper's.

    Examples
    --------
    >>> history = History(("a", "b"), (None, None), ("purchase", "purchase"), (3.0, 4.0))
    >>> MeanProfile().make(np.eye(2, dtype=np.float32), history).queries.round(2).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """

    name = "mean"

    def make(self, vectors: Floats, history: History) -> Profile:
        """Return the weighted mean as the one query; see `ProfileStrategy.make`."""
        weights = np.array(history.weights, dtype=np.float64)
        highest = weights.max(initial=0.0)
        if not 0 < highest < np.inf:
            raise nothing_to_go_by()
        shares = weights / highest  # the sum of the weights themselves may be past all numbers
        mean = (shares / shares.sum()) @ normalise(vectors).astype(np.float64)
        return Profile.of_one(normalise(mean[np.newaxis].astype(np.float32))[0])


def nothing_to_go_by() -> DataError:
    """Return the error of a history in which nothing counts."""
    return DataError("There is nothing in this history to make a profile of.")
