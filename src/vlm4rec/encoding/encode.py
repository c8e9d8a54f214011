"""From documents to item vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vlm4rec.encoding.arrays import chunks
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import Document
from vlm4rec.encoding.encoder import Floats, TextEncoder, checked_vectors, normalise
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

    Raises
    ------
    EncoderError
        If the encoder gives something else than a finite vector of its dimension for each text.
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
        given = encoder.encode(chunk, count)
        cache.add(chunk, checked_vectors(given, chunk, "text", encoder.name, encoder.dimension))
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
    ShopDamagedError
        If the vector of a text is not in the cache.
    """
    options = options or BlockOptions()
    shares = weight_shares(blocks, options.weights)
    if not documents:
        raise DataError(
            "No item is covered by this recipe.",
            "Ground the shop first; a template can name the shop's own columns as {item_NAME}.",
        )
    d = cache.dimension
    places = [slice(number * d, (number + 1) * d) for number in range(len(blocks))]
    matrix = np.zeros((len(documents), len(blocks) * d), dtype=np.float32)
    whitening: dict[str, Whitening] = {}
    for name, place, share in zip(blocks, places, shares, strict=True):
        block = matrix[:, place]
        fitted = _fill(block, documents, name, cache, options, alone=len(blocks) == 1)
        block *= np.float32(share**0.5)
        if fitted is not None:
            whitening[name] = fitted
    return ItemVectors(
        ids=tuple(document.item for document in documents),
        matrix=normalise(matrix, out=matrix),
        blocks=tuple(
            Block(name, place.start, place.stop, share)
            for name, place, share in zip(blocks, places, shares, strict=True)
        ),
        hashes=tuple(document.hash for document in documents),
        whitening=whitening,
    )


def _fill(
    block: Floats,
    documents: Sequence[Document],
    name: str,
    cache: VectorCache,
    options: BlockOptions,
    *,
    alone: bool,
) -> Whitening | None:
    """Put the vectors of one block in their place, whitened if asked."""
    found = [row for row, document in enumerate(documents) if name in document.texts]
    rows = np.array(found, dtype=np.intp)
    for part in chunks(len(rows)):
        texts = [documents[row].texts[name] for row in found[part]]
        block[rows[part]] = normalise(cache.get(texts))
    # A facet that is the same wherever it is said has no directions to whiten.
    varied = len({documents[row].texts[name] for row in found}) > 1
    if not options.whiten or not (varied or alone):
        return None
    whitening = Whitening.fit(block, shrinkage=options.shrinkage, rows=rows)
    for part in chunks(len(rows)):
        block[rows[part]] = whitening.apply(block[rows[part]])
    return whitening


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
