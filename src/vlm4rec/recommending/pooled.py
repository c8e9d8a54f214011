"""Exact search for profiles of several queries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.index.index import Hits
from vlm4rec.profiles.strategy import Profile

__all__ = ["search_pooled"]

_TOLERANCE = 1e-5


def search_pooled(
    profile: Profile,
    ids: Sequence[str],
    vectors: Floats,
    k: int,
    *,
    exclude: Sequence[int] | NDArray[np.intp] = (),
) -> Hits:
    """Find the k items of the highest scores.

    An index finds what is near to one query; what is best for a pool of several is found by
    comparing every item with all of them. As `vlm4rec.index.exact.ExactIndex` does, scores near
    the k-th best are computed again in float64.

    Parameters
    ----------
    profile
        The queries, and how they are pooled.
    ids
        Item ids, in ascending order.
    vectors
        float32, shape (n items, d).
    k
        How many, at least 1.
    exclude
        The rows of items that must not be found.

    Raises
    ------
    DataError
        If k is below 1.
    """
    if k < 1:
        raise DataError(f"k must be at least 1, not {k}.")
    scores = profile.scores(vectors)
    scores[np.asarray(exclude, dtype=np.intp)] = -np.inf
    k = min(k, int(np.count_nonzero(scores > -np.inf)))
    if k == 0:
        return Hits((), np.zeros(0))
    lowest = np.partition(scores, len(scores) - k)[len(scores) - k]
    near = np.flatnonzero(scores >= lowest - _TOLERANCE * max(1.0, abs(float(lowest))))
    near = near[scores[near] > -np.inf]
    exact = _exact(profile, vectors, near)
    best = np.lexsort((near, -exact))[:k]
    return Hits(tuple(ids[row] for row in near[best]), exact[best])


def _exact(profile: Profile, vectors: Floats, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the scores of rows in float64; equal vectors get equal scores."""
    queries = profile.queries.astype(np.float64)
    scores = np.empty(len(rows))
    for place, row in enumerate(rows):
        similarities = np.einsum("md,d->m", queries, vectors[row].astype(np.float64))
        scores[place] = profile.pooling.pool(similarities[:, np.newaxis], profile.weights)[0]
    return scores
