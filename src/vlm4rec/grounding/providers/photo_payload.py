"""A photo as it goes to a model server."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageFile

from vlm4rec.catalog.photos import _as_rgb, _decoding, _opened, _read, _upright
from vlm4rec.errors import PhotoError

__all__ = [
    "PHOTO",
    "SentPhoto",
    "checked_jpeg",
    "photo_data_url",
    "photo_jpeg",
    "ready_jpeg",
    "sent_photo",
    "with_photo",
]

PHOTO = f"photo-{uuid.uuid4().hex}"
"""Stands for the photo in a request until `with_photo`; no text of a shop's can hold it."""

_QUALITY = 90
_END = re.compile(rb"\xff\xd9")  # by a pattern it is found in less than half the time
_SCAN = b"\xff\xda"


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as it is sent, and which file it was.

    Parameters
    ----------
    jpeg
        The photo as a JPEG without metadata.
    sha256
        The hash of the file's bytes, 64 hexadecimal digits.
    """

    jpeg: bytes
    sha256: str


def sent_photo(path: str, max_side: int, *, known: str = "") -> SentPhoto:
    """Prepare a photo, its longest side at most ``max_side`` pixels; the file is read once.

    A JPEG that is upright, small enough and holds no metadata stays as it is, byte for byte.
    Every other photo is decoded and written anew, so that no EXIF data, which may tell where
    a photo was taken, leaves the shop.

    Parameters
    ----------
    path
        The file.
    max_side
        In pixels.
    known
        The hash of a file that was decoded whole before; if this is the one, it isn't decoded
        only to see whether it can be.

    Raises
    ------
    PhotoError
        If the photo can't be opened.
    """
    content, _ = _read(path)
    sha256 = hashlib.sha256(content).hexdigest()
    with _decoding(path), _opened(content, path) as image:
        if not _fits(image, content, max_side):
            return SentPhoto(_written(image, max_side), sha256)
        if sha256 != known:
            image.load()
    return SentPhoto(content, sha256)


def photo_jpeg(path: str, max_side: int) -> bytes:
    """Return a photo as `sent_photo` prepares it, without the hash."""
    return sent_photo(path, max_side).jpeg


def checked_jpeg(path: str, max_side: int, sha256: str) -> bytes:
    """Return a photo as `sent_photo` prepares it, if the file is the one that is meant.

    Raises
    ------
    PhotoError
        If the photo can't be opened, or its file has another hash than ``sha256``.
    """
    photo = sent_photo(path, max_side, known=sha256)
    if photo.sha256 != sha256:
        raise PhotoError(
            f"{path} has changed since the catalog was read.",
            "Read the catalog again.",
            code="changed",
        )
    return photo.jpeg


def ready_jpeg(path: str, max_side: int, sha256: str) -> bytes | None:
    """Return a file that can be sent as it is, None for one that is to be looked at closer.

    That is one that needs to be decoded, is not the one that is meant, or can't be opened:
    `checked_jpeg` does it, or says what is wrong with it.
    """
    try:
        content, _ = _read(path)
        if hashlib.sha256(content).hexdigest() != sha256:
            return None
        with _decoding(path), _opened(content, path) as image:
            return content if _fits(image, content, max_side) else None
    except PhotoError:
        return None


def photo_data_url(path: str, max_side: int) -> str:
    """Return a photo as `sent_photo` prepares it, in a data URL."""
    encoded = base64.b64encode(photo_jpeg(path, max_side)).decode("ascii")
    return f"data:image/jpeg;base64,{encoded}"


def with_photo(body: Mapping[str, object], jpeg: bytes) -> bytes:
    """Return a request's body as JSON, the photo in base64 in the place of `PHOTO`.

    >>> with_photo({"data": PHOTO}, b"abc")
    b'{"data": "YWJj"}'
    """
    # The photo is most of the body: to put it in afterwards spares a search for what to escape.
    before, _, after = json.dumps(body).encode().partition(PHOTO.encode())
    return b"".join((before, base64.b64encode(jpeg), after))


def _fits(image: ImageFile.ImageFile, content: bytes, max_side: int) -> bool:
    """Tell whether the file can be sent as it is: nothing to shrink, turn or strip."""
    if image.format != "JPEG" or image.mode != "RGB" or max(image.size) > max_side:
        return False
    if not all(_harmless(name, data) for name, data in getattr(image, "applist", ())):
        return False
    # Phones write more behind the end of the picture, and a cut file has no end.
    start = content.find(_SCAN)
    end = _END.search(content, start) if start > 0 else None
    return end is not None and end.end() == len(content)


def _harmless(name: str, data: bytes) -> bool:
    """Tell whether a segment says nothing but how the pixels are coded."""
    if name == "APP0":
        return data.startswith(b"JFIF\0") and len(data) <= 14
    return name == "APP14" and data.startswith(b"Adobe") and len(data) <= 12


def _written(image: ImageFile.ImageFile, max_side: int) -> bytes:
    small = _decoded(image, max_side)
    # As good as bicubic for making smaller, in half the time of Lanczos.
    small.thumbnail((max_side, max_side), Image.Resampling.HAMMING)
    small.info.clear()  # Pillow would write a comment again
    held = io.BytesIO()
    small.save(held, "JPEG", quality=_QUALITY)
    return held.getvalue()


def _decoded(image: ImageFile.ImageFile, max_side: int) -> Image.Image:
    """Decode upright; a large JPEG at a half, quarter or eighth of its size.

    The colours are as they are coded in a JPEG, which spares two conversions, else RGB.
    """
    if image.format not in ("JPEG", "MPO") or image.mode not in ("RGB", "L"):
        return _as_rgb(_upright(image))
    is_coded = _is_ycc(image)
    image.draft("YCbCr" if is_coded else image.mode, _least(image.size, max_side))
    return _upright(image) if is_coded else _as_rgb(_upright(image))


def _is_ycc(image: ImageFile.ImageFile) -> bool:
    """Tell whether a JPEG is coded as luma and chroma beyond doubt, as nearly all are."""
    components = [component[0] for component in getattr(image, "layer", ())]
    return components == [1, 2, 3] and ("jfif" in image.info or "adobe" not in image.info)


def _least(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Return what is needed of a photo at least, so that it is only made smaller afterwards."""
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
