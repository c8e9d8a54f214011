"""Item vectors: one a covered item, with the blocks that each is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from vlm4rec.encoding.arrays import save_array
from vlm4rec.encoding.encoder import Floats
from vlm4rec.encoding.whitening import Whitening
from vlm4rec.errors import ShopDamagedError
from vlm4rec.storage import write_parquet

__all__ = ["Block", "ItemVectors"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of columns in the item vectors.

    Parameters
    ----------
    name
        ``"text"``, or the facet it encodes.
    start, stop
        Its columns, as in ``vector[start:stop]``.
    weight
        Its share of the similarity: the weights of all blocks add up to 1.
    """

    name: str
    start: int
    stop: int
    weight: float = 1.0


@dataclass(frozen=True)
class ItemVectors:
    """The vectors of the covered items, each of length 1, sorted by item id.

    Parameters
    ----------
    ids
        Item ids in ascending order.
    matrix
        float32, shape (n items, sum of the blocks' lengths), C order.
    blocks
        The blocks, in the order of the columns.
    hashes
        The hash of the document that each vector was made of.
    whitening
        The whitening of each block, by its name; none for blocks that are not whitened.

    Examples
    --------
    >>> vectors = ItemVectors(("a",), np.ones((1, 1), np.float32), (Block("text", 0, 1),), ("",))
    >>> vectors.row("a"), vectors.row("b")
    (0, None)
    """

    ids: tuple[str, ...]
    matrix: Floats
    blocks: tuple[Block, ...]
    hashes: tuple[str, ...]
    whitening: Mapping[str, Whitening] = field(default_factory=dict)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, id_: str) -> int | None:
        """Return the row of an item, or None if it is not covered."""
        return self._rows.get(id_)

    def rows(self, ids: Sequence[str]) -> list[int]:
        """Return the rows of those of the items that are covered."""
        found = (self._rows.get(id_) for id_ in ids)
        return [row for row in found if row is not None]

    def save(self, folder: Path) -> None:
        """Write the vectors into a folder of their own."""
        folder.mkdir(parents=True, exist_ok=True)
        _save_array(folder / "vectors.npy", self.matrix)
        for name, whitening in self.whitening.items():
            _save_array(folder / f"whitening-{name}-mean.npy", whitening.mean)
            _save_array(folder / f"whitening-{name}-matrix.npy", whitening.matrix)
        blocks = [
            (b.name, b.start, b.stop, b.weight, b.name in self.whitening) for b in self.blocks
        ]
        columns = ["name", "start", "stop", "weight", "whitened"]
        write_parquet(folder / "blocks.parquet", pl.DataFrame(blocks, schema=columns, orient="row"))
        items = {"id": list(self.ids), "document_sha256": list(self.hashes)}
        write_parquet(folder / "items.parquet", pl.DataFrame(items))

    @classmethod
    def open(cls, folder: Path) -> ItemVectors:
        """Open vectors that `save` wrote; the matrix is mapped, not read.

        Raises
        ------
        FileNotFoundError
            If the folder is not there.
        ShopDamagedError
            If what is there can't be read.
        """
        try:
            table = pl.read_parquet(folder / "blocks.parquet", glob=False)
            items = pl.read_parquet(folder / "items.parquet", glob=False)
            matrix = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
            whitening = {
                name: Whitening(
                    np.load(folder / f"whitening-{name}-mean.npy", allow_pickle=False),
                    np.load(folder / f"whitening-{name}-matrix.npy", allow_pickle=False),
                )
                for name in table.filter("whitened")["name"]
            }
        except FileNotFoundError:
            raise
        except (OSError, ValueError, EOFError, pl.exceptions.PolarsError) as error:
            raise _damaged(folder) from error
        blocks = tuple(Block(*row[:4]) for row in table.iter_rows())
        if matrix.shape != (items.height, blocks[-1].stop if blocks else 0):
            raise _damaged(folder)
        ids, hashes = tuple(items["id"]), tuple(items["document_sha256"])
        return cls(ids, matrix, blocks, hashes, whitening)


def _damaged(folder: Path) -> ShopDamagedError:
    return ShopDamagedError(
        f"The vectors in {folder} can't be read.", "Make them anew: vlm4rec encode SHOP --again"
    )


def _save_array(path: Path, array: Floats) -> None:
    save_array(path, np.asarray(array, dtype=np.float32))
