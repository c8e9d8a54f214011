"""The seam to indexes: finding the items nearest to a query vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats

__all__ = ["Hits", "Index"]


@dataclass(frozen=True, slots=True)
class Hits:
    """The items found for one query, best first; equal scores in ascending order of id.

    Parameters
    ----------
    ids
        Item ids.
    scores
        float64, the dot product of each item with the query.
    """

    ids: tuple[str, ...]
    scores: NDArray[np.float64]


class Index(Protocol):
    """Finds nearest items by dot product.

    Vectors are float32 of one dimension. Ids are unique strings.
    """

    @property
    def dimension(self) -> int:
        """The length of the vectors."""
        ...

    def __len__(self) -> int:
        """Return the number of items."""
        ...

    def search(
        self,
        queries: Floats,
        k: int,
        *,
        exclude: Sequence[Sequence[str]] | None = None,
        only: Sequence[str] | None = None,
    ) -> list[Hits]:
        """Find the k best items for each query, fewer only where fewer are allowed.

        Parameters
        ----------
        queries
            float32, shape (n queries, dimension).
        k
            How many items, at least 1.
        exclude
            For each query, ids that must not come back; unknown ids are no matter.
        only
            Ids that may come back at all, for every query; None allows all.
        """
        ...

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        """Add items; an id that is there already gets the new vector."""
        ...

    def remove(self, ids: Sequence[str]) -> int:
        """Remove items; return how many were there."""
        ...

    def save(self, folder: Path) -> None:
        """Write the index into a folder."""
        ...

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an index that `save` wrote."""
        ...
