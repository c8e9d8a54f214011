"""How the similarities of an item to several queries become one score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError

__all__ = ["MaxPooling", "Pooling", "PowerPooling", "SumPooling"]


class Pooling(Protocol):
    """Makes one score of the similarities of an item to several queries.

    Twice the similarities give twice the score. So the score is also the weighted sum of the
    similarities with the weights of `attention`, and splits into what each block of an item
    vector gave, as that of a single query does.
    """

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    def pool(
        self, similarities: NDArray[np.floating[Any]], weights: NDArray[np.float64]
    ) -> NDArray[np.floating[Any]]:
        """Return the score of each item, shape (n items,), of the type of the similarities.

        Parameters
        ----------
        similarities
            Shape (m queries, n items), m at least 1.
        weights
            How much each query counts, shape (m,), positive; they add up to 1.
        """
        ...

    def attention(
        self, similarities: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return how much each query makes of one item's score.

        Parameters
        ----------
        similarities
            Of one item to each query, shape (m,).
        weights
            As for `pool`.

        Returns
        -------
        NDArray[np.float64]
            Shape (m,): times the similarities, and added up, they are the score.
        """
        ...


@dataclass(frozen=True, slots=True)
class SumPooling:
    """The weighted sum.

    >>> SumPooling().pool(np.array([[0.5], [1.0]]), np.array([0.5, 0.5])).tolist()
    [0.75]
    """

    name: str = "sum"

    def pool(
        self, similarities: NDArray[np.floating[Any]], weights: NDArray[np.float64]
    ) -> NDArray[np.floating[Any]]:
        """Return the weighted sums; see `Pooling.pool`."""
        return np.asarray(weights.astype(similarities.dtype) @ similarities)

    def attention(
        self, similarities: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the weights; see `Pooling.attention`."""
        return weights


@dataclass(frozen=True, slots=True)
class MaxPooling:
    """The highest similarity, whatever the weights.

    >>> MaxPooling().pool(np.array([[0.5], [1.0]]), np.array([0.9, 0.1])).tolist()
    [1.0]
    """

    name: str = "max"

    def pool(
        self, similarities: NDArray[np.floating[Any]], weights: NDArray[np.float64]
    ) -> NDArray[np.floating[Any]]:
        """Return the highest; see `Pooling.pool`."""
        highest: NDArray[np.floating[Any]] = similarities.max(axis=0)
        return highest

    def attention(
        self, similarities: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return 1 for the nearest query, the first of several; see `Pooling.attention`."""
        shares = np.zeros(len(similarities))
        shares[similarities.argmax()] = 1.0
        return shares


@dataclass(frozen=True, slots=True)
class PowerPooling:
    """The power mean of the positive similarities: a soft nearest neighbour.

    The score is ``(sum_j w_j max(0, s_j) ** p) ** (1 / p)``: at p = 1 the mean of what is
    positive, and the larger p is, the nearer to the maximum. Where no similarity is positive it
    is the highest of them, which goes on from there, so that such items have an order too.

    Parameters
    ----------
    power
        ``p``, at least 1.

    Raises
    ------
    DataError
        If the power is below 1 or not finite.

    Examples
    --------
    >>> PowerPooling(2.0).pool(np.array([[0.6], [0.8]]), np.array([0.5, 0.5])).round(4).tolist()
    [0.7071]
    """

    power: float

    def __post_init__(self) -> None:
        if not 1 <= self.power < math.inf:
            raise DataError(f"The power of a profile must be 1 or more, not {self.power}.")

    @property
    def name(self) -> str:
        """``"power:"`` and the power."""
        return f"power:{self.power:g}"

    def pool(
        self, similarities: NDArray[np.floating[Any]], weights: NDArray[np.float64]
    ) -> NDArray[np.floating[Any]]:
        """Return the power means; see `Pooling.pool`."""
        # Relative to the highest, so that high powers of small numbers are not lost.
        highest = similarities.max(axis=0)
        some = highest > 0
        relative = np.maximum(similarities, 0)
        relative /= np.where(some, highest, highest.dtype.type(1))
        np.power(relative, relative.dtype.type(self.power), out=relative)
        total = weights.astype(similarities.dtype) @ relative
        total **= total.dtype.type(1 / self.power)
        return np.asarray(np.where(some, highest * total, highest))

    def attention(
        self, similarities: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the share of each query; see `Pooling.attention`."""
        highest = similarities.max()
        if not highest > 0:
            return MaxPooling().attention(similarities, weights)
        relative = np.maximum(similarities, 0) / highest
        total = weights @ relative**self.power
        # 0 ** 0 is 1: at the power 1, what is not positive must still count nothing.
        slopes = np.where(relative > 0, relative ** (self.power - 1), 0.0)
        shares: NDArray[np.float64] = weights * slopes / total ** (1 - 1 / self.power)
        return shares
