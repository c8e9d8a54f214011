"""Items that the same customers bought: the oldest collaborative filter, and hard to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vlm4rec.baselines.interaction_matrix import CollaborativeRanker, InteractionMatrix
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Ranker
from vlm4rec.recommending.score_ranker import tie_order

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["SIMILARITIES", "ItemKNN"]

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ItemKNN:
    """The nearest items of each item in the history, added up by the weights of the history.

    Two items are near if the same users have both (Deshpande and Karypis 2004, "Item-based top-N
    recommendation algorithms"); each item has its nearest ones alone. Users count once an item.

    Parameters
    ----------
    neighbours
        How many nearest items of an item count, at least 1.
    shrinkage
        Added to the denominator of the similarity, 0 or more: the more, the less do pairs count
        that few users have.
    similarity
        ``"cosine"`` or ``"jaccard"``; see `SIMILARITIES`.

    Raises
    ------
    DataError
        If a parameter is out of its range.
    """

    neighbours: int = 50
    shrinkage: float = 10.0
    similarity: str = "cosine"

    def __post_init__(self) -> None:
        if self.neighbours < 1 or not 0 <= self.shrinkage < np.inf:
            raise DataError(
                "ItemKNN needs neighbours of at least 1 and a shrinkage of 0 or more, "
                f"not {self.neighbours} and {self.shrinkage}."
            )
        if self.similarity not in SIMILARITIES:
            choices = ", ".join(SIMILARITIES)
            raise DataError(
                f"There is no similarity {self.similarity!r}.", f"Choose from: {choices}."
            )

    @property
    def name(self) -> str:
        """``"ItemKNN"`` and the parameters."""
        told = f"{self.neighbours} neighbours, shrinkage {self.shrinkage:g}, {self.similarity}"
        return f"ItemKNN ({told})"

    def fit(self, data: TrainingData) -> Ranker:
        """Find the neighbours of each item.

        Raises
        ------
        DataError
            If there is nothing to learn from.
        MissingExtraError
            If scipy is not installed.
        """
        matrix = InteractionMatrix.of(data.interactions)
        near = _nearest(_similarities(matrix, self), self.neighbours, matrix.items)
        return _NeighbourRanker(data.candidates, matrix, near)


class _NeighbourRanker(CollaborativeRanker):
    def __init__(
        self, candidates: Sequence[str], matrix: InteractionMatrix, near: csr_matrix
    ) -> None:
        super().__init__(candidates, matrix)
        self._near = near[:, self.known_columns]

    def known_scores(self, histories: csr_matrix) -> Floats:
        scores: Floats = (histories @ self._near).toarray()
        return scores


def _similarities(matrix: InteractionMatrix, how: ItemKNN) -> csr_matrix:
    """Return the similarity of each two items that a user has both: float32, CSR."""
    users = matrix.binary.astype(np.float64)
    counts = np.asarray(users.sum(axis=0)).ravel()
    both = (users.T @ users).tocsr()
    rows = np.repeat(np.arange(len(counts)), np.diff(both.indptr))
    scale = SIMILARITIES[how.similarity](both.data, counts[rows], counts[both.indices])
    both.data = np.where(rows == both.indices, 0.0, both.data / (scale + how.shrinkage))
    both.eliminate_zeros()
    return both.astype(np.float32)


def _nearest(similarities: csr_matrix, n: int, items: Sequence[str]) -> csr_matrix:
    """Keep the n highest of each row; of equals those that come first in the order of ties."""
    columns, values, ends = similarities.indices, similarities.data, similarities.indptr
    order = tie_order(items)
    kept = np.ones(len(values), dtype=np.bool_)
    for row in np.flatnonzero(np.diff(ends) > n).tolist():
        span = slice(ends[row], ends[row + 1])
        kept[span] = _highest(values[span], n, order[columns[span]])
    nearest = similarities.copy()
    nearest.data = np.where(kept, values, np.float32(0))
    nearest.eliminate_zeros()
    return nearest


def _highest(values: Floats, n: int, order: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which are the n highest values, of more than n."""
    lowest = np.partition(values, len(values) - n)[len(values) - n]
    kept: NDArray[np.bool_] = values > lowest
    equal = np.flatnonzero(values == lowest)
    kept[equal[np.argsort(order[equal])][: n - np.count_nonzero(kept)]] = True
    return kept


def _cosine(_shared: Counts, one: Counts, other: Counts) -> Counts:
    return np.sqrt(one * other)


def _jaccard(shared: Counts, one: Counts, other: Counts) -> Counts:
    return one + other - shared


SIMILARITIES: Mapping[str, Callable[[Counts, Counts, Counts], Counts]] = {
    "cosine": _cosine,
    "jaccard": _jaccard,
}
"""By what the number of users who have two items is divided, for the numbers n and m of users who
have the one and the other: the square root of n m, or how many have at least one of them."""
