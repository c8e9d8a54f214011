"""Who interacted with what, as a sparse matrix: what collaborative methods learn from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["CollaborativeRanker", "InteractionMatrix"]


@dataclass(frozen=True)
class InteractionMatrix:
    """Interactions as a matrix of users and items; only those of a weight above 0 are in it.

    Parameters
    ----------
    users, items
        Ids, ascending: the rows and the columns.
    weights
        The sum of the weights of each user's interactions with each item: float32, CSR, shape
        (n users, n items), with sorted columns.

    Examples
    --------
    >>> table = pl.DataFrame({"user": ["u", "u", "v"], "item": ["a", "a", "b"]})
    >>> matrix = InteractionMatrix.of(Interactions.of(table))
    >>> matrix.weights.toarray().tolist(), matrix.binary.toarray().tolist()
    ([[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    weights: csr_matrix

    @classmethod
    def of(cls, interactions: Interactions) -> InteractionMatrix:
        """Make the matrix of interactions.

        Raises
        ------
        DataError
            If there is no interaction of a weight above 0.
        MissingExtraError
            If scipy is not installed.
        """
        sums = (
            interactions.frame.filter(pl.col("weight") > 0)
            .group_by("user", "item")
            .agg(pl.col("weight").sum())
            .sort("user", "item")
        )
        if not sums.height:
            raise DataError("There are no interactions to learn from.")
        users, items = sums["user"].unique().sort(), sums["item"].unique().sort()
        rows, columns = _codes(sums["user"], users), _codes(sums["item"], items)
        shape = (len(users), len(items))
        weights = _csr(sums["weight"].to_numpy(), rows, columns, shape)
        return cls(tuple(users), tuple(items), weights)

    @cached_property
    def binary(self) -> csr_matrix:
        """1 where a user interacted with an item: float32, CSR, shape (n users, n items)."""
        ones = self.weights.copy()
        ones.data = np.ones_like(ones.data)
        return ones

    @cached_property
    def column(self) -> dict[str, int]:
        """The column of each item."""
        return {item: column for column, item in enumerate(self.items)}

    def histories(self, requests: Sequence[Request]) -> csr_matrix:
        """Return histories as rows: float32, CSR, shape (n requests, n items), sorted columns.

        The weights of each item are summed; items that the matrix lacks are left out.
        """
        told = [
            (row, self.column[item], weight)
            for row, request in enumerate(requests)
            for item, weight in zip(request.history.items, request.history.weights, strict=True)
            if weight > 0 and item in self.column
        ]
        rows, columns, weights = np.array(told, dtype=np.float64).reshape(-1, 3).T
        shape = (len(requests), len(self.items))
        return _csr(weights, rows.astype(np.int32), columns.astype(np.int32), shape)


class CollaborativeRanker(ScoreRanker):
    """Ranks by scores that are made of the history alone, for items that training knows.

    The history comes with the request, so customers whom training never saw are served like any
    others. Candidates that training never saw get the lowest score of the others, and no more than
    0: nothing speaks for them, and they end a ranking that is still full. A history without any
    item that training knows gets an empty ranking.

    Parameters
    ----------
    candidates
        The items that may be ranked, each once.
    matrix
        What was learned from.
    """

    def __init__(self, candidates: Sequence[str], matrix: InteractionMatrix) -> None:
        super().__init__(candidates)
        self.matrix = matrix
        known = [place for place, item in enumerate(self.candidates) if item in matrix.column]
        self._places = np.array(known, dtype=np.intp)
        self.known_columns: NDArray[np.intp] = np.array(
            [matrix.column[self.candidates[place]] for place in known], dtype=np.intp
        )
        """The matrix's columns of those candidates that it has."""

    @abstractmethod
    def known_scores(self, histories: csr_matrix) -> Floats:
        """Return how well the known candidates fit.

        Parameters
        ----------
        histories
            One row a request, none of them empty; see `InteractionMatrix.histories`.

        Returns
        -------
        Floats
            float32, shape (n requests, n known candidates): the columns are those of
            ``known_columns``.
        """

    def scores(self, requests: Sequence[Request]) -> Floats:
        """Return the scores of all candidates; see `ScoreRanker.scores`."""
        histories = self.matrix.histories(requests)
        usable = np.flatnonzero(np.diff(histories.indptr))
        found = np.full((len(requests), len(self.candidates)), -np.inf, dtype=np.float32)
        if not len(usable):
            return found
        known = self.known_scores(histories[usable])
        found[usable] = known.min(axis=1, keepdims=True, initial=0.0)
        found[np.ix_(usable, self._places)] = known
        return found


def _codes(ids: pl.Series, distinct: pl.Series) -> NDArray[np.int32]:
    """Return the place of each id among the distinct ones, which are sorted."""
    codes = pl.DataFrame({"id": distinct, "code": np.arange(len(distinct), dtype=np.int32)})
    found = ids.to_frame("id").join(codes, on="id", how="left", maintain_order="left")
    return found["code"].to_numpy()


def _csr(
    weights: NDArray[np.float64],
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    shape: tuple[int, int],
) -> csr_matrix:
    matrix: Any = scipy_sparse().csr_matrix((weights, (rows, columns)), shape=shape)
    return matrix.astype(np.float32)  # the sums, which the matrix makes, are exact


def scipy_sparse() -> Any:
    """Return scipy's module of sparse matrices.

    Raises
    ------
    MissingExtraError
        If scipy is not installed.
    """
    try:
        from scipy import sparse
    except ImportError:
        raise MissingExtraError("Learning from interactions", "evaluate") from None
    return sparse
