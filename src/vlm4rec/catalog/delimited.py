"""Reading CSV and TSV: every value stays the text that the file holds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from vlm4rec.catalog.csv_records import CsvRecords
from vlm4rec.catalog.reading import Progress
from vlm4rec.catalog.rows import ROW, Keep, Table
from vlm4rec.catalog.source_files import open_text
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import DataError

__all__ = ["read_delimited"]

_SEPARATORS = ",;\t|"


def read_delimited(path: Path, only: Keep, progress: Progress) -> Table:
    """Read a CSV or TSV file as strings; a row that does not fit the header becomes a problem.

    The separator is the one of comma, semicolon, tab and bar that the header has most of. A row
    has the number of its first line.
    """
    tally = ProblemTally(path.name)
    with open_text(path) as text:
        first = text.readline()
        separator = max(_SEPARATORS, key=first.count)
        records = CsvRecords(itertools.chain([first], text), separator, path, tally)
        header = _header(records, path)
        kept = {place: name for place, name in enumerate(header) if only is None or only(name)}
        schema = {ROW: pl.Int64, **dict.fromkeys(kept.values(), pl.String)}
        frames = [pl.DataFrame(schema=schema)]
        for numbers, chunk in records.chunks(len(header)):
            frames.append(_frame(numbers, chunk, kept, schema))
            progress(records.lines_done, None)
    values = pl.col(pl.String)
    frame = pl.concat(frames).with_columns(pl.when(values != "").then(values))
    return Table(path, frame, tuple(header), tally)


def _header(records: CsvRecords, path: Path) -> list[str]:
    """Return the column names; blank rows may go before them."""
    names = records.first()
    if not any(name.strip() for name in names):
        raise DataError(f"{path} has no header row.", "Write the column names in the first row.")
    if any("\0" in name for name in names):
        raise DataError(f"{path} is not UTF-8 text.", "Save it as UTF-8 and try again.")
    return _unique(names)


def _unique(names: Sequence[str]) -> list[str]:
    """Name the nameless columns by their place, and number those that repeat a name."""
    unique: list[str] = []
    taken = {ROW}
    for place, given in enumerate(names, 1):
        name = given.strip() or f"column {place}"
        numbered = (f"{name} ({again})" for again in itertools.count(2))
        free = next(each for each in itertools.chain([name], numbered) if each not in taken)
        unique.append(free)
        taken.add(free)
    return unique


def _frame(
    numbers: Sequence[int],
    records: list[list[str]],
    kept: Mapping[int, str],
    schema: dict[str, Any],
) -> pl.DataFrame:
    if not records:
        return pl.DataFrame(schema=schema)
    columns = list(zip(*records, strict=True))
    data: dict[str, Sequence[object]] = {ROW: numbers}
    data.update({name: columns[place] for place, name in kept.items()})
    return pl.DataFrame(data, schema=schema)
