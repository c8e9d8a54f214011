"""Reading CSV and TSV: every value stays the text that the file holds."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

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
        lines = itertools.chain([first], text)
        records = _records(csv.reader(lines, delimiter=separator, strict=True), path, tally)
        header = _header(records, path)
        frame = _frame(_fitting(records, header, path, tally), header, only, progress)
    return Table(path, frame, tuple(header), tally)


def _records(
    lines: Iterator[list[str]], path: Path, tally: ProblemTally
) -> Iterator[tuple[int, list[str]]]:
    """Give each record that is not blank with its number; a record that can't be parsed is told."""
    for row in itertools.count(1):
        try:
            record = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            what = f"can't be split into fields ({error})"
            tally.add(Problem("bad-row", row_name(path, row), what, _REMEDY))
            continue
        if record:
            yield row, record


def _header(records: Iterator[tuple[int, list[str]]], path: Path) -> list[str]:
    _, names = next(records, (0, []))
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


def _fitting(
    records: Iterator[tuple[int, list[str]]], header: list[str], path: Path, tally: ProblemTally
) -> Iterator[tuple[int, list[str]]]:
    width = len(header)
    for row, record in records:
        if len(record) == width:
            yield row, record
        else:
            what = f"has {len(record)} fields where the header has {width}"
            tally.add(Problem("bad-row", row_name(path, row), what, _REMEDY))


def _frame(
    records: Iterator[tuple[int, list[str]]],
    header: list[str],
    only: Keep,
    progress: Progress,
) -> pl.DataFrame:
    places = [place for place, name in enumerate(header) if only is None or only(name)]
    schema = {ROW: pl.Int64, **{header[place]: pl.String for place in places}}
    chunks = [pl.DataFrame(schema=schema)]
    done = 0
    while chunk := list(itertools.islice(records, _CHUNK)):
        columns = list(zip(*(record for _, record in chunk), strict=True))
        data: dict[str, Iterable[object]] = {ROW: [row for row, _ in chunk]}
        data.update((header[place], columns[place]) for place in places)
        chunks.append(pl.DataFrame(data, schema=schema))
        done += len(chunk)
        progress(done, None)
    text = pl.col(pl.String)
    return pl.concat(chunks).with_columns(pl.when(text != "").then(text))
