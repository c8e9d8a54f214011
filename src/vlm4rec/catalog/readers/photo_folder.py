"""Reading a catalog from a bare folder of photos."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from vlm4rec.catalog.cleaning import unique_ids
from vlm4rec.catalog.items import Catalog
from vlm4rec.catalog.photos import PHOTO_SUFFIXES
from vlm4rec.catalog.readers.photo_paths import named_in_utf_8, photo_paths
from vlm4rec.catalog.reading import CatalogReading, CatalogSource, Progress, no_progress
from vlm4rec.catalog.rows import ROW
from vlm4rec.catalog.source_files import existing_folder, readable_path
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import DataError
from vlm4rec.problems import Problem

__all__ = ["PhotoFolderReader"]


@dataclass(frozen=True, slots=True)
class PhotoFolderReader:
    """Reads a catalog from a folder of photos and its sub-folders, with nothing beside them.

    Links to folders are followed; a folder that is come to again is told as a problem.

    Each photo is an item; its id is the path from the folder, without the suffix. With the
    column mapping ``{"id": ("folder",)}`` each sub-folder that holds photos is an item, its
    photos in the order of their names.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("boot_1.jpg", "boot_2.jpg"):
    ...         (Path(folder) / name).touch()
    ...     PhotoFolderReader().read(CatalogSource(Path(folder))).catalog.ids
    ['boot_1', 'boot_2']
    """

    def read(self, source: CatalogSource, progress: Progress = no_progress) -> CatalogReading:
        """Read the catalog."""
        root = existing_folder(source.path).absolute()
        tally = ProblemTally(source.path.name)
        photos = sorted(photo_paths(root, tally), key=_in_natural_order)
        if not photos:
            suffixes = ", ".join(sorted(PHOTO_SUFFIXES))
            first = "".join(f"; {problem}" for problem in tally.problems()[:1]) or "."
            raise DataError(
                f"{source.path} holds no photos{first}", f"Give a folder with files in {suffixes}."
            )
        photos = list(named_in_utf_8(photos, tally))
        by_folder = _one_item_a_folder(source.columns)
        frame = _folders(root, photos, tally) if by_folder else _files(root, photos)
        names = [readable_path(photo.relative_to(root).as_posix()) for photo in photos]
        kept = unique_ids(frame, tally, names.__getitem__)
        progress(len(photos), len(photos))
        return CatalogReading(Catalog(kept.drop(ROW)), tally.problems())


def _one_item_a_folder(columns: Mapping[str, tuple[str, ...]]) -> bool:
    given = columns.get("id", ("file",))
    if given not in (("file",), ("folder",)):
        raise DataError(
            f"A folder of photos has no column {'+'.join(given)!r}.",
            "Write --columns id=folder for one item a sub-folder, or leave the option out.",
        )
    return given == ("folder",)


def _in_natural_order(path: Path) -> list[tuple[int, str, int]]:
    """Sort ``2.jpg`` before ``10.jpg``."""
    parts = re.findall(r"(\d+)|(\D+)", path.as_posix())
    return [(0, "", int(digits)) if digits else (1, text, 0) for digits, text in parts]


def _files(root: Path, photos: list[Path]) -> pl.DataFrame:
    ids = [photo.relative_to(root).with_suffix("").as_posix() for photo in photos]
    return _frame(list(range(len(photos))), ids, [[str(photo)] for photo in photos])


def _folders(root: Path, photos: list[Path], tally: ProblemTally) -> pl.DataFrame:
    rows: dict[Path, int] = {}
    lists: dict[Path, list[str]] = {}
    for row, photo in enumerate(photos):
        folder = photo.parent.relative_to(root)
        if folder == Path():
            tally.add(_loose(photo))
            continue
        rows.setdefault(folder, row)
        lists.setdefault(folder, []).append(str(photo))
    return _frame([*rows.values()], [folder.as_posix() for folder in rows], [*lists.values()])


def _loose(photo: Path) -> Problem:
    return Problem(
        "no-id",
        readable_path(photo.name),
        "lies in no sub-folder",
        "Move it into its item's folder",
    )


def _frame(rows: list[int], ids: list[str], photos: list[list[str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            ROW: pl.Series(rows, dtype=pl.Int64),
            "id": pl.Series(ids, dtype=pl.String).str.strip_chars().replace("", None),
            "title": pl.Series([None] * len(ids), dtype=pl.String),
            "photos": pl.Series(photos, dtype=pl.List(pl.String)),
        }
    )
