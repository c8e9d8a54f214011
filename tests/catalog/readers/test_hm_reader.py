from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from vlm4rec.catalog.readers.hm import HMReader
from vlm4rec.catalog.reading import CatalogSource

ARTICLES = (
    "article_id,prod_name,product_type_no,product_type_name,colour_group_name,detail_desc\n"
    '0108775015,Strap top,253,Vest top,Black,"Jersey, narrow straps"\n'
    "0108775044,Strap top,253,Vest top,White,\n"
)


def make(folder: Path, *photos: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "articles.csv").write_text(ARTICLES)
    for name in photos:
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "images" / name).touch()
    return folder


def test_attributes_are_the_names_and_the_product_code(tmp_path: Path) -> None:
    make(tmp_path, "010/0108775015.jpg")
    catalog = HMReader().read(CatalogSource(tmp_path)).catalog
    assert catalog["0108775015"].title == "Strap top"
    assert dict(catalog["0108775015"].attributes) == {
        "product_type_name": "Vest top",
        "colour_group_name": "Black",
        "product_code": "0108775",
    }


def test_an_article_without_a_photo_is_kept_without(tmp_path: Path) -> None:
    make(tmp_path, "010/0108775015.jpg")
    reading = HMReader().read(CatalogSource(tmp_path))
    assert [len(item.photos) for item in reading.catalog] == [1, 0]
    assert reading.problems == ()


def test_a_folder_without_any_photo_is_told_once(tmp_path: Path) -> None:
    (problem,) = HMReader().read(CatalogSource(make(tmp_path))).problems
    assert problem.code == "no-photo"
    assert problem.where == str(tmp_path / "images")


def test_the_mapping_can_choose_attributes_and_the_photo_folder(tmp_path: Path) -> None:
    make(tmp_path / "shop")
    (tmp_path / "elsewhere" / "010").mkdir(parents=True)
    (tmp_path / "elsewhere" / "010" / "0108775044.jpg").touch()
    source = CatalogSource(
        tmp_path / "shop", {"attributes": ("detail_desc",)}, tmp_path / "elsewhere"
    )
    catalog = HMReader().read(source).catalog
    assert catalog.attribute_names == ["detail_desc", "product_code"]
    assert catalog["0108775044"].photos


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
def test_a_photo_whose_path_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    make(tmp_path, "010/0108775015.jpg")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/images/\xff"))
    odd.mkdir()
    (odd / "0108775044.jpg").touch()
    reading = HMReader().read(CatalogSource(tmp_path))
    assert [len(item.photos) for item in reading.catalog] == [1, 0]
    (problem,) = reading.problems
    assert problem.code == "bad-id"
    assert problem.where.endswith("\\xff/0108775044.jpg")


@pytest.mark.hm
def test_the_sample_is_read_whole(hm_folder: Path) -> None:
    reading = HMReader().read(CatalogSource(hm_folder))
    assert len(reading.catalog) == 17_033
    assert reading.problems == ()
    assert all(len(id_) == 10 for id_ in reading.catalog.ids)
    assert reading.catalog.frame["photos"].list.len().unique().to_list() == [1]
