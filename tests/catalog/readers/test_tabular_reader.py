from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.catalog.items import Item
from vlm4rec.catalog.readers.tabular import TabularReader
from vlm4rec.catalog.reading import CatalogReading, CatalogSource
from vlm4rec.errors import DataError

free_text = st.text(st.characters(codec="utf-8"), max_size=20)


def read_csv(
    folder: Path, text: str, columns: Mapping[str, tuple[str, ...]] | None = None
) -> CatalogReading:
    path = folder / "items.csv"
    path.write_text(text, encoding="utf-8")
    return TabularReader("csv").read(CatalogSource(path, columns or {}))


def shown(title: str) -> str:
    return re.sub(r"\r\n|[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", title.strip()).strip()


def only_item(reading: CatalogReading) -> Item:
    (item,) = reading.catalog
    return item


def test_numbers_only_where_nothing_is_lost(tmp_path: Path) -> None:
    text = (
        "id,whole,decimal,zeros,mixed,code,empty,bool,huge\n"
        "1,5,1.50,01,3,1e5,,true,123456789012345678901\n2,-5,,2,x,2,,false,1\n"
    )
    attributes = [dict(item.attributes) for item in read_csv(tmp_path, text).catalog]
    assert attributes == [
        {
            "whole": 5,
            "decimal": 1.5,
            "zeros": "01",
            "mixed": "3",
            "code": "1e5",
            "bool": "true",
            "huge": "123456789012345678901",
        },
        {"whole": -5, "zeros": "2", "mixed": "x", "code": "2", "bool": "false", "huge": "1"},
    ]


@pytest.mark.parametrize(
    ("cell", "photos"),
    [
        ("a.jpg", ["a.jpg"]),
        ("a.jpg; b.jpg|c.jpg;", ["a.jpg", "b.jpg", "c.jpg"]),
        ('["a.jpg", "b;c.jpg", 3]', ["a.jpg", "b;c.jpg"]),
        ("[odd].jpg", ["[odd].jpg"]),
        ("a.jpg;a.jpg", ["a.jpg"]),
        ("a.jpg;v=2", ["a.jpg", "v=2"]),
        (" ", []),
    ],
)
def test_a_cell_may_hold_several_photos(tmp_path: Path, cell: str, photos: list[str]) -> None:
    path = tmp_path / "items.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["id", "photos"], ["1", cell]])
    item = only_item(TabularReader("csv").read(CatalogSource(path)))
    assert item.photos == tuple(str(tmp_path / photo) for photo in photos)


def test_photos_of_several_columns_are_joined_in_order(tmp_path: Path) -> None:
    columns = {"photos": ("back", "front")}
    item = only_item(read_csv(tmp_path, "id,front,back\n1,f.jpg,b.jpg\n", columns))
    assert [Path(photo).name for photo in item.photos] == ["b.jpg", "f.jpg"]
    assert dict(item.attributes) == {}


def test_photos_start_from_the_photo_root_and_urls_stay(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,photos\n1,a.jpg;/b.jpg;https://example.org/c.jpg;s3://d/e.jpg\n")
    source = CatalogSource(path, photo_root=tmp_path / "photos")
    photos = only_item(TabularReader("csv").read(source)).photos
    assert photos == (
        str(tmp_path / "photos" / "a.jpg"),
        str(Path("/b.jpg")),
        "https://example.org/c.jpg",
        "s3://d/e.jpg",
    )


@pytest.mark.parametrize(
    ("cell", "photos"),
    [
        ("https://cdn.x/a;v=2/b.jpg", ["https://cdn.x/a;v=2/b.jpg"]),
        (
            "https://cdn.x/a;v=2/b.jpg; http://cdn.x/c|d.jpg|HTTPS://cdn.x/e.jpg; ",
            ["https://cdn.x/a;v=2/b.jpg", "http://cdn.x/c|d.jpg", "HTTPS://cdn.x/e.jpg"],
        ),
    ],
)
def test_a_url_may_hold_what_parts_paths(tmp_path: Path, cell: str, photos: list[str]) -> None:
    assert only_item(read_csv(tmp_path, f"id,photos\n1,{cell}\n")).photos == tuple(photos)


def test_control_characters_in_texts_become_spaces(tmp_path: Path) -> None:
    text = 'id,title,made\x1bby,price\n1,"\x1b[31mRed\r\nboot\x9b\t2\x07","a\x00b",5\n2,\x1b,,6\n'
    item, other = read_csv(tmp_path, text, {"attributes": ("made\x1bby", "price")}).catalog
    assert item.title == "[31mRed boot  2"
    assert [*item.attributes.values()] == ["a b", 5]
    assert other.title is None


def test_only_the_attributes_asked_for_are_kept(tmp_path: Path) -> None:
    columns = {"attributes": ("colour",)}
    item = only_item(read_csv(tmp_path, "id,colour,price\n1,red,5\n", columns))
    assert dict(item.attributes) == {"colour": "red"}
    assert dict(only_item(read_csv(tmp_path, "id,x\n1,2\n", {"attributes": ()})).attributes) == {}


def test_a_repeated_id_names_both_rows(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "id\na\nb\na\n a\n")
    assert [str(problem) for problem in reading.problems] == [
        f"items.csv, row {row}: repeats the id 'a' of items.csv, row 2, which is the one kept. "
        "Give each item one row."
        for row in (4, 5)
    ]


def test_an_id_with_control_characters_is_refused(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, 'id\n"a\nb"\nc\u2028d\n\te\t\n')
    assert reading.catalog.ids == ["e"]
    assert [problem.code for problem in reading.problems] == ["bad-id", "bad-id"]
    assert "'a\\nb'" in reading.problems[0].what


def test_numeric_ids_of_parquet_and_json_become_strings(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [7, 8], "photos": [["a.jpg", "b.jpg"], None]})
    frame.write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text('{"id": 7, "photos": ["a.jpg", "b.jpg"]}\n{"id": 8}\n')
    for format_ in ("parquet", "jsonl"):
        catalog = TabularReader(format_).read(CatalogSource(tmp_path / f"a.{format_}")).catalog
        assert catalog.ids == ["7", "8"]
        assert [len(item.photos) for item in catalog] == [2, 0]


def test_typed_attributes_of_parquet_keep_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame(
        {
            "id": pl.Series(["a"], dtype=pl.Categorical),
            "day": ["2020-09-16"],
            "tags": [["x", "y"]],
            "sold": [True],
            "price": [float("nan")],
            "deep": [{"a": 1}],
        }
    ).with_columns(pl.col("day").str.to_date())
    frame.write_parquet(path)
    item = only_item(TabularReader("parquet").read(CatalogSource(path)))
    assert dict(item.attributes) == {
        "day": "2020-09-16",
        "tags": "x, y",
        "sold": True,
        "deep": "{'a': 1}",
    }


def test_no_id_column_is_an_error_that_shows_the_option(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"items.csv has no column for the id.*--columns id="):
        read_csv(tmp_path, "colour,size\nred,5\n")


@given(rows=st.dictionaries(free_text, free_text, min_size=1, max_size=5))
def test_any_id_and_title_come_back_or_become_a_problem(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("free") / "items.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["id", "title"], *rows.items()])
    reading = TabularReader("csv").read(CatalogSource(path))
    for item in reading.catalog:
        titles = {shown(title) for id_, title in rows.items() if id_.strip() == item.id}
        assert (item.title or "") in titles
    assert len(reading.catalog) + len(reading.problems) == len(rows)


@given(rows=st.dictionaries(free_text, free_text, min_size=1, max_size=5))
def test_json_lines_give_what_csv_gives(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("free")
    lines = [json.dumps({"id": id_, "title": title}) for id_, title in rows.items()]
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with (folder / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["id", "title"], *rows.items()])
    one, other = (
        TabularReader(format_).read(CatalogSource(folder / f"a.{format_}")).catalog.frame
        for format_ in ("csv", "jsonl")
    )
    assert one.equals(other)
