"""A text encoder that tests can follow by eye: words, hashed into a few dimensions."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from vlm4rec.encoding.encoder import Floats, normalise

__all__ = ["WordEncoder"]


class WordEncoder:
    """Two texts are alike as far as they share words."""

    name = "words"
    fingerprint = "0123456789abcdef"
    dimension = 256

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, zlib.crc32(word.encode()) % self.dimension] += 1
        if on_batch is not None:
            on_batch(len(texts))
        return normalise(vectors)
