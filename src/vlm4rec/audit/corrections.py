"""Corrections: groundings leave as a table, and come back as the word of a person."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from vlm4rec.audit.correcting import Correcting, CorrectionReport
from vlm4rec.audit.correction_cells import answer_cells, harmless
from vlm4rec.audit.correction_rows import COLUMNS, Rows
from vlm4rec.audit.photos import audited_photos
from vlm4rec.audit.reading import groundings_by_key
from vlm4rec.errors import DataError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.storage import replacing

__all__ = ["CorrectionReport", "check_export", "export_corrections", "import_corrections"]

_PAGE = 2_000


def check_export(path: Path) -> None:
    """See that a file can be exported to, before any work is done.

    Raises
    ------
    DataError
        If the file is there already: it may hold somebody's corrections.
    """
    path = path.expanduser()
    if path.exists():
        raise DataError(f"{path} is there already.", "Choose another name.")


def export_corrections(folder: ShopFolder, path: Path) -> int:
    """Write the current grounding of each photo to a CSV file that people can edit.

    The columns are those of `vlm4rec.audit.correction_rows.COLUMNS`. A photo that was asked about
    in vain has a row with empty fields, to be filled in by hand. Lists are joined by commas, and
    a cell that a spreadsheet would take for a formula has an apostrophe before it.

    Parameters
    ----------
    folder
        The shop.
    path
        The file, which must not be there yet: it may hold somebody's corrections.

    Returns
    -------
    int
        How many rows it has.

    Raises
    ------
    DataError
        If the file is there already.
    StepMissingError
        If there is nothing to export.
    """
    check_export(path)
    path = path.expanduser()
    photos = audited_photos(folder)
    with (
        Ledger.open(folder.ledger_file) as ledger,
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8-sig", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for page in photos.iter_slices(_PAGE):
            writer.writerows(_exported(ledger, page))
    return photos.height


def _exported(ledger: Ledger, photos: pl.DataFrame) -> Iterator[list[str]]:
    found = groundings_by_key(ledger, photos["key"].drop_nulls())
    for row in photos.iter_rows(named=True):
        first = (
            row["item"],
            str(row["ordinal"]),
            row["sha256"],
            row["key"] or "",
            row["model"] or "",
            row["prompt_id"] or "",
            ", ".join(row["flags"] or ()),
        )
        grounding = found.get(row["key"] or "")
        cells = answer_cells(None if grounding is None else grounding.answer).values()
        yield [harmless(cell) for cell in (*first, *cells)]


def import_corrections(folder: ShopFolder, path: Path, *, by: str = "") -> CorrectionReport:
    """Take in what people changed in a table that `export_corrections` wrote.

    A row that differs from the grounding that it was exported from becomes the photo's grounding,
    with a provenance of its own, and stays it whatever an LVLM writes later, until the photo is
    another one. Rows that nobody changed do nothing, also where the grounding has been corrected
    by somebody else since. A row that can't be used is a problem; the others are taken in, all at
    once.

    Parameters
    ----------
    folder
        The shop.
    path
        The file. It may have fewer columns: ``item_id`` and one to be corrected are enough.
    by
        Who corrected.

    Raises
    ------
    DataError
        If the file can't be read.
    ShopBusyError
        If another process writes to the shop.
    """
    path = path.expanduser()
    folder.step("init")
    photos = folder.read(folder.photos_file).filter(pl.col("path").is_not_null())
    rows = Rows(path, photos)
    with folder.writing("audit"), Ledger.open(folder.ledger_file) as ledger:
        return Correcting(rows, ledger, by, photos).run()
