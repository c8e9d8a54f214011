"""Reading CSV and TSV: every value stays the text that the file holds."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from vlm4rec.catalog.reading import Progress
from vlm4rec.catalog.rows import ROW, Keep, Table, row_name
from vlm4rec.catalog.source_files import open_text
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import DataError
from vlm4rec.problems import Problem

__all__ = ["read_delimited"]

_SEPARATORS = ",;\t|"
_CHUNK = 50_000
_REMEDY = "Check the quotes and separators of this row"


def read_delimited(path: Path, only: Keep, progress: Progress) -> Table:
    """Read a CSV or TSV file as strings; a row that does not fit the header becomes a problem.

    The separator is the one of comma, semicolon, tab and bar that the header has most of.
    """
    tally = ProblemTally(path.name)
    with open_text(path) as text:
        first = text.readline()
        separator = max(_SEPARATORS, key=first.count)
        lines = csv.reader(itertools.chain([first], text), delimiter=separator, strict=True)
        header, row = _header(lines, path)
        kept = {place: name for place, name in enumerate(header) if only is None or only(name)}
        schema = {ROW: pl.Int64, **dict.fromkeys(kept.values(), pl.String)}
        chunks = [pl.DataFrame(schema=schema)]
        while records := _next_records(lines, path, row + 1, tally):
            numbered = _fitting(records, len(header), path, row + 1, tally)
            chunks.append(_frame(numbered, kept, schema))
            row += len(records)
            progress(row, None)
    values = pl.col(pl.String)
    frame = pl.concat(chunks).with_columns(pl.when(values != "").then(values))
    return Table(path, frame, tuple(header), tally)


def _header(lines: Iterator[list[str]], path: Path) -> tuple[list[str], int]:
    """Return the column names and the number of their row; blank rows may go before it."""
    names: list[str] = []
    row = 0
    try:
        row, names = next((row, names) for row, names in enumerate(lines, 1) if names)
    except (StopIteration, csv.Error):
        names = []
    if not any(name.strip() for name in names):
        raise DataError(f"{path} has no header row.", "Write the column names in the first row.")
    if any("\0" in name for name in names):
        raise DataError(f"{path} is not UTF-8 text.", "Save it as UTF-8 and try again.")
    return _unique(names), row


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


def _next_records(
    lines: Iterator[list[str]], path: Path, row: int, tally: ProblemTally
) -> list[list[str]]:
    """Read a chunk of records; one that can't be parsed is told, and stands there as a blank."""
    records: list[list[str]] = []
    while len(records) < _CHUNK:
        try:
            for record in itertools.islice(lines, _CHUNK - len(records)):
                records.append(record)  # noqa: PERF402 - what comes before an error must stay
        except csv.Error as error:
            what = f"can't be split into fields ({error})"
            tally.add(Problem("bad-row", row_name(path, row + len(records)), what, _REMEDY))
            records.append([])
        else:
            break
    return records


def _fitting(
    records: list[list[str]], width: int, path: Path, row: int, tally: ProblemTally
) -> list[tuple[int, list[str]]]:
    """Give the records that fit the header their numbers; the others are told, blank ones not."""
    numbered = list(enumerate(records, row))
    if all(len(record) == width for record in records):
        return numbered
    for number, record in numbered:
        if record and len(record) != width:
            what = f"has {_fields(len(record))} where the header has {width}"
            tally.add(Problem("bad-row", row_name(path, number), what, _REMEDY))
    return [(number, record) for number, record in numbered if len(record) == width]


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count} fields"


def _frame(
    numbered: list[tuple[int, list[str]]], kept: Mapping[int, str], schema: dict[str, Any]
) -> pl.DataFrame:
    if not numbered:
        return pl.DataFrame(schema=schema)
    columns = list(zip(*(record for _, record in numbered), strict=True))
    data: dict[str, Sequence[object]] = {ROW: [row for row, _ in numbered]}
    data.update({name: columns[place] for place, name in kept.items()})
    return pl.DataFrame(data, schema=schema)
