"""What rankings are like apart from being right: how varied, how new, how evenly spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.evaluation.user_means import defined_user_means
from vlm4rec.interactions.interactions import Interactions

__all__ = [
    "HEAD",
    "BeyondAccuracy",
    "ItemCounts",
    "beyond_accuracy",
    "coverage",
    "diversity",
    "gini",
    "most_popular",
    "novelty",
    "popular_share",
]

Columns = NDArray[np.integer[Any]]
Values = NDArray[np.float64]

HEAD = 0.2
"""The share of the candidates, the most popular ones, that are called popular."""

_CELLS = 2**22


@dataclass(frozen=True, eq=False)
class ItemCounts:
    """How often each candidate occurs in the training interactions.

    Parameters
    ----------
    interactions
        How many interactions it has: shape (n candidates,).
    users
        How many users interacted with it: shape (n candidates,).
    n_users
        How many users there are in training.

    Examples
    --------
    >>> frame = pl.DataFrame({"user": ["u", "u", "v"], "item": ["a", "a", "a"]})
    >>> counts = ItemCounts.of(Interactions.of(frame), ["a", "b"])
    >>> counts.interactions.tolist(), counts.users.tolist(), counts.n_users
    ([3, 0], [2, 0], 2)
    """

    interactions: NDArray[np.int64]
    users: NDArray[np.int64]
    n_users: int

    @classmethod
    def of(cls, train: Interactions, candidates: Sequence[str]) -> ItemCounts:
        """Count in training interactions."""
        found = train.frame.group_by("item").agg(pl.len(), pl.col("user").n_unique())
        order = pl.DataFrame({"item": candidates}, schema={"item": pl.String})
        rows = order.join(found, on="item", how="left", maintain_order="left").fill_null(0)
        interactions, users = (
            rows[name].cast(pl.Int64).to_numpy(writable=True) for name in ("len", "user")
        )
        return cls(interactions, users, train.frame["user"].n_unique())


@dataclass(frozen=True, slots=True)
class BeyondAccuracy:
    """What a method's first k are like; None where there is nothing to tell it by.

    Parameters
    ----------
    k
        The cut-off.
    coverage
        See `coverage`.
    gini
        See `gini`.
    novelty, diversity, popular_share
        The mean over users of each user's mean; see the functions of these names.
    """

    k: int
    coverage: float
    gini: float | None
    novelty: float | None
    diversity: float | None
    popular_share: float | None


def beyond_accuracy(
    rankings: Columns,
    user_of_case: Columns,
    counts: ItemCounts,
    vectors: Floats | None = None,
    *,
    k: int = 10,
) -> BeyondAccuracy:
    """Return all of it for the first k of rankings.

    Parameters
    ----------
    rankings
        Columns of candidates, best first, -1 where there is no more: shape (n cases, K).
    user_of_case
        For each case the number of its user, from 0: shape (n cases,).
    counts
        Of the candidates in training.
    vectors
        For the diversity, one a candidate, of length 1 or 0; see `diversity`.
    k
        How many of each ranking, from 1 to K.

    Raises
    ------
    DataError
        If k is out of range or the shapes don't fit.

    Examples
    --------
    >>> counts = ItemCounts(np.array([3, 1, 0]), np.array([3, 1, 0]), 3)
    >>> beyond_accuracy(np.array([[0, 1]]), np.array([0]), counts, k=2).novelty
    0.5
    """
    if not 1 <= k <= rankings.shape[1]:
        raise DataError(f"The cut-off {k} is not from 1 to {rankings.shape[1]}.")
    first = rankings[:, :k]
    n = len(counts.users)

    def mean(values: Values) -> float | None:
        n_users = int(user_of_case.max(initial=-1)) + 1
        means, _ = defined_user_means(values, user_of_case, n_users)
        return float(means.mean()) if len(means) else None

    return BeyondAccuracy(
        k,
        coverage(first, n),
        gini(first, n),
        mean(novelty(first, counts)),
        None if vectors is None else mean(diversity(first, vectors)),
        mean(popular_share(first, counts)),
    )


def coverage(rankings: Columns, n_candidates: int) -> float:
    """Return the share of the candidates that are in at least one ranking.

    >>> coverage(np.array([[0, 1], [1, -1]]), 4)
    0.5
    """
    return float((_recommended(rankings, n_candidates) > 0).mean())


def gini(rankings: Columns, n_candidates: int) -> float | None:
    """Return how unevenly the candidates are recommended, by the Gini coefficient.

    With ``x`` the number of rankings that have a candidate, sorted ascending over all n
    candidates, it is ``sum((2 i - n - 1) x_i) / (n sum(x_i))`` for i from 1 to n (Shani and
    Gunawardana, "Evaluating Recommendation Systems", 2011): 0 if all are recommended as often,
    ``1 - 1 / n`` if it is always the same one. None if nothing is recommended.

    >>> gini(np.array([[0], [0]]), 4), gini(np.array([[0, 1], [2, 3]]), 4)
    (0.75, 0.0)
    """
    x = np.sort(_recommended(rankings, n_candidates))
    if not x.any():
        return None
    weights = 2 * np.arange(1, n_candidates + 1) - n_candidates - 1
    return float(weights @ x / (n_candidates * x.sum()))


def novelty(rankings: Columns, counts: ItemCounts) -> Values:
    """Return how little known the items of each ranking are: their mean self-information in bits.

    That of an item is ``-log2((users + 1) / (all users + 1))``, with the users of training who
    interacted with it: 0 if all did. The 1 that is added (Laplace) lets an item that nobody
    interacted with have a finite one. After Zhou et al. (2010) and Castells, Hurley and Vargas,
    "Novelty and Diversity in Recommender Systems" (2015).

    Parameters
    ----------
    rankings
        Columns of candidates, -1 for none: shape (n cases, k).
    counts
        Of the candidates in training.

    Returns
    -------
    Values
        float64, shape (n cases,), not negative; NaN for an empty ranking.

    Examples
    --------
    >>> counts = ItemCounts(np.array([3, 1, 0]), np.array([3, 1, 0]), 3)
    >>> novelty(np.array([[1, 2], [0, -1], [-1, -1]]), counts).tolist()
    [1.5, 0.0, nan]
    """
    bits = -np.log2((counts.users + 1) / (counts.n_users + 1))
    return _mean_of_items(rankings, np.maximum(bits, 0.0))


def diversity(rankings: Columns, vectors: Floats) -> Values:
    """Return how different the items of each ranking are: 1 less the mean cosine of all pairs.

    After Smyth and McClave (2001). For n vectors of length 1 the cosines of all ordered pairs
    add up to ``|sum of the vectors|^2 - n``, so no pair is looked at. Items of which the vectors
    tell nothing, rows of zeros, are left out.

    Parameters
    ----------
    rankings
        Columns of candidates, each once a row, -1 for none: shape (n cases, k).
    vectors
        One row a candidate, of length 1 or 0: float32, shape (n candidates, d).

    Returns
    -------
    Values
        float64, shape (n cases,), from 0 to 2; NaN for rankings of fewer than two items.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    >>> diversity(np.array([[0, 1], [0, 2], [1, -1]]), vectors).tolist()
    [1.0, 0.0, nan]
    """
    if not len(vectors):
        return np.full(len(rankings), np.nan)
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    there = (rankings >= 0) & (squares[rankings] > 0)
    n = there.sum(axis=1)
    own = np.where(there, squares[rankings], 0.0).sum(axis=1)
    pairs = np.where(n > 1, n * (n - 1), 1)
    mean = (_squared_sums(rankings, there, vectors) - own) / pairs
    return np.where(n > 1, np.clip(1 - mean, 0.0, 2.0), np.nan)


def most_popular(counts: NDArray[np.integer[Any]], share: float = HEAD) -> NDArray[np.bool_]:
    """Return which candidates are among the most popular ``share`` of them.

    The top fifth of the items is the usual short head (Abdollahpouri et al., "The Unfairness of
    Popularity Bias in Recommendation", 2019). Candidates that are as popular as the first one
    beyond that share are not among them, so there may be fewer, and whichever order the
    candidates have does not matter. One without an interaction never is.

    Parameters
    ----------
    counts
        Training interactions of each candidate: shape (n,).
    share
        From 0 to 1; rounded up to whole candidates.

    Examples
    --------
    >>> most_popular(np.array([1, 9, 1, 4, 1]), 0.4).tolist()
    [False, True, False, True, False]
    >>> most_popular(np.array([1, 1, 1])).tolist()
    [False, False, False]
    """
    if not 0 <= share <= 1:
        raise DataError(f"The share of popular items must be from 0 to 1, not {share}.")
    # A share such as 0.2 of 5 may come out a hair above the whole number.
    size = int(np.ceil(round(share * len(counts), 9)))
    beyond = 0 if size >= len(counts) else np.sort(counts)[::-1][size]
    return np.asarray(counts > beyond)


def popular_share(rankings: Columns, counts: ItemCounts) -> Values:
    """Return the share of popular items in each ranking; see `most_popular`.

    Parameters
    ----------
    rankings
        Columns of candidates, -1 for none: shape (n cases, k).
    counts
        Of the candidates in training.

    Returns
    -------
    Values
        float64, shape (n cases,), from 0 to 1; NaN for an empty ranking.

    Examples
    --------
    >>> counts = ItemCounts(np.array([9, 1, 1, 1, 1]), np.array([9, 1, 1, 1, 1]), 10)
    >>> popular_share(np.array([[0, 1], [2, 3]]), counts).tolist()
    [0.5, 0.0]
    """
    return _mean_of_items(rankings, most_popular(counts.interactions).astype(np.float64))


def _recommended(rankings: Columns, n_candidates: int) -> NDArray[np.intp]:
    if n_candidates < 1:
        raise DataError("There is no candidate.")
    return np.bincount(rankings[rankings >= 0], minlength=n_candidates)


def _mean_of_items(rankings: Columns, values: Values) -> Values:
    if not len(values):
        return np.full(len(rankings), np.nan)
    there = rankings >= 0
    n = there.sum(axis=1)
    total = np.where(there, values[rankings], 0.0).sum(axis=1)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _squared_sums(rankings: Columns, there: NDArray[np.bool_], vectors: Floats) -> Values:
    """Return the squared length of the sum of each row's vectors, in float64, block by block."""
    squared = np.empty(len(rankings))
    height = max(1, _CELLS // vectors.shape[1])
    for start in range(0, len(rankings), height):
        part = slice(start, start + height)
        total = np.zeros((len(rankings[part]), vectors.shape[1]))
        for place in range(rankings.shape[1]):
            rows = there[part, place]
            total[rows] += vectors[rankings[part, place][rows]]
        squared[part] = np.einsum("ij,ij->i", total, total)
    return squared
