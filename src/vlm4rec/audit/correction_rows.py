"""Reading a file of corrections: whose photo each row is about, and what it says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from vlm4rec.audit.correction_cells import FIELDS, unharmed
from vlm4rec.catalog.rows import ROW, Table, row_name
from vlm4rec.catalog.tables import read_table
from vlm4rec.errors import DataError
from vlm4rec.problems import Problem

__all__ = ["COLUMNS", "VERDICT", "Place", "Row", "Rows"]

COLUMNS = ("item_id", "photo", "sha256", "grounding", "model", "prompt_id", "flags", *FIELDS)
"""The columns of a file of corrections."""

VERDICT = "verdict"
"""A further column, which the audit page writes: what a reviewer thought, ``good`` or ``bad``."""

_VERDICTS = ("", "good", "bad")
_READ = frozenset((*COLUMNS, VERDICT))
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?(?:[eE]\+?\d+)?")
_KEY = re.compile(r"[0-9a-f]{64}")
_MOST_PROBLEMS = 1_000

Place = tuple[str, int]
"""A photo of the shop: its item, and which of the item's photos it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of the file says.

    Parameters
    ----------
    where
        The file and row.
    place
        The photo.
    sha256
        The photo's hash.
    grounding
        The key of the grounding that the row was made from; empty where there was none, None if
        the file does not tell.
    cells
        The texts of those fields that the file has a column for.
    verdict
        What a reviewer thought of the grounding: ``"good"``, ``"bad"`` or nothing.
    """

    where: str
    place: Place
    sha256: str
    grounding: str | None
    cells: Mapping[str, str]
    verdict: str


class Rows:
    """The rows of a file of corrections that are about photos of a shop.

    Parameters
    ----------
    path
        A CSV file, or what a spreadsheet made of one: other separators and UTF-16 are taken.
    photos
        The usable photos of the shop: item, ordinal and sha256.

    Raises
    ------
    DataError
        If the file can't be read, or is no table of corrections.
    """

    def __init__(self, path: Path, photos: pl.DataFrame) -> None:
        columns = photos.select("item", "ordinal", "sha256").iter_rows()
        self._sha256: dict[Place, str] = {(item, ordinal): sha for item, ordinal, sha in columns}
        self._items = {item for item, _ in self._sha256}
        self._path = path
        self._table = read_table(path, "csv")
        self._names = _names(self._table)
        self.problems: list[Problem] = [*_unknown_columns(self._table)]
        self.problems += self._table.tally.problems()

    def __iter__(self) -> Iterator[Row]:
        seen: dict[Place, str] = {}
        frame = self._table.frame
        for values in frame.iter_rows(named=True):
            where = row_name(self._path, values[ROW])
            cells = {name: unharmed(values[column] or "") for name, column in self._names.items()}
            row = self._row(where, cells)
            if row is None:
                continue
            if row.place in seen:
                self.note("duplicate-row", where, f"is about the same photo as {seen[row.place]}")
                continue
            seen[row.place] = where
            yield row

    def note(
        self, code: str, where: str, what: str, remedy: str = "", item: str | None = None
    ) -> None:
        """Take down what is wrong with a row."""
        self.problems.append(Problem(code, where, what, remedy, item))

    def _row(self, where: str, cells: Mapping[str, str]) -> Row | None:
        ordinal = _ordinal(cells.get("photo", ""))
        if ordinal is None:
            remedy = "Write 0 for the main photo"
            self.note("invalid-value", where, "photo is not a whole number from 0 up", remedy)
            return None
        given = cells.get("sha256", "").strip()
        place = self._place(cells["item_id"].strip(), ordinal, given)
        sha256 = self._sha256.get(place)
        if sha256 is None:
            self._note_unknown(where, place)
            return None
        if given and given != sha256:
            self.note(
                "photo-changed",
                where,
                f"the photo of item {place[0]} is another one now",
                "Export again, and look at the new photo",
                place[0],
            )
            return None
        verdict = cells.get(VERDICT, "").strip().lower()
        if verdict not in _VERDICTS:
            self.note("invalid-value", where, "verdict is neither good nor bad", item=place[0])
            verdict = ""
        grounding = cells["grounding"].strip() if "grounding" in cells else None
        if grounding and not _KEY.fullmatch(grounding):
            what = "grounding is not a key of the ledger"
            self.note("invalid-value", where, what, "Leave this column as it was", place[0])
            return None
        fields = {name: cells[name] for name in FIELDS if name in cells}
        return Row(where, place, sha256, grounding, fields, verdict)

    def _note_unknown(self, where: str, place: Place) -> None:
        item, ordinal = place
        if item in self._items:
            what = f"item {item} has no usable photo {ordinal}"
        else:
            what = f"the shop has no photo of an item {item!r}" if item else "it has no item_id"
        self.note("unknown-item", where, what, item=item or None)

    def _place(self, item: str, ordinal: int, sha256: str) -> Place:
        """Find the photo, also where a spreadsheet took the id for a number and rounded it."""
        if (item, ordinal) in self._sha256 or not sha256 or not _NUMBER.fullmatch(item):
            return item, ordinal
        alike = [
            place
            for place, held in self._sha256.items()
            if held == sha256 and place[1] == ordinal and _same_number(place[0], item)
        ]
        return alike[0] if len(alike) == 1 else (item, ordinal)


def _names(table: Table) -> dict[str, str]:
    """Return the file's own name of each column that is known."""
    names = {name.strip().lower(): name for name in reversed(table.found)}
    known = {name: names[name] for name in names if name in _READ}
    if "item_id" not in known or not any(name in known for name in (*FIELDS, VERDICT)):
        raise DataError(
            f"{table.path} is not a table of corrections: its columns are "
            f"{', '.join(table.found[:20])}.",
            f"Give a file that --export wrote; its columns are {', '.join(COLUMNS)}.",
        )
    return known


def _unknown_columns(table: Table) -> Sequence[Problem]:
    unknown = [name for name in table.found if name.strip().lower() not in _READ]
    where = table.path.name
    return [
        Problem("unknown-column", where, f"the column {name!r} means nothing here, and is not read")
        for name in unknown[:_MOST_PROBLEMS]
    ]


def _ordinal(text: str) -> int | None:
    text = text.strip()
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _same_number(item: str, written: str) -> bool:
    """Tell whether an id of digits was written as this number, with fewer digits perhaps."""
    if not (item.isascii() and item.isdigit()):
        return False
    return math.isclose(float(item), float(written.replace(",", ".")), rel_tol=1e-4)
