"""Exact search with numpy: the truth that every approximate index is tested against."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vlm4rec.encoding.arrays import save_array
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.index.index import Hits
from vlm4rec.storage import write_parquet

__all__ = ["ExactIndex"]

_BLOCK = 256
_MANY = 2048
_TOLERANCE = 1e-5


class ExactIndex:
    """All dot products, then the k largest.

    Scores are first computed in float32 by BLAS, whose rounding depends on the shape of the
    batch; those near the k-th best are then computed again in float64, one row at a time, so
    that the ranking is the same for any batch and equal vectors tie exactly. Where very many are
    near, equal vectors are computed once.

    Parameters
    ----------
    ids
        Unique item ids, in ascending order.
    vectors
        float32, shape (n items, dimension).

    Examples
    --------
    >>> index = ExactIndex(("a", "b"), np.eye(2, dtype=np.float32))
    >>> index.search(np.array([[0.6, 0.8]], dtype=np.float32), k=1)[0].ids
    ('b',)
    """

    def __init__(self, ids: Sequence[str], vectors: Floats) -> None:
        if len(ids) != len(vectors) or vectors.ndim != 2:
            raise ValueError(f"{len(ids)} ids do not fit vectors of shape {vectors.shape}.")
        if any(a >= b for a, b in pairwise(ids)):
            raise ValueError("The ids must be unique and in ascending order.")
        self._ids = tuple(ids)
        self._vectors = vectors

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self._ids)}

    @property
    def dimension(self) -> int:
        """The length of the vectors."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self._ids)

    def search(
        self,
        queries: Floats,
        k: int,
        *,
        exclude: Sequence[Sequence[str]] | None = None,
        only: Sequence[str] | None = None,
    ) -> list[Hits]:
        """Find the k best items for each query; see `vlm4rec.index.index.Index.search`.

        Raises
        ------
        DataError
            If k is not a whole number of at least 1, or the queries are not finite or of another
            dimension.
        """
        k = _whole(k)
        queries = self._checked(queries)
        masked = exclude or [()] * len(queries)
        allowed = None if only is None else self._mask(only)
        hits: list[Hits] = []
        for start in range(0, len(queries), _BLOCK):
            block = queries[start : start + _BLOCK]
            scores = block @ self._vectors.T
            if allowed is not None:
                scores[:, ~allowed] = -np.inf
            for row, query in enumerate(block):
                scores[row, self._known(masked[start + row])] = -np.inf
                hits.append(self._best(query, scores[row], k))
        return hits

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        """Add items; an id that is there already gets the new vector."""
        if len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids do not fit {len(vectors)} vectors.")
        new = dict(zip(ids, np.asarray(vectors, dtype=np.float32), strict=True))
        if not new:
            return
        stay = [row for row, id_ in enumerate(self._ids) if id_ not in new]
        names = [*(self._ids[row] for row in stay), *new]
        stacked = np.vstack([self._vectors[stay], *new.values()])
        order = sorted(range(len(names)), key=names.__getitem__)
        self._replace([names[row] for row in order], stacked[order])

    def remove(self, ids: Sequence[str]) -> int:
        """Remove items; return how many were there."""
        gone = set(ids)
        stay = [row for row, id_ in enumerate(self._ids) if id_ not in gone]
        removed = len(self._ids) - len(stay)
        if removed:
            self._replace([self._ids[row] for row in stay], self._vectors[stay])
        return removed

    def save(self, folder: Path) -> None:
        """Write ids and vectors into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        save_array(folder / "vectors.npy", self._vectors)
        ids = pl.DataFrame({"id": pl.Series(self._ids, dtype=pl.String)})
        write_parquet(folder / "items.parquet", ids)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an index that `save` wrote; the vectors are mapped, not read."""
        ids = pl.read_parquet(folder / "items.parquet", columns=["id"], glob=False)["id"]
        return cls(tuple(ids), np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False))

    def _replace(self, ids: Sequence[str], vectors: Floats) -> None:
        self._ids = tuple(ids)
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self.__dict__.pop("_rows", None)
        self.__dict__.pop("_first_twins", None)

    def _checked(self, queries: Floats) -> Floats:
        with np.errstate(over="ignore"):
            queries = np.atleast_2d(np.asarray(queries, dtype=np.float32))
        if queries.shape[1] != self.dimension:
            raise DataError(
                f"The query has {queries.shape[1]} dimensions, the index {self.dimension}.",
                "Make the query with the encoder and the document recipe of this shop.",
            )
        if not np.isfinite(queries).all():
            raise DataError("A query holds numbers that are infinite or undefined.")
        return queries

    def _known(self, ids: Sequence[str]) -> list[int]:
        found = (self._rows.get(id_) for id_ in ids)
        return [row for row in found if row is not None]

    def _mask(self, ids: Sequence[str]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self._ids), dtype=np.bool_)
        mask[self._known(ids)] = True
        return mask

    def _best(self, query: Floats, scores: Floats, k: int) -> Hits:
        finite = int(np.count_nonzero(scores > -np.inf))
        k = min(k, finite)
        if k == 0:
            return Hits((), np.zeros(0))
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        rows = np.flatnonzero(scores >= threshold - _TOLERANCE * max(1.0, abs(float(threshold))))
        rows = rows[scores[rows] > -np.inf]
        exact = self._exact(query, rows)
        best = _first(exact, k)
        return Hits(tuple(self._ids[row] for row in rows[best]), exact[best])

    def _exact(self, query: Floats, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of rows in float64; many rows share those of their twins."""
        if len(rows) <= _MANY:
            return self._scores(query, rows)
        twins, places = np.unique(self._first_twins[rows], return_inverse=True)
        return self._scores(query, twins)[places]

    def _scores(self, query: Floats, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        wide = query.astype(np.float64)
        scores = np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            items = self._vectors[rows[part]].astype(np.float64)
            np.einsum("nd,d->n", items, wide, out=scores[part])
        return scores

    @cached_property
    def _first_twins(self) -> NDArray[np.intp]:
        """For each row the first with the same bytes; made when first so many rows tie."""
        first: dict[bytes, int] = {}
        twins = np.empty(len(self._ids), dtype=np.intp)
        for row, vector in enumerate(self._vectors):
            key = hashlib.blake2b(vector.tobytes(), digest_size=16).digest()
            twins[row] = first.setdefault(key, row)
        return twins


def _whole(k: int) -> int:
    try:
        k = operator.index(k)
    except TypeError:
        raise DataError(f"k must be a whole number, not {k!r}.") from None
    if k < 1:
        raise DataError(f"k must be at least 1, not {k}.")
    return k


def _first(scores: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Return the places of the k highest scores, highest first; of equal ones the first."""
    last = np.partition(scores, len(scores) - k)[len(scores) - k]
    higher = np.flatnonzero(scores > last)
    order = np.lexsort((higher, -scores[higher]))
    return np.concatenate([higher[order], np.flatnonzero(scores == last)[: k - len(higher)]])
