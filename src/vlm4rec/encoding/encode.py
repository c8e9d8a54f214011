"""From documents to item vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import Document
from vlm4rec.encoding.encoder import Floats, TextEncoder, normalise
from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.encoding.whitening import Whitening
from vlm4rec.errors import DataError

__all__ = ["BlockOptions", "encode_documents", "encode_texts", "weight_shares"]

_CHUNK = 2048


@dataclass(frozen=True, slots=True)
class BlockOptions:
    """How blocks become one vector.

    Parameters
    ----------
    whiten
        Whether each block is whitened (`vlm4rec.encoding.whitening.Whitening`).
    shrinkage
        The shrinkage of the whitening, from 0 to 1.
    weights
        Relative weights of blocks by name; 1 for those not named.
    """

    whiten: bool = False
    shrinkage: float = 0.1
    weights: Mapping[str, float] = field(default_factory=dict)


def encode_texts(
    texts: Sequence[str],
    encoder: TextEncoder,
    cache: VectorCache,
    progress: Callable[[int, int | None], None] | None = None,
) -> int:
    """Put the vectors of texts into the cache; return how many were not there before.

    Each chunk is kept as soon as it is done, so that a stopped run goes on where it was.
    """
    missing = cache.missing(texts)
    done = 0
    if progress is not None:
        progress(0, len(missing))

    def count(batch: int) -> None:
        nonlocal done
        done += batch
        if progress is not None:
            progress(done, len(missing))

    for start in range(0, len(missing), _CHUNK):
        chunk = missing[start : start + _CHUNK]
        cache.add(chunk, encoder.encode(chunk, count))
    return len(missing)


def encode_documents(
    documents: Sequence[Document],
    blocks: Sequence[str],
    cache: VectorCache,
    options: BlockOptions | None = None,
) -> ItemVectors:
    """Make item vectors of documents whose texts are in the cache.

    Each block is normalised, whitened if asked, scaled by the square root of its weight and put
    beside the others; then the whole is normalised. The dot product of two items that have all
    blocks is so the weighted mean of the blocks' cosines. A block that an item lacks is zeros,
    and the others make up for it.

    Parameters
    ----------
    documents
        One for each covered item, sorted by item id.
    blocks
        The names of the recipe's blocks, in order.
    cache
        Holds the vector of each text.
    options
        Whitening and weights.

    Raises
    ------
    DataError
        If there is nothing to encode, a weight is not positive or names no block.
    """
    options = options or BlockOptions()
    shares = weight_shares(blocks, options.weights)
    if not documents:
        raise DataError("No item is covered by this recipe.", "Ground the shop first.")
    parts: list[Floats] = []
    whitening: dict[str, Whitening] = {}
    for name, share in zip(blocks, shares, strict=True):
        block, fitted = _block(documents, name, blocks, cache, options)
        parts.append(block * np.float32(share**0.5))
        if fitted is not None:
            whitening[name] = fitted
    d = cache.dimension
    return ItemVectors(
        ids=tuple(document.item for document in documents),
        matrix=normalise(np.hstack(parts)),
        blocks=tuple(
            Block(name, number * d, (number + 1) * d, share)
            for number, (name, share) in enumerate(zip(blocks, shares, strict=True))
        ),
        hashes=tuple(document.hash for document in documents),
        whitening=whitening,
    )


def _block(
    documents: Sequence[Document],
    name: str,
    blocks: Sequence[str],
    cache: VectorCache,
    options: BlockOptions,
) -> tuple[Floats, Whitening | None]:
    rows = [row for row, document in enumerate(documents) if name in document.texts]
    vectors = normalise(cache.get([documents[row].texts[name] for row in rows]))
    whitening = None
    # A facet that is the same wherever it is said has no directions to whiten.
    varied = len({documents[row].texts[name] for row in rows}) > 1
    if options.whiten and (varied or len(blocks) == 1):
        whitening = Whitening.fit(vectors, shrinkage=options.shrinkage)
        vectors = whitening.apply(vectors)
    block = np.zeros((len(documents), cache.dimension), dtype=np.float32)
    block[rows] = vectors
    return block, whitening


def weight_shares(blocks: Sequence[str], weights: Mapping[str, float]) -> list[float]:
    """Return the share of each block: its weight, 1 by default, scaled so that all add up to 1.

    Raises
    ------
    DataError
        If a weight is not positive or names no block.

    Examples
    --------
    >>> weight_shares(["category", "colour"], {"category": 3})
    [0.75, 0.25]
    """
    for name, weight in weights.items():
        if name not in blocks:
            raise DataError(
                f"There is no block {name!r} to weight.", f"Blocks: {', '.join(blocks)}."
            )
        if not 0 < weight < float("inf"):
            raise DataError(f"The weight of {name} must be a positive number, not {weight}.")
    raw = [weights.get(name, 1.0) for name in blocks]
    return [weight / sum(raw) for weight in raw]
