from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from vlm4rec.catalog.readers.amazon import AmazonReader, amazon_photos
from vlm4rec.catalog.reading import CatalogSource
from vlm4rec.errors import DataError

IMAGES = "https://m.media-amazon.com/images/I/"

ITEM: dict[str, Any] = {
    "main_category": "All Beauty",
    "title": "Leather Conditioner, 8-Ounce",
    "average_rating": 4.8,
    "rating_number": 10,
    "features": [],
    "description": [],
    "price": 19.99,
    "images": [
        {"thumb": f"{IMAGES}2t.jpg", "large": f"{IMAGES}2.jpg", "hi_res": None, "variant": "PT01"},
        {"thumb": f"{IMAGES}1t.jpg", "large": f"{IMAGES}1.jpg", "hi_res": None, "variant": "MAIN"},
    ],
    "videos": [],
    "store": "Howard Products",
    "categories": ["Beauty", "Skin Care"],
    "details": {"UPC": "617390882781"},
    "parent_asin": "B01CUPMQZE",
    "bought_together": None,
}


def write(path: Path, *items: dict[str, Any]) -> Path:
    content = "".join(json.dumps(item) + "\n" for item in items).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_an_item_is_read_as_the_raw_files_hold_it(tmp_path: Path) -> None:
    path = write(tmp_path / "meta_All_Beauty.jsonl.gz", ITEM)
    item = AmazonReader().read(CatalogSource(path)).catalog["B01CUPMQZE"]
    assert item.title == "Leather Conditioner, 8-Ounce"
    assert item.photos == (f"{IMAGES}1.jpg", f"{IMAGES}2.jpg")
    assert dict(item.attributes) == {
        "main_category": "All Beauty",
        "store": "Howard Products",
        "price": 19.99,
        "average_rating": 4.8,
        "rating_number": 10,
        "categories": "Beauty > Skin Care",
    }


def test_an_item_is_read_as_the_loader_writes_it(tmp_path: Path) -> None:
    names = ("hi_res", "large", "thumb", "variant")
    images = {name: [image[name] for image in ITEM["images"]] for name in names}
    item = {**ITEM, "images": images, "price": "None", "details": "{}", "categories": []}
    path = write(tmp_path / "meta_All_Beauty.jsonl", item)
    read = AmazonReader().read(CatalogSource(path)).catalog["B01CUPMQZE"]
    assert read.photos == (f"{IMAGES}1.jpg", f"{IMAGES}2.jpg")
    assert "price" not in read.attributes
    assert "categories" not in read.attributes


@pytest.mark.parametrize(
    ("images", "photos"),
    [
        (None, []),
        ([], []),
        ("a.jpg", []),
        ([None, {"large": ""}, {"large": 3}], []),
        ([{"hi_res": "h", "thumb": "t"}], ["h"]),
        ({"large": ["a"], "hi_res": [None, "B"], "variant": None}, ["a", "B"]),
        ({"large": [], "hi_res": [], "thumb": [], "variant": []}, []),
    ],
)
def test_photos_of_every_layout(images: object, photos: list[str]) -> None:
    assert amazon_photos(images) == photos


@pytest.mark.parametrize(
    ("price", "read"),
    [(5, 5.0), ("5.50", 5.5), ("from 5.50", None), ("nan", None), ([], None), (10**400, None)],
)
def test_a_price_that_is_no_number_is_left_out(
    tmp_path: Path, price: object, read: float | None
) -> None:
    path = write(tmp_path / "meta_A.jsonl", {**ITEM, "price": price})
    (item,) = AmazonReader().read(CatalogSource(path)).catalog
    assert item.attributes.get("price") == read


def test_a_folder_of_several_files_is_one_catalog(tmp_path: Path) -> None:
    write(tmp_path / "meta_A.jsonl", ITEM, {"title": "no id"})
    write(tmp_path / "meta_B.jsonl.gz", {"parent_asin": "B2"}, ITEM)
    write(tmp_path / "meta_A.jsonl.gz", ITEM)
    reading = AmazonReader().read(CatalogSource(tmp_path))
    assert reading.catalog.ids == ["B01CUPMQZE", "B2"]
    assert reading.files == (tmp_path / "meta_A.jsonl", tmp_path / "meta_B.jsonl.gz")
    assert [problem.where for problem in reading.problems] == [
        "meta_A.jsonl, row 2",
        "meta_B.jsonl.gz, row 2",
    ]
    assert "of meta_A.jsonl, row 1" in reading.problems[1].what


def test_control_characters_in_attributes_become_spaces(tmp_path: Path) -> None:
    path = write(tmp_path / "meta_A.jsonl", {**ITEM, "store": "\x1b]0;", "categories": ["a\nb"]})
    (item,) = AmazonReader().read(CatalogSource(path)).catalog
    assert (item.attributes["store"], item.attributes["categories"]) == ("]0;", "a b")


def test_a_folder_without_meta_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no meta_\*\.jsonl"):
        AmazonReader().read(CatalogSource(tmp_path))


def test_a_column_mapping_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "meta_A.jsonl", ITEM)
    with pytest.raises(DataError, match="Leave --columns out"):
        AmazonReader().read(CatalogSource(path, {"id": ("asin",)}))
