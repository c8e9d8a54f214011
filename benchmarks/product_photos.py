"""Pictures that look a little like a shop's: a product on a light ground, none like another."""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image, ImageDraw

__all__ = ["Size", "make_photos", "make_shop"]

Size = tuple[int, int]

_SMALL = (48, 64)


def make_photos(folder: Path, size: Size, count: int) -> list[Path]:
    """Write so many different photos."""
    place = folder / "x".join(map(str, size))
    place.mkdir()
    paths = [place / f"{number:05}.jpg" for number in range(count)]
    with ProcessPoolExecutor() as pool:
        list(pool.map(_photo, paths, [size] * count, range(count), chunksize=32))
    return paths


def _photo(path: Path, size: Size, number: int) -> None:
    """Draw a photo and write it as JPEG."""
    chance = random.Random(number)  # noqa: S311 - a picture is no secret
    width, height = size
    colour = tuple(chance.randrange(30, 220) for _ in range(3))
    photo = Image.new("RGB", size, (240, 240, 238))
    draw = ImageDraw.Draw(photo)
    draw.rounded_rectangle(
        (width * 0.2, height * 0.15, width * 0.8, height * 0.9), width // 12, fill=colour
    )
    for _ in range(60):
        x, y = chance.uniform(0.2, 0.8) * width, chance.uniform(0.15, 0.9) * height
        r = chance.uniform(0.01, 0.06) * width
        shade = tuple(min(255, max(0, part + chance.randrange(-60, 60))) for part in colour)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=shade)
    grain = Image.effect_noise(size, 24).convert("RGB")
    Image.blend(photo, grain, 0.12).save(path, "JPEG", quality=88)


def make_shop(folder: Path, items: int) -> Path:
    """Write a table of items, each with a small photo of its own."""
    base = folder / "base.jpg"
    _photo(base, _SMALL, 0)
    content = base.read_bytes()
    place = folder / "photos"
    source = folder / "items.csv"
    with source.open("w", encoding="utf-8") as table:
        table.write("id,title,photo\n")
        for number in range(items):
            path = place / f"{number // 1000:03}" / f"{number:06}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            # A comment in the file makes it another photo, at no cost.
            path.write_bytes(content[:2] + b"\xff\xfe\x00\x0a%08d" % number + content[2:])
            table.write(f"{number:06},Item {number},{path}\n")
    return source
