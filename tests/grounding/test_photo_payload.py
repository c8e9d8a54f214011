"""Photos as they are sent: small, upright, and without a word on who took them where."""

from __future__ import annotations

import base64
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.ExifTags import Base
from PIL.JpegImagePlugin import JpegImageFile

from vlm4rec.errors import PhotoError
from vlm4rec.grounding.providers.photo_payload import (
    PHOTO,
    checked_jpeg,
    photo_data_url,
    photo_jpeg,
    sent_photo,
    with_photo,
)
from vlm4rec.storage import file_hash

WHERE = "somewhere private"


def picture(size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    """A picture whose left half is dark and whose right half is light."""
    image = Image.new("L", size, 40)
    image.paste(220, (size[0] // 2, 0, *size))
    return image.convert(mode)


def saved(image: Image.Image, path: Path, **options: Any) -> str:
    image.save(path, **options)
    return str(path)


def opened(jpeg: bytes) -> JpegImageFile:
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    assert isinstance(image, JpegImageFile)
    return image


def grey(image: Image.Image, x: float, y: float = 0.5) -> float:
    """How light the picture is at a place of its width and height, from 0 to 1."""
    value = image.convert("L").getpixel((int(x * image.width), int(y * image.height)))
    assert isinstance(value, (int, float))
    return value


@pytest.mark.parametrize("progressive", [False, True])
def test_a_small_plain_jpeg_stays_as_it_is(tmp_path: Path, progressive: bool) -> None:
    path = saved(picture(), tmp_path / "a.jpg", progressive=progressive)
    assert photo_jpeg(path, 768) == Path(path).read_bytes()
    assert photo_jpeg(path, 60) == Path(path).read_bytes()
    assert opened(photo_jpeg(path, 59)).size == (59, 39)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[Base.Artist] = WHERE
    return exif.tobytes()


SAYING: dict[str, dict[str, Any]] = {
    "exif": {"exif": _exif()},
    "xmp": {"xmp": f"<x>{WHERE}</x>".encode()},
    "comment": {"comment": WHERE.encode()},
    "icc": {"icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()},
}


@pytest.mark.parametrize("what", sorted(SAYING))
def test_what_a_file_says_beside_the_picture_is_not_sent(tmp_path: Path, what: str) -> None:
    path = saved(picture(), tmp_path / "a.jpg", **SAYING[what])
    content = Path(path).read_bytes()
    sent = photo_jpeg(path, 768)
    assert sent != content
    assert WHERE.encode() not in sent
    image = opened(sent)
    assert not image.getexif()
    assert {name for name, _ in image.applist} == {"APP0"}
    assert not {"icc_profile", "comment", "xmp"} & set(image.info)
    assert image.size == (60, 40)


@pytest.mark.parametrize("behind", [b"x", WHERE.encode() + b"\xff\xd9"])
def test_what_a_phone_writes_behind_the_picture_is_not_sent(tmp_path: Path, behind: bytes) -> None:
    path = tmp_path / "a.jpg"
    saved(picture(), path)
    path.write_bytes(path.read_bytes() + behind)
    sent = photo_jpeg(str(path), 768)
    assert WHERE.encode() not in sent
    assert sent.endswith(b"\xff\xd9")
    assert opened(sent).size == (60, 40)


def test_a_photo_is_sent_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    for name, size in (("small", (60, 40)), ("large", (3000, 2000))):
        path = saved(picture(size), tmp_path / f"{name}.jpg", exif=exif)
        image = opened(photo_jpeg(path, 768))
        assert image.width < image.height
        assert grey(image, 0.5, 0.1) == pytest.approx(40, abs=6)
        assert grey(image, 0.5, 0.9) == pytest.approx(220, abs=6)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [(3001, 2001), (1536, 20), (769, 769)])
def test_a_large_jpeg_is_made_smaller(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    path = saved(picture(size, mode), tmp_path / "a.jpg")
    image = opened(photo_jpeg(path, 768))
    assert (image.mode, max(image.size)) == ("RGB", 768)
    assert image.size[1] == pytest.approx(768 * size[1] / size[0], abs=1)
    assert grey(image, 0.2) == pytest.approx(40, abs=6)
    assert grey(image, 0.8) == pytest.approx(220, abs=6)


CODED: dict[str, dict[str, Any]] = {
    "as usual": {},
    "as RGB": {"keep_rgb": True},
    "with full chroma": {"subsampling": 0},
    "progressively": {"progressive": True},
}


@pytest.mark.parametrize("coded", sorted(CODED))
@pytest.mark.parametrize("size", [(900, 800), (3000, 2000)])
def test_the_colours_stay_however_they_were_coded(
    tmp_path: Path, coded: str, size: tuple[int, int]
) -> None:
    colours = [(200, 30, 40), (30, 160, 60), (40, 60, 190), (250, 240, 20)]
    wide = Image.new("RGB", size)
    for place, colour in enumerate(colours):
        left = place * size[0] // 4
        wide.paste(colour, (left, 0, left + size[0] // 4, size[1]))
    sent = opened(photo_jpeg(saved(wide, tmp_path / "a.jpg", **CODED[coded]), 768))
    assert sent.mode == "RGB"
    for place, colour in enumerate(colours):
        found = sent.getpixel(((2 * place + 1) * sent.width // 8, sent.height // 2))
        assert found == pytest.approx(colour, abs=6)


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 400))
def test_no_side_is_longer_than_asked_for(width: int, height: int, max_side: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = saved(Image.new("RGB", (width, height)), Path(folder) / "a.jpg")
        image = opened(photo_jpeg(path, max_side))
    assert max(image.size) == min(max_side, max(width, height))
    assert min(image.size) >= 1


def test_what_is_no_jpeg_becomes_one_on_white(tmp_path: Path) -> None:
    path = saved(Image.new("RGBA", (20, 10), (0, 0, 0, 0)), tmp_path / "a.png")
    assert opened(photo_jpeg(path, 768)).getpixel((5, 5)) == (255, 255, 255)


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    path = saved(picture(), tmp_path / "a.png")
    sent = sent_photo(path, 768)
    assert sent.sha256 == file_hash(Path(path))
    assert checked_jpeg(path, 768, sent.sha256) == sent.jpeg == photo_jpeg(path, 768)


def test_another_photo_than_is_meant_is_refused(tmp_path: Path) -> None:
    path = saved(picture(), tmp_path / "a.jpg")
    with pytest.raises(PhotoError, match="has changed since the catalog was read") as caught:
        checked_jpeg(path, 768, "0" * 64)
    assert caught.value.code == "changed"


@pytest.mark.parametrize(("kept", "end"), [(300, b""), (300, b"\xff\xd9"), (-2, b"")])
def test_a_jpeg_that_is_cut_short_is_refused(tmp_path: Path, kept: int, end: bytes) -> None:
    path = tmp_path / "a.jpg"
    picture((300, 200)).save(path)
    path.write_bytes(path.read_bytes()[:kept] + end)
    with pytest.raises(PhotoError):
        photo_jpeg(str(path), 768)


def test_the_photo_takes_its_place_in_the_request() -> None:
    body = {"text": 'quotes " and ü', "url": f"data:,{PHOTO}", "after": [1, None]}
    made = json.loads(with_photo(body, b"\x00\xffphoto"))
    assert made == body | {"url": "data:," + base64.b64encode(b"\x00\xffphoto").decode()}


def test_a_data_url_holds_the_jpeg(tmp_path: Path) -> None:
    path = saved(picture(), tmp_path / "a.jpg")
    head, _, data = photo_data_url(path, 768).partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data) == Path(path).read_bytes()
