"""Whitening of item vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.arrays import chunks
from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError

__all__ = ["Whitening"]


@dataclass(frozen=True)
class Whitening:
    """Centring and PCA-whitening with shrinkage, fitted on the vectors of a catalog.

    Text encoders put the descriptions of one shop into a narrow cone: all have "product" in
    common, so the cosine of any two is high, and a few directions decide every comparison.
    Whitening takes the mean away and gives each principal direction the same variance. With the
    covariance ``C`` of ``n`` vectors of dimension ``d``, shrinkage ``a`` replaces it by
    ``(1 - a) C + a (tr C / d) I`` (the target of Ledoit and Wolf, 2004), so that directions of
    hardly any variance, which are noise, are not blown up; at ``a = 1`` only the centring is
    left. After Su et al., "Whitening Sentence Representations" (arXiv 2103.15316).

    Parameters
    ----------
    mean
        float32, shape (d,).
    matrix
        float32, shape (d, d): the projection onto the scaled principal directions.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cone = (rng.normal(size=(500, 8)) * np.arange(1, 9) + 20).astype(np.float32)
    >>> white = Whitening.fit(cone, shrinkage=0.0)
    >>> covariance = np.cov((cone - white.mean) @ white.matrix, rowvar=False)
    >>> bool(np.allclose(covariance, np.eye(8), atol=1e-3))
    True
    """

    mean: Floats
    matrix: Floats

    @classmethod
    def fit(
        cls,
        vectors: Floats,
        *,
        shrinkage: float = 0.1,
        rows: NDArray[np.intp] | None = None,
    ) -> Whitening:
        """Fit on vectors of shape (n, d), n at least 2.

        Parameters
        ----------
        vectors
            One row for each item.
        shrinkage
            ``a`` above, from 0 to 1.
        rows
            The rows to fit on; by default all.

        Raises
        ------
        DataError
            If there are fewer than two distinct vectors, or the shrinkage is out of range.
        """
        if not 0.0 <= shrinkage <= 1.0:
            raise DataError(f"The shrinkage must be from 0 to 1, not {shrinkage}.")
        mean, covariance = _moments(vectors, np.arange(len(vectors)) if rows is None else rows)
        variance = np.trace(covariance) / len(covariance)
        if not variance > 1e-12:
            raise DataError(
                "Whitening needs at least two items with different documents.",
                "Encode without --whiten.",
            )
        shrunk = (1 - shrinkage) * covariance + shrinkage * variance * np.eye(len(covariance))
        return cls(mean.astype(np.float32), _projection(shrunk, variance).astype(np.float32))

    def apply(self, vectors: Floats) -> Floats:
        """Whiten vectors of shape (n, d) and scale them to length 1."""
        whitened = np.empty(vectors.shape, dtype=np.float32)
        for part in chunks(len(vectors)):
            normalise((vectors[part] - self.mean) @ self.matrix, out=whitened[part])
        return whitened


def _moments(
    vectors: Floats, rows: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the covariance of rows, in float64 without a copy of all."""
    d = vectors.shape[1]
    total, products = np.zeros(d), np.zeros((d, d))
    for part in chunks(len(rows)):
        total += vectors[rows[part]].sum(axis=0, dtype=np.float64)
    mean = total / max(len(rows), 1)
    for part in chunks(len(rows)):
        centred = vectors[rows[part]].astype(np.float64) - mean
        products += centred.T @ centred
    return mean, products / max(len(rows) - 1, 1)


def _projection(covariance: NDArray[np.float64], variance: float) -> NDArray[np.float64]:
    values, directions = np.linalg.eigh(covariance)
    values, directions = values[::-1], directions[:, ::-1]
    # An eigenvector's sign is arbitrary; fixing it makes the vectors the same on every machine.
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(len(values))])
    scale = np.where(values > 1e-9 * variance, 1 / np.sqrt(np.maximum(values, 1e-300)), 0.0)
    scaled: NDArray[np.float64] = directions * scale
    return scaled
