"""The feature blocks that a fusion reads: whitened, and no wider than they need to be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.recommending.blocks import whitened_features
from vlm4rec.recommending.method import ItemFeatures

__all__ = ["principal", "read_blocks"]

_NOTHING = 1e-9
"""The share of a block's squares below which a column holds rounding alone."""


def read_blocks(
    features: ItemFeatures,
    names: Sequence[str],
    *,
    whiten: float | None = 0.1,
    most: int | None = None,
) -> list[Floats]:
    """Return the blocks of these names: a matrix each, rows of length 1.

    Parameters
    ----------
    features
        Of all items.
    names
        Which kinds of features.
    whiten
        The shrinkage of the whitening of each block, from 0 to 1; None leaves them as they are.
    most
        How many columns a whitened block may keep at most. They are in the order of falling
        variance, and the last ones, in which nothing is left, are dropped in any case.

    Returns
    -------
    list
        float32 matrices, shape (n items, columns); an item without the feature has a row of
        zeros.

    Raises
    ------
    DataError
        If no name is given, there is no such kind, or the shrinkage is out of range.
    """
    if not names:
        raise DataError("A fusion needs at least one kind of item features.")
    if whiten is None:
        return [normalise(features[name]) for name in names]
    whitened = whitened_features(features, whiten)
    return [_trimmed(whitened[name], most) for name in names]


def principal(matrix: Floats, dimension: int) -> Floats:
    """Project rows onto the first principal directions of those that are not zero.

    Parameters
    ----------
    matrix
        Shape (n, d); rows of zeros stay so.
    dimension
        How many directions. Where there are fewer, the rest of the columns are zeros.

    Returns
    -------
    Floats
        float32, shape (n, dimension), rows of length 1.

    Examples
    --------
    >>> rows = np.array([[1, 0, 9], [-1, 0, 9], [0, 0, 0]], dtype=np.float32)
    >>> principal(rows, 2).tolist()
    [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]]
    """
    here = matrix.any(axis=1)
    projected = np.zeros((len(matrix), dimension), dtype=np.float32)
    if here.any():
        rows = matrix[here].astype(np.float64)
        centred = rows - rows.mean(axis=0)
        directions = _directions(centred.T @ centred)[:, :dimension]
        projected[here, : directions.shape[1]] = centred @ directions
    return normalise(projected, out=projected)


def _directions(products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the principal directions as columns, those in which nothing varies as zeros."""
    values, directions = np.linalg.eigh(products)
    values, directions = values[::-1], directions[:, ::-1]
    # an eigenvector's sign is arbitrary; fixing it makes the vectors the same on every machine
    largest = np.abs(directions).argmax(axis=0)
    signs = np.sign(directions[largest, np.arange(len(values))])
    kept: NDArray[np.float64] = directions * signs * (values > _NOTHING * values.sum())
    return kept


def _trimmed(block: Floats, most: int | None) -> Floats:
    squares = np.einsum("nd,nd->d", block, block, dtype=np.float64)
    some = np.flatnonzero(squares > _NOTHING * squares.sum())
    width = int(some[-1]) + 1 if len(some) else 1
    return normalise(block[:, : min(width, most or width)])
