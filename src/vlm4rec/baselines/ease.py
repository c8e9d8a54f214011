"""EASE: a linear model of each item by all others, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vlm4rec.baselines.interaction_matrix import CollaborativeRanker, InteractionMatrix
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Ranker

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["EASE"]

_MOST_ITEMS = 20_000


@dataclass(frozen=True, slots=True)
class EASE:
    """Predicts each item from all others by ridge regression (Steck 2019, arXiv 1905.03375).

    With the binary matrix X of users and items and P = (X'X + regularisation I)^-1, the weight
    of item i for item j is -P[i, j] / P[j, j], and 0 for i = j. A score is the sum of the
    weights of the history's items, each times its weight in the history.

    The matrix is dense: training takes 8 bytes for each pair of items that training knows, the
    ranker 4 for each such item and candidate.

    Parameters
    ----------
    regularisation
        Above 0; the more, the smaller the weights.

    Raises
    ------
    DataError
        If the regularisation is not above 0.
    """

    regularisation: float = 100.0

    def __post_init__(self) -> None:
        if not 0 < self.regularisation < np.inf:
            raise DataError(
                f"EASE needs a regularisation above 0, not {self.regularisation}.",
                "Try values from 10 to 1,000.",
            )

    @property
    def name(self) -> str:
        """``"EASE"`` and the regularisation."""
        return f"EASE (regularisation {self.regularisation:g})"

    def fit(self, data: TrainingData) -> Ranker:
        """Solve for the weights.

        Raises
        ------
        DataError
            If there is nothing to learn from, or more than 20,000 items.
        MissingExtraError
            If scipy is not installed.
        """
        matrix = InteractionMatrix.of(data.interactions)
        n = len(matrix.items)
        if n > _MOST_ITEMS:
            raise DataError(
                f"EASE would need {n * n * 8 / 2**30:.0f} GiB of memory for the pairs of "
                f"{n:,} items, and stops at {_MOST_ITEMS:,} items.",
                "Leave EASE out, or leave rare items out of the interactions (k-core).",
            )
        return _LinearRanker(data.candidates, matrix, _weights(matrix, self.regularisation))


class _LinearRanker(CollaborativeRanker):
    def __init__(self, candidates: Sequence[str], matrix: InteractionMatrix, weights: Floats):
        super().__init__(candidates, matrix)
        self._weights = weights[:, self.known_columns]

    def known_scores(self, histories: csr_matrix) -> Floats:
        scores: Floats = histories @ self._weights
        return scores


def _weights(matrix: InteractionMatrix, regularisation: float) -> Floats:
    """Return the weights: float32, shape (n items, n items), rows for the history's items."""
    users = matrix.binary.astype(np.float64)
    gram: NDArray[np.float64] = (users.T @ users).toarray(order="F")
    gram[np.diag_indices_from(gram)] += regularisation
    inverse = _inverse(gram)
    weights = np.empty(inverse.shape, dtype=np.float32)
    np.divide(inverse, -np.diag(inverse), out=weights, casting="same_kind")
    np.fill_diagonal(weights, 0.0)
    return weights


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert a symmetric positive definite matrix in its own memory, by Cholesky."""
    from scipy.linalg import lapack

    factor, failed = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    inverse, failed_too = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise DataError(
            "EASE could not be solved: its matrix is not positive definite in double precision.",
            "Choose a larger regularisation.",
        )
    for row in range(len(inverse)):  # only the lower half is filled in
        inverse[row, row:] = inverse[row:, row]
    found: NDArray[np.float64] = inverse
    return found
