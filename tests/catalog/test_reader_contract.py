"""What every reader of catalogs must do, whatever its format."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from vlm4rec.catalog.cleaning import is_url
from vlm4rec.catalog.readers import READERS, guess_format, reader_by_format
from vlm4rec.catalog.reading import CatalogReading, CatalogSource
from vlm4rec.errors import DataError

TITLES = {"0108775015": "Strap top", "007": "Boot é", "b/c d": None}


def make_table(folder: Path) -> pl.DataFrame:
    """Make a good table of three items that repeats one id and lacks another."""
    data = {
        "id": [*TITLES, " 007 ", "  "],
        "title": [*TITLES.values(), "Another boot", "Nothing"],
        "photos": ["a.jpg;https://example.org/b.jpg", "sub/../c.jpg", None, "d.jpg", "e.jpg"],
        "price": ["1.50", "2", None, "3", "4"],
    }
    return pl.DataFrame(data)


def make_csv(folder: Path) -> Path:
    path = folder / "items.csv"
    make_table(folder).write_csv(path)
    return path


def make_parquet(folder: Path) -> Path:
    path = folder / "items.parquet"
    make_table(folder).write_parquet(path)
    return path


def make_jsonl(folder: Path) -> Path:
    path = folder / "items.jsonl"
    make_table(folder).write_ndjson(path)
    return path


def make_photos(folder: Path) -> Path:
    for name in ("0108775015.jpg", "007.png", "007.jpg", "b/c d.JPG", "note.txt", ".hidden.jpg"):
        (folder / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "shop" / name).touch()
    return folder / "shop"


def make_hm(folder: Path) -> Path:
    table = make_table(folder).rename({"id": "article_id", "title": "prod_name"})
    table.write_csv(folder / "articles.csv")
    photo = folder / "images" / "010" / "0108775015.jpg"
    photo.parent.mkdir(parents=True)
    photo.touch()
    return folder


def make_amazon(folder: Path) -> Path:
    photo = {"large": "https://example.org/a.jpg", "variant": "MAIN"}
    lines = [
        json.dumps({"parent_asin": id_, "title": title, "images": [photo], "price": 1.5})
        for id_, title in make_table(folder).select("id", "title").iter_rows()
    ]
    path = folder / "meta_All_Beauty.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "csv": make_csv,
    "parquet": make_parquet,
    "jsonl": make_jsonl,
    "photos": make_photos,
    "hm": make_hm,
    "amazon": make_amazon,
}


@pytest.fixture(params=READERS)
def format_(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(tmp_path: Path, format_: str) -> Path:
    return MAKERS[format_](tmp_path)


@pytest.fixture
def reading(source: Path, format_: str) -> CatalogReading:
    return reader_by_format(format_).read(CatalogSource(source))


def test_ids_are_strings_and_unique(reading: CatalogReading) -> None:
    ids = reading.catalog.ids
    assert sorted(ids) == sorted(TITLES)
    assert reading.catalog.frame["id"].dtype == pl.String


def test_the_frame_is_what_a_catalog_asks_for(reading: CatalogReading) -> None:
    schema = reading.catalog.frame.schema
    assert [*schema][:3] == ["id", "title", "photos"]
    assert schema["title"] == pl.String
    assert schema["photos"] == pl.List(pl.String)
    assert all(name.startswith("attribute:") for name in [*schema][3:])
    assert reading.catalog.frame["photos"].null_count() == 0


def test_titles_are_those_of_the_first_of_each_id(reading: CatalogReading, format_: str) -> None:
    if format_ != "photos":
        assert {item.id: item.title for item in reading.catalog} == TITLES


def test_photos_are_absolute_paths_or_urls(reading: CatalogReading) -> None:
    photos = [photo for item in reading.catalog for photo in item.photos]
    assert photos
    for photo in photos:
        assert is_url(photo) or (Path(photo).is_absolute() and ".." not in photo)


def test_problems_name_their_row_or_file_and_repeated_ids_name_the_item(
    reading: CatalogReading,
) -> None:
    assert [problem.item for problem in reading.problems if problem.code == "duplicate-id"] == [
        "007"
    ]
    for problem in reading.problems:
        assert problem.where
        assert problem.what[0].islower()
        assert not problem.what.endswith(".")


def test_rows_without_an_id_are_problems(reading: CatalogReading, format_: str) -> None:
    if format_ != "photos":
        assert "no-id" in {problem.code for problem in reading.problems}


def test_progress_is_told(source: Path, format_: str) -> None:
    told: list[tuple[int, int | None]] = []
    reader_by_format(format_).read(CatalogSource(source), lambda *step: told.append(step))
    assert told == sorted(told)


def test_the_tables_that_were_read_are_told(
    source: Path, format_: str, reading: CatalogReading
) -> None:
    expected = {"photos": (), "hm": (source / "articles.csv",)}
    assert reading.files == expected.get(format_, (source,))


def test_the_tables_that_were_read_are_told_as_absolute_paths(
    source: Path, format_: str, reading: CatalogReading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source.parent)
    relative = reader_by_format(format_).read(CatalogSource(Path(source.name)))
    assert relative.files == reading.files


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_folder_may_have_a_name_that_looks_like_a_pattern(tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "my [shop] *?"
    folder.mkdir()
    source = MAKERS[format_](folder)
    assert guess_format(source) == format_
    reading = reader_by_format(format_).read(CatalogSource(source))
    assert sorted(reading.catalog.ids) == sorted(TITLES)
    assert any(item.photos for item in reading.catalog)


def test_control_characters_in_texts_become_spaces(
    tmp_path: Path, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if format_ == "photos":
        pytest.skip("a photo has no title")
    monkeypatch.setitem(TITLES, "007", "Bo\x1b[31m\tot\x7f")
    reading = reader_by_format(format_).read(CatalogSource(MAKERS[format_](tmp_path)))
    assert reading.catalog["007"].title == "Bo [31m ot"


@pytest.mark.parametrize("place", ["path", "photo_root", "folder"])
def test_a_path_that_is_not_utf_8_is_refused_readably(
    source: Path, format_: str, place: str
) -> None:
    odd = Path("sh\udcffop")
    paths = {"path": (odd, None), "photo_root": (source, odd), "folder": (odd / "a.csv", None)}
    path, root = paths[place]
    with pytest.raises(DataError, match=r"The path sh\\xffop.* is not UTF-8"):
        reader_by_format(format_).read(CatalogSource(path, photo_root=root))


def test_no_format_is_guessed_of_a_path_that_is_not_utf_8() -> None:
    with pytest.raises(DataError, match=r"The path sh\\xffop is not UTF-8"):
        guess_format(Path("sh\udcffop"))


def test_reading_again_gives_the_same(source: Path, format_: str, reading: CatalogReading) -> None:
    again = reader_by_format(format_).read(CatalogSource(source))
    assert again.catalog.frame.equals(reading.catalog.frame)
    assert again.problems == reading.problems


def test_a_missing_source_is_a_data_error(tmp_path: Path, format_: str) -> None:
    with pytest.raises(DataError, match=r"There is no (file|folder) .*absent"):
        reader_by_format(format_).read(CatalogSource(tmp_path / "absent"))


def test_an_empty_source_is_a_data_error(tmp_path: Path, format_: str) -> None:
    empty = tmp_path / "empty"
    if format_ in ("photos", "hm", "amazon"):
        empty.mkdir()
    else:
        empty.touch()
    with pytest.raises(DataError, match="empty"):
        reader_by_format(format_).read(CatalogSource(empty))


def test_the_format_can_be_told_by_the_source(source: Path, format_: str) -> None:
    assert guess_format(source) == format_


def test_every_reader_has_a_maker() -> None:
    assert MAKERS.keys() == READERS.keys()


def test_an_unknown_format_names_the_choices() -> None:
    with pytest.raises(DataError, match="Choose one of csv, parquet, jsonl, photos, hm, amazon"):
        reader_by_format("excel")
