"""Opening photos: upright, RGB, on white, and never worse than a `PhotoError`."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
import stat
import struct
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from PIL import Image, ImageFile, UnidentifiedImageError

from vlm4rec.catalog.likeness import likeness, shrunk
from vlm4rec.errors import PhotoError

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "PHOTO_SUFFIXES",
    "PhotoFacts",
    "inspect_photo",
    "inspect_photo_bytes",
    "open_photo",
]

MAX_PIXELS = 100_000_000
"""A photo of more pixels is refused before it is decoded."""

MAX_BYTES = 300_000_000
"""A photo file of more bytes is refused before it is read."""

PHOTO_SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
)
"""How the names of photo files end, in lower case."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What is known of a photo that was decoded whole.

    Parameters
    ----------
    sha256
        The hash of the file's bytes, 64 hexadecimal digits.
    width, height
        In pixels, upright.
    format
        What it really is, whatever its name: ``"JPEG"``, ``"PNG"``.
    bytes
        The size of the file.
    mtime_ns
        When the file was last changed, in nanoseconds since 1970.
    likeness
        Its signature, None for a photo without contrast (see `vlm4rec.catalog.likeness`).
    """

    sha256: str
    width: int
    height: int
    format: str
    bytes: int
    mtime_ns: int
    likeness: str | None = None


def open_photo(path: str | Path) -> Image.Image:
    """Open a photo as RGB: turned upright as its EXIF says, transparency laid on white.

    Raises
    ------
    PhotoError
        If it can't be used; its ``code`` is one of ``missing``, ``empty``, ``not-an-image``,
        ``truncated``, ``too-large`` and ``unreadable``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "boot.png"
    ...     Image.new("RGBA", (2, 1), (0, 0, 0, 0)).save(path)
    ...     open_photo(path).getpixel((0, 0))
    (255, 255, 255)
    """
    content, _ = _read(path)
    with _decoding(str(path)), _opened(content, str(path)) as image:
        return _as_rgb(_upright(image))


def inspect_photo(path: str | Path) -> PhotoFacts:
    """Decode a photo whole and return what is known of it then; raises as `open_photo`."""
    content, status = _read(path)
    return inspect_photo_bytes(content, str(path), status.st_mtime_ns)


def inspect_photo_bytes(content: bytes, name: str, mtime_ns: int = 0) -> PhotoFacts:
    """Do as `inspect_photo` with the content of a photo; ``name`` stands for it in messages."""
    if not content:
        raise _empty(name)
    with _decoding(name), _opened(content, name) as image:
        image.load()
        width, height = image.size
        orientation = _orientation(image)
        if orientation >= 5:
            width, height = height, width
        format_ = "JPEG" if image.format == "MPO" else image.format or ""
        signature = likeness(_as_rgb(_turned(shrunk(image), orientation)))
    sha256 = hashlib.sha256(content).hexdigest()
    return PhotoFacts(sha256, width, height, format_, len(content), mtime_ns, signature)


def _read(path: str | Path) -> tuple[bytes, os.stat_result]:
    try:
        with _open_regular(path) as file:
            status = os.fstat(file.fileno())
            if status.st_size == 0:
                raise _empty(str(path))
            if status.st_size > MAX_BYTES:
                raise _too_large(str(path), f"{status.st_size / 1e6:,.0f} MB")
            return file.read(), status
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise PhotoError(
            f"{path} is not there.", "Check the path, or copy the photo there.", code="missing"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise PhotoError(
            f"{path} can't be read: {reason}.", "Check the file and its permissions."
        ) from None


def _open_regular(path: str | Path) -> io.BufferedReader:
    """Open a file; a folder, pipe or device would hang or surprise, and is refused."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a str may hold what no Path may
        raise PhotoError(f"{path} is not a file.", "Give the photo itself.", code="not-an-image")
    return open(path, "rb")  # noqa: PTH123


@contextlib.contextmanager
def _opened(content: bytes, name: str) -> Iterator[ImageFile.ImageFile]:
    """Open the header and judge it; nothing is decoded yet."""
    try:
        opened = Image.open(io.BytesIO(content), formats=_formats())
    except UnidentifiedImageError:
        raise (_truncated if content.startswith(_STARTS) else _not_an_image)(name) from None
    with opened as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise _too_large(name, f"{width:,} x {height:,} pixels")
        yield image


@functools.cache
def _formats() -> tuple[str, ...]:
    """Name the formats to accept that this Pillow can open: raster images, no programs."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


@contextlib.contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a `PhotoError`: a hostile file may raise anything."""
    try:
        with _pillow_quiet:
            yield
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(name, f"over {MAX_PIXELS:,} pixels") from None
    except MemoryError:
        raise _too_large(name, "more than fits in memory") from None
    except Exception as error:
        if "truncated" in str(error).lower() or isinstance(error, (EOFError, struct.error)):
            raise _truncated(name) from None
        raise PhotoError(
            f"{name} can't be decoded: {error}.", "Save the photo again as JPEG or PNG."
        ) from None


def _empty(name: str) -> PhotoError:
    return PhotoError(f"{name} is empty.", "Copy or download it again.", code="empty")


def _too_large(name: str, size: str) -> PhotoError:
    return PhotoError(
        f"{name} is too large: {size}.",
        f"Save it with at most {MAX_PIXELS // 10**6} million pixels.",
        code="too-large",
    )


def _truncated(name: str) -> PhotoError:
    return PhotoError(
        f"{name} is cut short or damaged.", "Copy or download it again.", code="truncated"
    )


def _not_an_image(name: str) -> PhotoError:
    formats = ", ".join(_FORMATS[:-1])
    return PhotoError(
        f"{name} is not a photo that can be opened.",
        f"Save it as one of {formats} and {_FORMATS[-1]}.",
        code="not-an-image",
    )


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) where the EXIF data is broken or absent."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    return _turned(image, _orientation(image))


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    method = _UPRIGHT.get(orientation)
    return image if method is None else image.transpose(method)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    return _on_white(image.convert("RGBA"))


def _on_white(layer: Image.Image) -> Image.Image:
    white = Image.new("RGB", layer.size, "white")
    white.paste(layer, mask=layer.getchannel("A"))
    return white


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale grey of 16 or 32 bits, or of fractions, to 8 bits."""
    wide = image.convert("I").convert("F") if image.mode != "F" else image.copy()
    wide.info.pop("transparency", None)
    _, high = cast("tuple[float, float]", wide.getextrema())
    ranges: tuple[float, ...] = (1.0, 255.0) if image.mode == "F" else (255.0,)
    if image.mode.startswith("I;16"):
        ranges = (65_535.0,)
    top = next((each for each in (*ranges, 65_535.0) if high <= each), high)
    return wide.point(lambda value: value * (255.0 / top)).convert("L")


class _PillowQuiet:
    """Ignores Pillow's warnings while any thread is inside.

    `warnings.catch_warnings` is not safe here: of two threads that overlap, the one that leaves
    last brings back the other's filters for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._filter: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                warnings.filterwarnings("ignore", module=r"PIL\b")
                self._filter = warnings.filters[0]

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                with contextlib.suppress(ValueError):  # a test runner may have reset the filters
                    cast("list[Any]", warnings.filters).remove(self._filter)


_pillow_quiet = _PillowQuiet()
