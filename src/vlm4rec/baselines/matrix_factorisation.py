"""Matrix factorisation by the library ``implicit``: ALS and BPR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vlm4rec.baselines.interaction_matrix import CollaborativeRanker, InteractionMatrix
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Ranker

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["ALS", "BPR", "FOLD_INS"]

_RIDGE = 0.01
"""What is added to the diagonal of the fold-in's least squares, in shares of its mean."""

FOLD_INS = ("least squares", "mean")
"""How `BPR` makes a user vector of a history."""


@dataclass(frozen=True, slots=True)
class ALS:
    """Weighted matrix factorisation by alternating least squares (Hu, Koren and Volinsky 2008).

    A history is folded in: its user vector is solved for by the same least squares, with the
    items' vectors as learned, so that customers whom training never saw are served alike.

    Parameters
    ----------
    factors
        The length of the vectors.
    regularisation
        Of all vectors, 0 or more.
    alpha
        How much more an interaction of weight 1 counts than none at all: its confidence.
    iterations
        How often users and items are solved for.

    Raises
    ------
    DataError
        If a parameter is out of its range.
    """

    factors: int = 64
    regularisation: float = 1.0
    alpha: float = 10.0
    iterations: int = 15

    def __post_init__(self) -> None:
        _check("ALS", self.factors, self.iterations, self.regularisation)
        if not 0 < self.alpha < np.inf:
            raise DataError(f"ALS needs an alpha above 0, not {self.alpha}.")

    @property
    def name(self) -> str:
        """``"ALS"`` and the parameters."""
        told = f"regularisation {self.regularisation:g}, alpha {self.alpha:g}"
        return f"ALS ({self.factors} factors, {told}, {self.iterations} iterations)"

    def fit(self, data: TrainingData) -> Ranker:
        """Learn by one thread, so that the same seed gives the same vectors.

        Raises
        ------
        DataError
            If there is nothing to learn from, or the numbers run away.
        MissingExtraError
            If ``implicit`` is not installed.
        """
        matrix = InteractionMatrix.of(data.interactions)
        with _implicit() as implicit:
            model = implicit.cpu.als.AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularisation,
                alpha=self.alpha,
                iterations=self.iterations,
                num_threads=1,
                random_state=data.seed,
            )
            _fit(model, matrix.weights)

        def fold_in(histories: csr_matrix) -> Floats:
            with _implicit():
                users = model.recalculate_user(np.arange(histories.shape[0]), histories)
            return np.asarray(users)

        return _FactorRanker(data.candidates, matrix, model.item_factors, fold_in)


@dataclass(frozen=True, slots=True)
class BPR:
    """Matrix factorisation by Bayesian personalised ranking (Rendle and others 2009).

    Requests bring a history and no user, and BPR knows no fold-in of its own. With
    ``"least squares"``, a linear map is fitted by ridge regression that turns the items' vectors
    of a training user's history, summed and divided by the root of the summed weights, into the
    user vector that was learned; it is applied to every history alike. With ``"mean"`` the
    weighted mean of the items' vectors is the user vector.

    Parameters
    ----------
    factors
        The length of the vectors; items have a bias beside it.
    learning_rate
        Of stochastic gradient descent, above 0.
    regularisation
        Of all vectors and biases, 0 or more.
    iterations
        How many epochs.
    fold_in
        One of `FOLD_INS`.

    Raises
    ------
    DataError
        If a parameter is out of its range.
    """

    factors: int = 64
    learning_rate: float = 0.1
    regularisation: float = 0.05
    iterations: int = 100
    fold_in: str = FOLD_INS[0]

    def __post_init__(self) -> None:
        _check("BPR", self.factors, self.iterations, self.regularisation)
        if not 0 < self.learning_rate < np.inf:
            raise DataError(f"BPR needs a learning rate above 0, not {self.learning_rate}.")
        if self.fold_in not in FOLD_INS:
            choices = ", ".join(FOLD_INS)
            raise DataError(f"There is no fold-in {self.fold_in!r}.", f"Choose from: {choices}.")

    @property
    def name(self) -> str:
        """``"BPR"`` and the parameters."""
        rates = f"learning rate {self.learning_rate:g}, regularisation {self.regularisation:g}"
        told = f"{self.factors} factors, {rates}, {self.iterations} iterations, {self.fold_in}"
        return f"BPR ({told})"

    def fit(self, data: TrainingData) -> Ranker:
        """Learn by one thread, so that the same seed gives the same vectors.

        Raises
        ------
        DataError
            If there is nothing to learn from, or the numbers run away.
        MissingExtraError
            If ``implicit`` is not installed.
        """
        matrix = InteractionMatrix.of(data.interactions)
        with _implicit() as implicit:
            model = implicit.cpu.bpr.BayesianPersonalizedRanking(
                factors=self.factors,
                learning_rate=self.learning_rate,
                regularization=self.regularisation,
                iterations=self.iterations,
                num_threads=1,
                random_state=data.seed,
            )
            _fit(model, matrix.binary)
        items: Floats = model.item_factors
        vectors, users = items[:, :-1], model.user_factors[:, :-1]
        learned = None if self.fold_in == "mean" else _learned_map(matrix.binary, vectors, users)

        def fold_in(histories: csr_matrix) -> NDArray[np.float64]:
            pooled = _pooled(histories, vectors, 1.0 if learned is None else 0.5)
            made = pooled if learned is None else pooled @ learned
            return np.hstack([made, np.ones((len(made), 1))])  # the factor of the items' biases

        return _FactorRanker(data.candidates, matrix, items, fold_in)


class _FactorRanker(CollaborativeRanker):
    """Scores are dot products of a history's user vector with the items' vectors."""

    def __init__(
        self,
        candidates: Sequence[str],
        matrix: InteractionMatrix,
        items: Floats,
        fold_in: Callable[[csr_matrix], NDArray[np.floating]],
    ) -> None:
        super().__init__(candidates, matrix)
        self._items = items[self.known_columns].astype(np.float64)
        self._fold_in = fold_in

    def known_scores(self, histories: csr_matrix) -> Floats:
        # in double precision, so that no score depends on how many are made at a time
        scores = self._fold_in(histories).astype(np.float64) @ self._items.T
        return scores.astype(np.float32)


def _pooled(histories: csr_matrix, vectors: Floats, power: float) -> NDArray[np.float64]:
    """Return the weighted sums of vectors, divided by a power of the summed weights."""
    sums: NDArray[np.float64] = histories @ vectors.astype(np.float64)
    totals = np.asarray(histories.sum(axis=1), dtype=np.float64).reshape(-1, 1)
    return sums / totals**power


def _learned_map(histories: csr_matrix, vectors: Floats, users: Floats) -> NDArray[np.float64]:
    """Return the matrix that turns what histories hold into the users learned, by ridge."""
    pooled = _pooled(histories, vectors, 0.5)
    gram = pooled.T @ pooled
    gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram) / len(gram) + 1e-12
    return np.asarray(np.linalg.solve(gram, pooled.T @ users), dtype=np.float64)


@contextmanager
def _implicit() -> Iterator[Any]:
    """Give the library; meanwhile BLAS has one thread, with more of them it would crawl."""
    try:
        import implicit
        import implicit.cpu.als
        import implicit.cpu.bpr
        from threadpoolctl import (  # type: ignore[import-untyped, unused-ignore]
            threadpool_limits,
        )
    except ImportError:
        raise MissingExtraError("Matrix factorisation", "evaluate") from None
    with threadpool_limits(1, "blas"):
        yield implicit


def _fit(model: Any, matrix: csr_matrix) -> None:
    from implicit.recommender_base import ModelFitError

    try:
        model.fit(matrix, show_progress=False)
    except ModelFitError:
        raise DataError(
            "Matrix factorisation ran away: its vectors are not finite.",
            "Choose a lower learning rate, or more regularisation.",
        ) from None


def _check(name: str, factors: int, iterations: int, regularisation: float) -> None:
    if factors < 1 or iterations < 1 or not 0 <= regularisation < np.inf:
        raise DataError(
            f"{name} needs at least 1 factor and 1 iteration and a regularisation of 0 or more, "
            f"not {factors}, {iterations} and {regularisation}."
        )
