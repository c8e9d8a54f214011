"""Rankers that give every candidate a score."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.recommending.ranker import Request

__all__ = ["ScoreRanker", "best_columns", "tie_order"]

_BLOCK_BYTES = 64 * 2**20
_FEW = 16
"""Requests that are scored together at least."""
_GROUPS = 10
"""How many groups of columns there are for each of the best that are asked for."""
_CROWD = 4
"""How many times as many as asked for may be sorted; where more tie, the row is looked at alone."""


class ScoreRanker(ABC):
    """A `vlm4rec.recommending.ranker.Ranker` of which only the scores are to be written.

    Masking and the choice of the best are done here, in blocks of bounded memory. Candidates of
    the same score are ranked in an order drawn once from their ids (see `tie_order`), the same
    for every method: an order by id would favour old items, or new ones, wherever ids rise.

    Parameters
    ----------
    candidates
        The items that may be ranked, each once.

    Examples
    --------
    >>> from vlm4rec.interactions.interactions import History
    >>> class Longest(ScoreRanker):
    ...     def scores(self, requests):
    ...         lengths = [len(item) for item in self.candidates]
    ...         return np.tile(np.array(lengths, dtype=np.float32), (len(requests), 1))
    >>> Longest(["boot", "hat", "glove"]).rank([Request(History.of(["boot"]))], k=2)
    [['glove', 'hat']]
    """

    def __init__(self, candidates: Sequence[str]) -> None:
        self.candidates = tuple(candidates)

    @abstractmethod
    def scores(self, requests: Sequence[Request]) -> Floats:
        """Return how well each candidate fits: higher is better.

        Returns
        -------
        Floats
            float32, shape (n requests, n candidates), a new array, which the caller may change.
            A candidate of score minus infinity is not ranked; nor is anything in a row of them.
        """

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Return the best candidates; see `vlm4rec.recommending.ranker.Ranker.rank`.

        Raises
        ------
        DataError
            If k is below 1, or a score is undefined.
        """
        if k < 1:
            raise DataError(f"k must be at least 1, not {k}.")
        rankings: list[list[str]] = []
        height = max(_FEW, _BLOCK_BYTES // (4 * max(1, len(self.candidates))))
        for start in range(0, len(requests), height):
            block = requests[start : start + height]
            scores = self._masked(block)
            columns = best_columns(scores, k, self._order)
            rankings += [[self.candidates[c] for c in row if c >= 0] for row in columns.tolist()]
        return rankings

    def _masked(self, requests: Sequence[Request]) -> Floats:
        scores = self.scores(requests)
        if np.isnan(scores).any():
            raise DataError(f"{type(self).__name__} gave scores that are not numbers.")
        for row, request in enumerate(requests):
            columns = self.columns(request.masked)
            scores[row, columns] = -np.inf
        return scores

    def columns(self, ids: Sequence[str]) -> list[int]:
        """Return the columns of those of the items that are candidates, in order."""
        found = (self._columns.get(id_) for id_ in ids)
        return [column for column in found if column is not None]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {id_: column for column, id_ in enumerate(self.candidates)}

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return tie_order(self.candidates)


def tie_order(ids: Sequence[str]) -> NDArray[np.intp]:
    """Return for each id its place among equals: a permutation that is drawn from the ids alone.

    >>> tie_order(["a", "b", "c"]).tolist()
    [1, 2, 0]
    """
    hashes = [hashlib.blake2b(id_.encode(), digest_size=8).digest() for id_ in ids]
    places = np.empty(len(ids), dtype=np.intp)
    places[sorted(range(len(ids)), key=hashes.__getitem__)] = np.arange(len(ids))
    return places


def best_columns(scores: Floats, k: int, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the columns of the k highest scores of each row, highest first; ties by ``order``.

    Parameters
    ----------
    scores
        Shape (n, m), without undefined ones; minus infinity is never among the best.
    k
        How many.
    order
        For each column its place among equals, shape (m,).

    Returns
    -------
    NDArray[np.intp]
        Shape (n, min(k, m)); -1 where a row has no more.

    Examples
    --------
    >>> best_columns(np.array([[1.0, 3.0, 3.0]], np.float32), 2, np.array([0, 2, 1])).tolist()
    [[2, 1]]
    """
    n, m = scores.shape
    k = min(k, m)
    best = np.full((n, k), -1, dtype=np.intp)
    if not n or not k:
        return best
    high = scores >= _bounds(scores, k)[:, np.newaxis]
    counts = np.count_nonzero(high, axis=1)
    for row in np.flatnonzero(counts > _CROWD * k):
        high[row] = False
        high[row, _with_ties(scores[row], k, order)] = True
    rows, columns = np.divmod(np.flatnonzero(high), m)
    sorted_ = np.lexsort((order[columns], -scores[rows, columns], rows))
    rows, columns = rows[sorted_], columns[sorted_]
    places = np.arange(len(rows)) - np.searchsorted(rows, np.arange(n))[rows]
    first = places < k
    best[rows[first], places[first]] = columns[first]
    return best


def _bounds(scores: Floats, k: int) -> NDArray[np.floating]:
    """Return for each row a score that at least k others reach, if k are finite.

    The columns are dealt out to many groups. The k-th highest of the groups' maxima is such a
    score, near to the k-th highest of all, and found several times as fast.
    """
    n, m = scores.shape
    groups = _GROUPS * k
    deep = m // groups
    if deep > 1:
        whole = groups * deep
        highest = scores[:, :whole].reshape(n, deep, groups).max(axis=1)
        rest = highest[:, : m - whole]
        np.maximum(rest, scores[:, whole:], out=rest)
        scores = highest
    kth = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k]
    return np.maximum(kth, np.finfo(scores.dtype).min)  # minus infinity is not ranked


def _with_ties(scores: Floats, k: int, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the columns of the k highest scores of one row, at least k of which are finite."""
    lowest = np.partition(scores, len(scores) - k)[len(scores) - k]
    higher = np.flatnonzero(scores > lowest)
    equal = np.flatnonzero(scores == lowest)
    first = equal[np.argsort(order[equal])][: k - len(higher)]
    return np.concatenate([higher, first])
