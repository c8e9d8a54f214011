"""Item vectors made of blocks of features: one vector an item, one dot product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.arrays import chunks
from vlm4rec.encoding.encode import weight_shares
from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.vectors import Block
from vlm4rec.encoding.whitening import Whitening
from vlm4rec.errors import DataError
from vlm4rec.recommending.method import ItemFeatures

__all__ = ["BlockSpec", "BlockVectors", "block_specs", "block_vectors", "whitened_features"]


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """One block of item vectors.

    Parameters
    ----------
    name
        The kind of features, as in `vlm4rec.recommending.method.ItemFeatures`.
    weight
        Its weight relative to those of the other blocks, positive.
    whiten
        The shrinkage of its whitening, from 0 to 1; None leaves the features as they are.
    """

    name: str
    weight: float = 1.0
    whiten: float | None = None


@dataclass(frozen=True)
class BlockVectors:
    """Item vectors, and the blocks that they are made of.

    Parameters
    ----------
    matrix
        float32, shape (n items, sum of the blocks' lengths): rows of length 1, and rows of zeros
        for items that have none of the blocks.
    blocks
        The blocks, in the order of the columns.
    """

    matrix: Floats
    blocks: tuple[Block, ...]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which items have a vector: shape (n items,)."""
        return np.asarray(self.matrix.any(axis=1))

    def lengths(self) -> NDArray[np.float64]:
        """Return how long each block of each vector is: shape (n items, n blocks)."""
        stretches = [self.matrix[:, block.start : block.stop] for block in self.blocks]
        squares = [np.einsum("nd,nd->n", part, part, dtype=np.float64) for part in stretches]
        return np.asarray(np.sqrt(np.stack(squares, axis=1)))


def block_specs(
    blocks: str | Sequence[str | BlockSpec] | Mapping[str, float], *, whiten: float | None = None
) -> tuple[BlockSpec, ...]:
    """Return the blocks that are meant.

    Parameters
    ----------
    blocks
        One name, several, their weights by name, or blocks as they are.
    whiten
        The shrinkage for those that are given by name.

    Raises
    ------
    DataError
        If there is none, one comes twice, a weight is not positive or a shrinkage out of range.

    Examples
    --------
    >>> block_specs({"title": 2, "image": 1}, whiten=0.1)[1]
    BlockSpec(name='image', weight=1, whiten=0.1)
    """
    if isinstance(blocks, str):
        blocks = (blocks,)
    if isinstance(blocks, Mapping):
        blocks = [BlockSpec(name, weight, whiten) for name, weight in blocks.items()]
    specs = tuple(
        BlockSpec(block, whiten=whiten) if isinstance(block, str) else block for block in blocks
    )
    names = [spec.name for spec in specs]
    if not specs:
        raise DataError("Item vectors need at least one block of features.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"The block {twice!r} is named twice.", "Give it a weight instead.")
    weight_shares(names, {spec.name: spec.weight for spec in specs})
    for spec in specs:
        if spec.whiten is not None and not 0 <= spec.whiten <= 1:
            raise DataError(f"The shrinkage of {spec.name} must be from 0 to 1, not {spec.whiten}.")
    return specs


def block_vectors(features: ItemFeatures, specs: Sequence[BlockSpec]) -> BlockVectors:
    """Make item vectors of blocks, as `vlm4rec.encoding.encode.encode_documents` does of texts.

    Each block is normalised, whitened if asked, scaled by the square root of its weight and put
    beside the others; then the whole is normalised. A block that an item lacks is zeros, and the
    others make up for it. Blocks of different dimensions are no matter: what counts is their
    weight. A block that is the same for all items has no directions to whiten, and stays as it is
    beside others.

    Parameters
    ----------
    features
        Of all covered items; whitening is fitted on all that have the block.
    specs
        The blocks; see `block_specs`.

    Raises
    ------
    DataError
        If there is no such kind of features, or the only block can't be whitened.

    Examples
    --------
    >>> features = ItemFeatures(("a",), {"title": lambda: np.ones((1, 1), np.float32),
    ...                                  "image": lambda: np.ones((1, 2), np.float32)})
    >>> specs = block_specs({"title": 0.64, "image": 0.36})
    >>> block_vectors(features, specs).matrix.round(2).tolist()
    [[0.800000011920929, 0.41999998688697815, 0.41999998688697815]]
    """
    shares = weight_shares(
        [spec.name for spec in specs], {spec.name: spec.weight for spec in specs}
    )
    parts = [features[spec.name] for spec in specs]
    ends = np.cumsum([0, *(part.shape[1] for part in parts)]).tolist()
    matrix = np.zeros((len(features.ids), ends[-1]), dtype=np.float32)
    blocks = []
    for spec, part, share, start, stop in zip(
        specs, parts, shares, ends[:-1], ends[1:], strict=True
    ):
        place = matrix[:, start:stop]
        normalise(part, out=place)
        if spec.whiten is not None:
            _whiten(place, spec, alone=len(specs) == 1)
        place *= np.float32(share**0.5)
        blocks.append(Block(spec.name, start, stop, share))
    if len(blocks) > 1:
        normalise(matrix, out=matrix)
    return BlockVectors(matrix, tuple(blocks))


def whitened_features(features: ItemFeatures, shrinkage: float) -> ItemFeatures:
    """Return features that are whitened when first asked for, and kept.

    Where many weights of blocks are tried, each block is so whitened only once.

    Parameters
    ----------
    features
        Of all covered items.
    shrinkage
        From 0 to 1; see `vlm4rec.encoding.whitening.Whitening`.

    Raises
    ------
    DataError
        If the shrinkage is out of range.
    """
    block_specs(features.names or "any", whiten=shrinkage)
    makers = {name: partial(_whitened, features, name, shrinkage) for name in features.names}
    return ItemFeatures(features.ids, makers)


def _whitened(features: ItemFeatures, name: str, shrinkage: float) -> Floats:
    block = normalise(features[name])
    _whiten(block, BlockSpec(name, whiten=shrinkage), alone=False)
    return block


def _whiten(block: Floats, spec: BlockSpec, *, alone: bool) -> None:
    """Whiten the rows of a block that are not zeros, in place."""
    if spec.whiten is None:
        return
    rows = np.flatnonzero(block.any(axis=1))
    try:
        whitening = Whitening.fit(block, shrinkage=spec.whiten, rows=rows)
    except DataError as error:
        if not alone:
            return
        raise DataError(f"The block {spec.name!r} can't be whitened.", error.message) from error
    for part in chunks(len(rows)):
        block[rows[part]] = whitening.apply(block[rows[part]])
