"""How consistent a customer is in each block of the item vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlm4rec.profiles.many import shares_of
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.recommending.blocks import BlockVectors

__all__ = ["block_factors"]

_LEAST_BASE = 0.1


def block_factors(
    pasts: Pasts,
    means: NDArray[np.float64],
    vectors: BlockVectors,
    lengths: NDArray[np.float64],
    consistency: float,
) -> NDArray[np.float64]:
    """Return how much more or less each block counts for each customer.

    Who buys every colour in one cut chooses by the cut. With ``c`` the mean cosine between the
    block's vectors of any two purchases, weighted as the profile weighs them, the factor of the
    block is ``((1 + c) / 2) ** consistency``, with a base of at least 0.1. It multiplies the
    block of the query, so that a score stays one dot product. Where no two purchases have the
    block it gets the mean of the customer's other factors, and 1 where there is none.

    A weighted mean of vectors of length 1 is shorter the less they are alike, so a profile
    already leans to what is consistent. A positive exponent leans further, a negative one takes
    that back.

    Parameters
    ----------
    pasts
        The histories, weighed.
    means
        Their weighted means, shape (n histories, d).
    vectors
        The item vectors.
    lengths
        Of their blocks.
    consistency
        The exponent.

    Returns
    -------
    NDArray[np.float64]
        Shape (n histories, n blocks), positive.
    """
    shares = shares_of(pasts)[:, np.newaxis]
    portions = shares * lengths[pasts.rows]
    factors = np.full((len(pasts), len(vectors.blocks)), np.nan)
    sums, squares = (_sums(pasts, part) for part in (portions, portions**2))
    for number, block in enumerate(vectors.blocks):
        stretch = means[:, block.start : block.stop]
        pairs = sums[:, number] ** 2 - squares[:, number]
        alike = np.einsum("nd,nd->n", stretch, stretch) - squares[:, number]
        some = pairs > 1e-9
        bases = np.clip((1 + alike[some] / pairs[some]) / 2, _LEAST_BASE, 1)
        factors[some, number] = bases**consistency
    unknown = np.isnan(factors)
    known = (~unknown).sum(axis=1)
    usual = np.where(known > 0, np.nansum(factors, axis=1) / np.maximum(known, 1), 1.0)
    return np.where(unknown, usual[:, np.newaxis], factors)


def _sums(pasts: Pasts, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up the rows of each history."""
    columns = [
        np.bincount(pasts.owners, weights=column, minlength=len(pasts)) for column in values.T
    ]
    return np.stack(columns, axis=1)
