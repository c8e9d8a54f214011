"""The conditional logit model: which of many items a customer chooses, from numbers of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError

__all__ = ["ChoiceModel", "Choices"]

Doubles = NDArray[np.float64]

_STEPS = 50
_DONE = 1e-9


@dataclass(frozen=True)
class Choices:
    """Choices that were made: of each the numbers of the item chosen, and of some that were not.

    Parameters
    ----------
    numbers
        float32, shape (n choices, m items, p signals); the item chosen comes first.
    weights
        How much each choice counts, shape (n,), not negative and not all zero.
    groups
        Whose choice it is, shape (n,): choices of one customer are never split between folds.
    """

    numbers: NDArray[np.float32]
    weights: Doubles
    groups: NDArray[np.intp]

    def only(self, rows: NDArray[np.bool_]) -> Choices:
        """Return some of the choices."""
        return Choices(self.numbers[rows], self.weights[rows], self.groups[rows])


@dataclass(frozen=True)
class ChoiceModel:
    """Weights of signals, such that items chosen get higher sums than others.

    Parameters
    ----------
    weights
        For each signal, of its standardised numbers: how much it matters; shape (p,).
    centre, scale
        What is taken from each signal, and what it is then divided by; shape (p,).
    """

    weights: Doubles
    centre: Doubles
    scale: Doubles

    @property
    def slopes(self) -> Doubles:
        """The weights of the numbers as they are: shape (p,)."""
        return self.weights / self.scale

    @classmethod
    def fit(cls, choices: Choices, penalty: float = 1e-3) -> ChoiceModel:
        """Fit by maximum likelihood with a penalty, by Newton's method.

        The probability that an item is chosen among those shown is proportional to the
        exponential of its weighted sum of signals. Items that were not chosen may be a uniform
        sample of all: the estimate stays consistent.

        Parameters
        ----------
        choices
            What was chosen.
        penalty
            The factor of the sum of squared weights, beside the mean log-likelihood; positive.

        Raises
        ------
        DataError
            If there is no choice, a number is not finite or the penalty is not positive.

        References
        ----------
        D. McFadden, "Conditional logit analysis of qualitative choice behavior", 1974; and
        "Modelling the choice of residential location", 1978, for the sample of alternatives.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> numbers = rng.normal(size=(500, 20, 2)).astype(np.float32)
        >>> best = (2 * numbers[..., 0] + rng.gumbel(size=(500, 20))).argmax(axis=1)
        >>> rows = np.arange(500)
        >>> numbers[rows, 0], numbers[rows, best] = numbers[rows, best], numbers[rows, 0].copy()
        >>> model = ChoiceModel.fit(Choices(numbers, np.ones(500), rows))
        >>> bool(1.7 < model.slopes[0] < 2.3), bool(abs(model.slopes[1]) < 0.2)
        (True, True)
        """
        numbers, weights = choices.numbers, choices.weights
        if not len(numbers) or not weights.sum() > 0:
            raise DataError("There is no choice to learn from.")
        if not np.isfinite(numbers).all():
            raise DataError("A signal to be blended is infinite or undefined.")
        if not penalty > 0:
            raise DataError(f"The penalty must be positive, not {penalty}.")
        centre = numbers.mean(axis=(0, 1), dtype=np.float64)
        spread = numbers.std(axis=(0, 1), dtype=np.float64)
        scale = np.where(spread > 1e-9, spread, 1.0)
        standard = ((numbers - centre) / scale).astype(np.float32)
        return cls(_newton(standard, weights / weights.sum(), penalty), centre, scale)

    def log_likelihood(self, choices: Choices) -> float:
        """Return the mean log-likelihood of choices, by their weights."""
        utilities = choices.numbers @ self.slopes.astype(np.float32)
        shares = choices.weights / choices.weights.sum()
        return float(_log_shares(utilities.astype(np.float64))[:, 0] @ shares)


def _newton(numbers: NDArray[np.float32], shares: Doubles, penalty: float) -> Doubles:
    weights = np.zeros(numbers.shape[2])
    value = _objective(numbers, shares, penalty, weights)
    for _ in range(_STEPS):
        step = _step(numbers, shares, penalty, weights)
        size = 1.0
        while size > 1e-6:
            tried = weights - size * step
            reached = _objective(numbers, shares, penalty, tried)
            if reached <= value:
                break
            size /= 2
        else:
            return weights
        gain, weights, value = value - reached, tried, reached
        if gain < _DONE:
            break
    return weights


def _objective(
    numbers: NDArray[np.float32], shares: Doubles, penalty: float, weights: Doubles
) -> float:
    utilities = (numbers @ weights.astype(np.float32)).astype(np.float64)
    return float(-_log_shares(utilities)[:, 0] @ shares + penalty * weights @ weights)


def _step(
    numbers: NDArray[np.float32], shares: Doubles, penalty: float, weights: Doubles
) -> Doubles:
    p = len(weights)
    utilities = (numbers @ weights.astype(np.float32)).astype(np.float64)
    chances = np.exp(_log_shares(utilities)) * shares[:, np.newaxis]
    expected = np.einsum("nm,nmp->np", chances.astype(np.float32), numbers, optimize=True)
    gradient = (expected - shares[:, np.newaxis] * numbers[:, 0]).sum(axis=0, dtype=np.float64)
    gradient += 2 * penalty * weights
    rooted = (np.sqrt(chances)[..., np.newaxis] * numbers).reshape(-1, p)
    means = expected / np.sqrt(np.maximum(shares, 1e-300))[:, np.newaxis]
    curvature = rooted.T @ rooted - means.T @ means + 2 * penalty * np.eye(p)
    return np.asarray(np.linalg.solve(curvature, gradient))


def _log_shares(utilities: Doubles) -> Doubles:
    utilities = utilities - utilities.max(axis=1, keepdims=True)
    return np.asarray(utilities - np.log(np.exp(utilities).sum(axis=1, keepdims=True)))
