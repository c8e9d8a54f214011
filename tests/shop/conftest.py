from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.words import WordEncoder
from vlm4rec.shop import InitOptions, Shop

DESCRIPTIONS = {
    "001": ("boot", "brown", "leather boot for the hills, brown and rugged"),
    "002": ("boot", "black", "leather boot for the hills, black and rugged"),
    "003": ("teapot", "white", "porcelain teapot for the table, white and elegant"),
    "004": ("cup", "white", "porcelain cup for the table, white and elegant"),
    "005": ("lamp", "brass", "brass lamp for the desk, old and elegant"),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with items.csv, their photos, interactions.csv and groundings.jsonl."""
    folder = tmp_path / "source"
    folder.mkdir()
    rows, answers = ["id,title,photo,price"], []
    for number, (id_, (category, colour, text)) in enumerate(DESCRIPTIONS.items()):
        Image.new("RGB", (40, 50), (40 * number, 90, 200)).save(folder / f"{id_}.jpg")
        rows.append(f"{id_},SKU {id_},{id_}.jpg,{number + 0.5}")
        answers.append(
            {
                "item_id": id_,
                "model": "seen by a person",
                "prompt_id": "paper-v1",
                "category": category,
                "colors": [colour],
                "description": text,
            }
        )
    (folder / "items.csv").write_text("\n".join(rows) + "\n")
    lines = ["user,item,time", "anna,001,2026-01-01", "ben,003,2026-01-02", "ben,001,2026-01-03"]
    (folder / "interactions.csv").write_text("\n".join(lines) + "\n")
    (folder / "groundings.jsonl").write_text("\n".join(map(json.dumps, answers)) + "\n")
    return folder


@pytest.fixture
def options(source: Path) -> InitOptions:
    return InitOptions("csv", str(source / "items.csv"), (str(source / "interactions.csv"),))


@pytest.fixture
def shop(tmp_path: Path, source: Path, options: InitOptions) -> Shop:
    """A shop with everything in it."""
    made = Shop.create(tmp_path / "shop", options)
    made.ground(f"recorded:{source / 'groundings.jsonl'}")
    made.encode(encoder=WordEncoder())
    return made


@pytest.fixture
def change(source: Path) -> Callable[[str, str], None]:
    """Replace a text in groundings.jsonl."""

    def replace(old: str, new: str) -> None:
        path = source / "groundings.jsonl"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replace
