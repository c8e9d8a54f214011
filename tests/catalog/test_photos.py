from __future__ import annotations

import hashlib
import io
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vlm4rec.catalog import photos
from vlm4rec.catalog.photos import inspect_photo, inspect_photo_bytes, open_photo
from vlm4rec.errors import PhotoError

RED, WHITE = (255, 0, 0), (255, 255, 255)


def encoded(image: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def noise(size: tuple[int, int] = (64, 64)) -> Image.Image:
    return Image.effect_noise(size, 50).convert("RGB")


def png_header(width: int, height: int) -> bytes:
    """Make a PNG that says it is so large and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0")), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def write(folder: Path, content: bytes, name: str = "photo.jpg") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "text": (b"this is not a photo", "not-an-image"),
    "html": (b"<!doctype html><p>404", "not-an-image"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not-an-image"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not-an-image"),
    "half a jpeg": (encoded(noise(), "JPEG")[:900], "truncated"),
    "half a png": (encoded(noise())[:3_000], "truncated"),
    "start of a jpeg": (encoded(noise(), "JPEG")[:12], "truncated"),
    "start of a png": (encoded(noise())[:12], "truncated"),
    "over the limit": (png_header(10_001, 10_000), "too-large"),
    "bomb": (png_header(60_000, 60_000), "too-large"),
    "says more than it holds": (png_header(64, 64), "truncated"),
}


@pytest.mark.parametrize("look", [open_photo, inspect_photo])
@pytest.mark.parametrize("case", BAD)
def test_a_bad_photo_is_a_photo_error_that_names_it(
    tmp_path: Path, case: str, look: Callable[[Path], object]
) -> None:
    content, code = BAD[case]
    path = write(tmp_path, content)
    with pytest.raises(PhotoError) as caught:
        look(path)
    assert caught.value.code == code
    assert caught.value.message.startswith(f"{path} ")
    assert caught.value.message.endswith(".")
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize("path", ["absent.jpg", "a\0b.jpg", "x" * 5_000, "file/inside.jpg"])
def test_a_missing_photo_says_so(tmp_path: Path, path: str) -> None:
    write(tmp_path, b"x", "file")
    with pytest.raises(PhotoError) as caught:
        open_photo(f"{tmp_path}/{path}")
    assert caught.value.code in ("missing", "unreadable")


def test_a_folder_or_pipe_is_no_photo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(PhotoError, match="is not a file") as caught:
            open_photo(path)
        assert caught.value.code == "not-an-image"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_photo_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path, encoded(noise()))
    path.chmod(0)
    with pytest.raises(PhotoError, match="permissions"):
        open_photo(path)


def test_a_file_of_too_many_bytes_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "MAX_BYTES", 10)
    with pytest.raises(PhotoError) as caught:
        open_photo(write(tmp_path, encoded(noise())))
    assert caught.value.code == "too-large"


def test_between_the_limit_of_pillow_and_ours_a_photo_opens_without_a_warning(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, encoded(Image.new("1", (10_000, 9_900)), compress_level=1))
    assert inspect_photo(path).width == 10_000


@pytest.mark.parametrize(
    ("mode", "colour", "format_"),
    [
        ("RGB", RED, "PNG"),
        ("RGB", RED, "BMP"),
        ("RGB", RED, "WEBP"),
        ("RGB", RED, "TIFF"),
        ("RGB", RED, "GIF"),
        ("P", None, "PNG"),
        ("CMYK", (0, 255, 255, 0), "JPEG"),
        ("CMYK", (0, 255, 255, 0), "TIFF"),
        ("RGBA", (*RED, 255), "PNG"),
        ("YCbCr", (76, 85, 255), "JPEG"),
    ],
)
def test_red_is_red_in_every_mode(
    tmp_path: Path, mode: str, colour: tuple[int, ...] | None, format_: str
) -> None:
    options = {"lossless": True} if format_ == "WEBP" else {}
    flat = Image.new("RGB", (16, 16), RED).convert("P") if colour is None else None
    image = flat or Image.new(mode, (16, 16), colour)
    opened = open_photo(write(tmp_path, encoded(image, format_, **options)))
    assert opened.mode == "RGB"
    pixel = opened.getpixel((8, 8))
    assert isinstance(pixel, tuple)
    assert all(abs(one - other) <= 3 for one, other in zip(pixel, RED, strict=True))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1"])
def test_transparency_lies_on_white(tmp_path: Path, mode: str) -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    options: dict[str, Any] = {}
    image = clear if mode == "RGBA" else Image.new("L", (4, 4), 0)
    if mode == "LA":
        image = clear.convert("LA")
    if mode in ("P", "1"):
        image, options = Image.new(mode, (4, 4), 0), {"transparency": 0}
    opened = open_photo(write(tmp_path, encoded(image, **options)))
    assert opened.mode == "RGB"
    assert opened.getpixel((1, 1)) == WHITE


def test_half_transparency_is_blended(tmp_path: Path) -> None:
    opened = open_photo(write(tmp_path, encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 51)))))
    assert opened.getpixel((0, 0)) == (204, 204, 204)


@pytest.mark.parametrize(
    ("mode", "value", "format_"),
    [
        ("I;16", 32_896, "PNG"),
        ("I;16", 32_896, "TIFF"),
        ("I", 32_896, "TIFF"),
        ("I", 128, "TIFF"),
        ("F", 0.502, "TIFF"),
        ("F", 128.0, "TIFF"),
        ("L", 128, "PNG"),
    ],
)
def test_grey_of_any_depth_is_scaled_to_eight_bits(
    tmp_path: Path, mode: str, value: float, format_: str
) -> None:
    opened = open_photo(write(tmp_path, encoded(Image.new(mode, (4, 4), value), format_)))
    assert opened.mode == "RGB"
    red, *_ = opened.getpixel((0, 0)) or ()  # type: ignore[misc]
    assert abs(red - 128) <= 1


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    assert open_photo(write(tmp_path, encoded(Image.new("1", (4, 4), 1)))).getpixel((0, 0)) == WHITE


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_turns_a_photo_upright(tmp_path: Path, orientation: int, format_: str) -> None:
    upright = Image.new("RGB", (40, 20), WHITE)
    upright.paste(RED, (0, 0, 8, 8))
    undo = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    method = photos._UPRIGHT.get(undo)
    stored = upright if method is None else upright.transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"lossless": True} if format_ == "WEBP" else {}
    path = write(tmp_path, encoded(stored, format_, exif=exif, **options))
    opened = open_photo(path)
    facts = inspect_photo(path)
    assert opened.size == (facts.width, facts.height) == (40, 20)
    red, green, _ = opened.getpixel((2, 2)) or ()  # type: ignore[misc]
    assert red > 200
    assert green < 80


def test_broken_exif_does_not_lose_the_photo(tmp_path: Path) -> None:
    broken = b"Exif\0\0" + b"II*\0\xff\xff\xff\x7f" + b"\xff" * 40
    path = write(tmp_path, encoded(noise(), "JPEG", exif=broken))
    assert open_photo(path).size == (64, 64)
    assert inspect_photo(path).width == 64


def test_the_first_frame_of_an_animation_is_the_photo(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, WHITE)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_photo(write(tmp_path, content)).getpixel((0, 0)) == RED


def test_facts_are_of_the_content_not_of_the_name(tmp_path: Path) -> None:
    content = encoded(Image.new("RGB", (3, 5)))
    path = write(tmp_path, content, "liar.jpg")
    facts = inspect_photo(path)
    assert facts.format == "PNG"
    assert facts.sha256 == hashlib.sha256(content).hexdigest()
    assert (facts.width, facts.height, facts.bytes) == (3, 5, len(content))
    assert facts.mtime_ns == path.stat().st_mtime_ns
    assert inspect_photo_bytes(content, "x", facts.mtime_ns) == facts


def test_a_photo_of_several_pictures_is_a_jpeg(tmp_path: Path) -> None:
    content = encoded(noise(), "MPO", save_all=True, append_images=[noise()])
    assert inspect_photo(write(tmp_path, content)).format == "JPEG"


def test_the_file_is_closed_and_may_be_removed(tmp_path: Path) -> None:
    path = write(tmp_path, encoded(noise()))
    opened = open_photo(path)
    path.unlink()
    assert opened.resize((2, 2)).size == (2, 2)


def test_warnings_of_others_stay_as_they_were(tmp_path: Path) -> None:
    path = write(tmp_path, encoded(noise()))
    before = list(warnings.filters)
    threads = [threading.Thread(target=inspect_photo, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


STARTS = (b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\0\0\0WEBPVP8 ",
          b"II*\0\x08\0\0\0", b"BM", b"\0\0\0\x1cftypavif")  # fmt: skip


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_photo_errors(start: bytes, rest: bytes) -> None:
    try:
        facts = inspect_photo_bytes(start + rest, "photo")
    except PhotoError:
        return
    assert facts.sha256 == hashlib.sha256(start + rest).hexdigest()


@given(
    whole=st.sampled_from(
        [encoded(noise((16, 16)), format_) for format_ in ("JPEG", "PNG", "GIF", "TIFF", "WEBP")]
    ),
    place=st.integers(0, 400),
    byte=st.integers(0, 255),
)
def test_a_flipped_byte_raises_nothing_but_photo_errors(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, place: int, byte: int
) -> None:
    content = bytearray(whole)
    content[place % len(content)] = byte
    path = write(tmp_path_factory.mktemp("flip"), bytes(content))
    try:
        assert open_photo(path).mode == "RGB"
    except PhotoError:
        return
