"""A photo as it goes to a model server."""

from __future__ import annotations

import base64
import io

from PIL import Image

from vlm4rec.catalog.photos import open_photo

__all__ = ["photo_data_url"]

_QUALITY = 90


def photo_data_url(path: str, max_side: int) -> str:
    """Return a photo as a JPEG in a data URL, its longest side at most ``max_side`` pixels.

    Raises
    ------
    PhotoError
        If the photo can't be opened.
    """
    photo = open_photo(path)
    photo.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    photo.save(held, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode("ascii")
