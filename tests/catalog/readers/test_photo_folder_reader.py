from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from vlm4rec.catalog.readers.photo_folder import PhotoFolderReader
from vlm4rec.catalog.reading import CatalogSource
from vlm4rec.errors import DataError

BY_FOLDER = {"id": ("folder",)}


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_each_photo_is_an_item_and_similar_names_are_not_merged(tmp_path: Path) -> None:
    make(tmp_path, "boot_10.jpg", "boot_2.jpg", "sub/deep/a.b.WEBP", "readme.md")
    catalog = PhotoFolderReader().read(CatalogSource(tmp_path)).catalog
    assert catalog.ids == ["boot_2", "boot_10", "sub/deep/a.b"]
    assert catalog["boot_2"].photos == (str(tmp_path / "boot_2.jpg"),)


def test_each_sub_folder_can_be_an_item_with_its_photos_in_order(tmp_path: Path) -> None:
    make(tmp_path, "boot/10.jpg", "boot/2.jpg", "shoe/red/1.png", "loose.jpg")
    reading = PhotoFolderReader().read(CatalogSource(tmp_path, BY_FOLDER))
    photos = {item.id: [Path(photo).name for photo in item.photos] for item in reading.catalog}
    assert photos == {"boot": ["2.jpg", "10.jpg"], "shoe/red": ["1.png"]}
    assert [str(problem) for problem in reading.problems] == [
        "loose.jpg: lies in no sub-folder. Move it into its item's folder."
    ]


def test_what_a_mac_leaves_behind_is_no_photo(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "._a.jpg", "__MACOSX/a.jpg", ".cache/b.jpg")
    assert PhotoFolderReader().read(CatalogSource(tmp_path)).catalog.ids == ["a"]


def test_the_same_name_in_two_formats_is_a_repeated_id(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a.png")
    (problem,) = PhotoFolderReader().read(CatalogSource(tmp_path)).problems
    assert problem.where == "a.png"
    assert "'a' of a.jpg" in problem.what


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
def test_a_name_that_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    make(tmp_path, "good.jpg")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).touch()
    reading = PhotoFolderReader().read(CatalogSource(tmp_path))
    assert reading.catalog.ids == ["good"]
    assert [problem.code for problem in reading.problems] == ["bad-id"]


needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")


@needs_links
def test_links_to_folders_are_followed(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "boot.jpg", "deep/shoe.jpg", ".hidden/x.jpg")
    make(tmp_path / "photos", "a.jpg")
    (tmp_path / "photos" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos" / ".not").symlink_to(tmp_path / "elsewhere")
    reading = PhotoFolderReader().read(CatalogSource(tmp_path / "photos"))
    assert reading.catalog.ids == ["a", "more/boot", "more/deep/shoe"]
    assert reading.catalog["more/boot"].photos == (str(tmp_path / "photos/more/boot.jpg"),)
    assert reading.problems == ()


@needs_links
def test_a_folder_is_read_once_under_its_own_name_however_links_go(tmp_path: Path) -> None:
    make(tmp_path, "boots/a.jpg", "shoes/b.jpg")
    (tmp_path / "again").symlink_to("boots")
    (tmp_path / "boots" / "round").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    reading = PhotoFolderReader().read(CatalogSource(tmp_path))
    assert reading.catalog.ids == ["boots/a", "shoes/b"]
    assert {Path(problem.where).name: problem.code for problem in reading.problems} == {
        "again": "repeated-folder",
        "round": "repeated-folder",
        "self": "missing",
    }
    assert f"read already, as {tmp_path / 'boots'}" in str(reading.problems[1])


@needs_links
def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt")
    (tmp_path / "disk").symlink_to(tmp_path / "unplugged")
    with pytest.raises(DataError, match=r"holds no photos; .*disk: is a link that leads nowhere"):
        PhotoFolderReader().read(CatalogSource(tmp_path))


def test_a_folder_that_cant_be_looked_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.jpg", "closed/b.jpg")
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    reading = PhotoFolderReader().read(CatalogSource(tmp_path))
    assert reading.catalog.ids == ["a"]
    (problem,) = reading.problems
    assert (problem.code, problem.where) == ("unreadable", str(tmp_path / "closed"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_problem_shows_no_control_characters_of_a_name(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "\x1b[31m.jpg")
    (problem,) = PhotoFolderReader().read(CatalogSource(tmp_path)).problems
    assert problem.where == "\\x1b[31m.jpg"


@pytest.mark.parametrize("columns", [{}, BY_FOLDER])
def test_a_folder_without_photos_is_refused(
    tmp_path: Path, columns: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(DataError, match="holds no photos"):
        PhotoFolderReader().read(CatalogSource(make(tmp_path, "a.txt"), columns))


def test_another_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--columns id=folder"):
        PhotoFolderReader().read(CatalogSource(make(tmp_path, "a.jpg"), {"id": ("sku",)}))
