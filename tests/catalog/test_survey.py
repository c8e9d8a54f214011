from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from vlm4rec.catalog.items import Catalog, Item
from vlm4rec.catalog.likeness import near_identical_photos
from vlm4rec.catalog.photos import PhotoFacts, inspect_photo
from vlm4rec.catalog.readers import reader_by_format
from vlm4rec.catalog.reading import CatalogSource
from vlm4rec.catalog.survey import SURVEY_SCHEMA, PhotoSurvey, survey_photos


def photo(folder: Path, name: str, width: int = 3) -> str:
    path = folder / name
    Image.new("RGB", (width, 2)).save(path)
    return str(path)


def survey(catalog: Catalog, folder: Path, known: PhotoSurvey | None = None) -> PhotoSurvey:
    frame = None if known is None else known.frame
    return survey_photos(catalog, known=frame, download_folder=folder / "downloads")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "bad.jpg").write_bytes(b"not a photo")
    one, two = photo(tmp_path, "1.png", 3), photo(tmp_path, "2.png", 4)
    return Catalog.of(
        [
            Item("b", photos=(two, one)),
            Item("none"),
            Item("bad", photos=(str(tmp_path / "bad.jpg"), one, str(tmp_path / "absent.jpg"))),
        ]
    )


def test_every_photo_of_every_item_has_a_row_in_order(tmp_path: Path, catalog: Catalog) -> None:
    frame = survey(catalog, tmp_path).frame
    assert frame.schema == SURVEY_SCHEMA
    assert frame.select("item", "ordinal", "width").rows() == [
        ("b", 0, 4),
        ("b", 1, 3),
        ("bad", 0, None),
        ("bad", 1, 3),
        ("bad", 2, None),
    ]


def test_a_bad_photo_is_a_problem_and_has_no_path(tmp_path: Path, catalog: Catalog) -> None:
    found = survey(catalog, tmp_path)
    assert [(problem.code, problem.item) for problem in found.problems] == [
        ("no-photo", "none"),
        ("not-an-image", "bad"),
        ("missing", "bad"),
    ]
    assert str(found.problems[2]) == (
        f"{tmp_path / 'absent.jpg'}: is not there. Check the path, or copy the photo there."
    )
    assert found.frame["path"].null_count() == found.frame["sha256"].null_count() == 2


def test_photos_alike_have_the_same_hash(tmp_path: Path) -> None:
    photos = (photo(tmp_path, "a.png"), photo(tmp_path, "b.png"))
    frame = survey(Catalog.of([Item("a", photos=photos)]), tmp_path).frame
    assert frame["sha256"].n_unique() == 1


def test_an_unchanged_photo_is_not_opened_again(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = survey(catalog, tmp_path)
    opened: list[str] = []

    def noting(path: Path) -> PhotoFacts:
        opened.append(path.name)
        return inspect_photo(path)

    monkeypatch.setattr("vlm4rec.catalog.survey.inspect_photo", noting)
    again = survey(catalog, tmp_path, first)
    assert again.frame.equals(first.frame)
    assert again.problems == first.problems
    assert sorted(opened) == ["absent.jpg", "bad.jpg"]


def test_a_survey_of_an_older_version_is_made_anew(tmp_path: Path, catalog: Catalog) -> None:
    first = survey(catalog, tmp_path)
    older = PhotoSurvey(first.frame.drop("likeness").with_columns(width=pl.lit(77, pl.Int32)))
    assert survey(catalog, tmp_path, older).frame.equals(first.frame)


def test_likeness_is_kept_for_photos_with_contrast(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "gradient.png")
    photos = (photo(tmp_path, "flat.png"), str(tmp_path / "gradient.png"))
    first = survey(Catalog.of([Item("a", photos=photos)]), tmp_path)
    flat, gradient = first.frame["likeness"]
    assert flat is None
    assert gradient == inspect_photo(tmp_path / "gradient.png").likeness
    again = survey(Catalog.of([Item("a", photos=photos)]), tmp_path, first)
    assert again.frame.equals(first.frame)


def test_a_changed_photo_is_opened_again(tmp_path: Path, catalog: Catalog) -> None:
    first = survey(catalog, tmp_path)
    photo(tmp_path, "1.png", 9)
    os.utime(tmp_path / "1.png", ns=(5, 5))
    frame = survey(catalog, tmp_path, first).frame
    assert frame["width"].to_list() == [4, 9, None, 9, None]
    assert frame["mtime_ns"][1] == 5


def test_a_photo_that_is_gone_is_a_problem_whatever_is_known(
    tmp_path: Path, catalog: Catalog
) -> None:
    first = survey(catalog, tmp_path)
    (tmp_path / "2.png").unlink()
    assert survey(catalog, tmp_path, first).problems[0].code == "missing"


@pytest.mark.parametrize("workers", [1, 3, 20])
def test_the_order_does_not_hang_on_the_workers(tmp_path: Path, workers: int) -> None:
    paths = [photo(tmp_path, f"{n}.png", n + 1) for n in range(40)]
    catalog = Catalog.of([Item(str(n), photos=(path,)) for n, path in enumerate(paths)])
    told: list[tuple[int, int | None]] = []
    found = survey_photos(
        catalog,
        download_folder=tmp_path,
        workers=workers,
        progress=lambda *step: told.append(step),
    )
    assert found.frame["width"].to_list() == list(range(1, 41))
    assert told == [(n, 40) for n in range(1, 41)]


def test_an_empty_catalog_has_an_empty_survey(tmp_path: Path) -> None:
    found = survey(Catalog.of([]), tmp_path)
    assert found.frame.schema == SURVEY_SCHEMA
    assert found.problems == ()


def test_an_address_that_is_not_http_is_a_problem(tmp_path: Path) -> None:
    found = survey(Catalog.of([Item("a", photos=("s3://bucket/a.jpg",))]), tmp_path)
    assert [problem.code for problem in found.problems] == ["bad-url"]


@pytest.mark.hm
def test_the_sample_is_whole(hm_folder: Path, tmp_path: Path) -> None:
    catalog = reader_by_format("hm").read(CatalogSource(hm_folder)).catalog
    found = survey(catalog, tmp_path)
    assert found.problems == ()
    assert found.frame.height == 17_033
    assert int(found.frame.select("width", "height").max_horizontal().max()) == 256  # type: ignore[arg-type]
    assert survey(catalog, tmp_path, found).frame.equals(found.frame)
    # Shirt after shirt on white: only the one photo that was encoded anew is told.
    assert near_identical_photos(found.frame) == [[("0659132001", 0), ("0659132017", 0)]]
