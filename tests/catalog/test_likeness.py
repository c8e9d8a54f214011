from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from vlm4rec.catalog.likeness import likeness, near_identical, near_identical_photos
from vlm4rec.catalog.photos import inspect_photo_bytes, open_photo

Resampling = Image.Resampling


def scene(seed: int, size: tuple[int, int] = (240, 320)) -> Image.Image:
    """Draw a picture of shapes, another for each seed."""
    chance = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(int(value) for value in chance.integers(200, 256, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        x, y = chance.uniform(0, size[0]), chance.uniform(0, size[1])
        wide, high = chance.uniform(20, size[0] / 2, 2)
        colour = tuple(int(value) for value in chance.integers(0, 256, 3))
        draw.ellipse((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2), colour)
    return image


def shirt(colour: tuple[int, int, int], mark: tuple[int, int] | None = None) -> Image.Image:
    """Draw a thing alone on white, as shops show it."""
    image = Image.new("RGB", (240, 320), (246, 246, 246))
    draw = ImageDraw.Draw(image)
    draw.rectangle((70, 90, 170, 250), colour)
    draw.polygon([(70, 90), (40, 150), (62, 160), (90, 110)], colour)
    draw.polygon([(170, 90), (200, 150), (178, 160), (150, 110)], colour)
    if mark:
        draw.ellipse((*mark, mark[0] + 26, mark[1] + 26), (220, 30, 30))
    return image


def encoded(image: Image.Image, format_: str, **options: Any) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def scaled(image: Image.Image, by: float, how: Resampling = Resampling.LANCZOS) -> Image.Image:
    return image.resize((round(by * image.width), round(by * image.height)), how)


COPIES = {
    "JPEG 50": lambda image: encoded(image, "JPEG", quality=50),
    "JPEG 75": lambda image: encoded(image, "JPEG", quality=75),
    "WebP": lambda image: encoded(image, "WEBP", quality=75),
    "half": lambda image: scaled(image, 0.5),
    "0.7 and JPEG": lambda image: encoded(scaled(image, 0.7), "JPEG", quality=75),
    "1.7": lambda image: scaled(image, 1.7, Resampling.BICUBIC),
    "4.3": lambda image: scaled(image, 4.3),
    "thumbnail": lambda image: scaled(image, 0.3),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("copy", COPIES)
def test_a_photo_scaled_or_encoded_again_looks_the_same(copy: str, seed: int) -> None:
    photos = [scene(seed), scene(seed + 100), COPIES[copy](scene(seed))]
    assert near_identical([likeness(photo) for photo in photos]) == [[0, 2]]


@pytest.mark.parametrize(
    "other",
    [
        shirt((60, 60, 90)),  # the same shirt in another colour of the same brightness
        shirt((70, 64, 64)),
        shirt((64, 64, 64), mark=(130, 110)),
        shirt((64, 64, 64)).transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        shirt((64, 64, 64)).crop((10, 0, 240, 320)),
    ],
)
def test_colour_variants_and_other_things_look_different(other: Image.Image) -> None:
    photos = [shirt((64, 64, 64)), other]
    assert near_identical([likeness(photo) for photo in photos]) == []


def test_white_on_white_is_told_apart_by_its_shape() -> None:
    white, other = shirt((235, 235, 235)), Image.new("RGB", (240, 320), (246, 246, 246))
    ImageDraw.Draw(other).rectangle((60, 100, 190, 240), (235, 235, 235))
    signatures = [likeness(photo) for photo in (white, other, COPIES["JPEG 75"](white))]
    assert near_identical(signatures) == [[0, 2]]


def test_a_photo_without_contrast_has_no_likeness() -> None:
    flat = Image.new("RGB", (300, 200), (250, 250, 250))
    assert likeness(flat) is None
    ImageDraw.Draw(flat).point((5, 5), "black")
    assert likeness(flat) is None
    assert near_identical([None, None, likeness(scene(1)), None]) == []


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (12, 12), (5_000, 3), (3, 5_000)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    gradient = Image.linear_gradient("L").convert("RGB").resize(size, Resampling.NEAREST)
    signature = likeness(gradient)
    assert signature is None or len(signature) == 384


def test_it_is_bright_fields_and_then_colours_by_rows() -> None:
    photo = Image.new("RGB", (120, 120), "white")
    photo.paste((255, 0, 0), (0, 0, 60, 60))
    values = bytes.fromhex(likeness(photo) or "")
    fields, colours = values[:144], values[144:]
    assert (fields[0], fields[11], fields[-1]) == (76, 255, 255)
    assert (tuple(colours[:3]), tuple(colours[9:12])) == ((255, 0, 0), (255, 255, 255))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA", "CMYK", "I;16", "PA", "trns"])
def test_facts_of_any_mode_are_as_of_the_photo_as_seen(tmp_path: Path, mode: str) -> None:
    image = shirt((64, 64, 200), mark=(107, 140)).resize((600, 800))
    options: dict[str, Any] = {}
    format_ = "TIFF" if mode == "CMYK" else "PNG"
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    elif mode == "trns":
        options = {"transparency": (64, 64, 200)}
    elif mode == "PA":
        image = image.convert("P")
        options = {"transparency": image.getpixel((300, 300))}
    elif mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 256)
    elif mode == "LA":
        image = image.convert("L").convert("LA")
    else:
        image = image.convert(mode)
    path = tmp_path / "photo"
    image.save(path, format_, **options)
    facts = inspect_photo_bytes(path.read_bytes(), "photo")
    assert near_identical([facts.likeness, likeness(open_photo(path))]) == [[0, 1]]


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_facts_are_of_the_upright_photo(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    scene(3).save(path, exif=exif)
    upright = likeness(open_photo(path))
    assert near_identical([inspect_photo_bytes(path.read_bytes(), "x").likeness, upright])
    assert bool(near_identical([upright, likeness(scene(3))])) == (orientation == 1)


def signature(values: np.ndarray[Any, Any]) -> str:
    return values.astype(np.uint8).tobytes().hex()


def slowly(signatures: list[str]) -> list[list[int]]:
    """Compare each with each."""
    rows = [np.frombuffer(bytes.fromhex(text), np.uint8).astype(int) for text in signatures]
    label = list(range(len(rows)))
    for one, first in enumerate(rows):
        for other, second in enumerate(rows[:one]):
            apart = abs(first - second)
            if apart.max() <= 4 and (apart**2).sum() <= 1.3**2 * 192:
                joined = {label[one], label[other]}
                label = [min(joined) if each in joined else each for each in label]
    groups = [[row for row, each in enumerate(label) if each == which] for which in set(label)]
    return sorted(group for group in groups if len(group) > 1)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 25),
    kinds=st.integers(1, 4),
    spread=st.sampled_from([0.2, 0.7, 0.85, 1.0, 1.4]),
)
def test_groups_are_what_each_with_each_gives(
    seed: int, count: int, kinds: int, spread: float
) -> None:
    chance = np.random.default_rng(seed)
    centres = chance.integers(0, 256, (kinds, 192)).astype(float)
    around = centres[chance.integers(0, kinds, count)] + chance.normal(0, spread, (count, 192))
    signatures = [signature(values) for values in np.rint(np.clip(around, 0, 255))]
    assert near_identical(signatures) == slowly(signatures)


def test_what_hangs_together_is_one_group_across_all_blocks() -> None:
    """A chain of small steps, longer than what is compared at a time, in no order."""
    steps = np.arange(400)[:, None] * np.ones(192) / 2 + 20
    order = np.random.default_rng(4).permutation(400)
    assert near_identical([signature(np.floor(steps[row])) for row in order]) == [list(range(400))]


def test_no_signature_of_ours_is_as_none() -> None:
    good = likeness(scene(1))
    assert good is not None
    assert near_identical([good, good[:-2], "x" * 384, "", None, good + "00", " " * 384]) == []
    assert near_identical([]) == near_identical([good]) == []


def test_thousands_alike_are_one_group() -> None:
    chance = np.random.default_rng(0)
    values = 100 + chance.integers(0, 2, (3_000, 192))
    assert near_identical([signature(row) for row in values]) == [list(range(3_000))]


def test_photos_of_the_same_bytes_alone_are_no_group() -> None:
    one, small, other = (likeness(photo) for photo in (scene(1), scaled(scene(1), 0.5), scene(2)))
    photos = pl.DataFrame(
        [
            ("a", 0, "s1", one),
            ("b", 0, "s9", other),
            ("b", 1, "s2", small),
            ("c", 0, "s9", other),
            ("d", 3, "s1", one),
            ("e", 0, None, None),
            ("f", 0, "s7", None),
        ],
        schema=["item", "ordinal", "sha256", "likeness"],
        orient="row",
    )
    assert near_identical_photos(photos) == [[("a", 0), ("b", 1), ("d", 3)]]
    assert near_identical_photos(photos.drop("likeness")) == []
    assert near_identical_photos(photos.clear()) == []
