"""An image encoder that tests can follow by eye: the mean colour of a photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.image_encoder import Photo, picture

__all__ = ["ColourEncoder"]


class ColourEncoder:
    """Two photos are alike as far as their mean colours are."""

    name = "colours"
    fingerprint = "fedcba9876543210"
    dimension = 3

    def __init__(self) -> None:
        self.encoded = 0

    def encode(
        self, photos: Sequence[Photo], on_batch: Callable[[int], None] | None = None
    ) -> Floats:
        vectors = np.zeros((len(photos), self.dimension), dtype=np.float32)
        for row, photo in enumerate(photos):
            vectors[row] = np.asarray(picture(photo), dtype=np.float32).mean(axis=(0, 1)) + 1
        self.encoded += len(photos)
        if on_batch is not None:
            on_batch(len(photos))
        return normalise(vectors)
