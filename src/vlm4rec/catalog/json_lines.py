"""Reading JSON lines, plain or gzipped, row by row: the file is never held whole."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic_core import from_json

from vlm4rec.catalog.reading import Progress
from vlm4rec.catalog.rows import ROW, Keep, Table, row_name
from vlm4rec.catalog.source_files import open_lines
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import DataError
from vlm4rec.problems import Problem

__all__ = ["json_rows", "read_json_lines"]

_CHUNK = 20_000
_MOST_COLUMNS = 2_000
_ONE_A_LINE = "Write one JSON object a line"


def json_rows(
    path: Path, tally: ProblemTally, progress: Progress
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give each object of a JSON lines file with its line number; a bad line becomes a problem."""
    with open_lines(path) as lines:
        for row, line in enumerate(_not_a_list(lines, path), 1):
            if not line.strip():
                continue
            try:
                value = from_json(line)
            except ValueError as error:
                line.decode()  # the wrong encoding is an error of the whole file, not of one row
                reason = str(error).replace(" at line 1 column", " at column")
                tally.add(_bad(path, row, f"is not valid JSON ({reason})"))
                continue
            if isinstance(value, dict):
                yield row, value
            else:
                tally.add(_bad(path, row, "is JSON but not an object"))
            if row % _CHUNK == 0:
                progress(row, None)


def read_json_lines(path: Path, only: Keep, progress: Progress) -> Table:
    """Read a JSON lines file: text and numbers as strings, and lists of text as lists."""
    tally = ProblemTally(path.name)
    found: dict[str, None] = {}
    chunks: list[pl.DataFrame] = []
    rows = json_rows(path, tally, progress)
    while chunk := list(itertools.islice(rows, _CHUNK)):
        names = dict.fromkeys(itertools.chain.from_iterable(value for _, value in chunk))
        found |= names
        if len(found) > _MOST_COLUMNS:
            raise DataError(f"{path} has more than {_MOST_COLUMNS:,} different keys.")
        kept = [name for name in names if name != ROW and (only is None or only(name))]
        chunks.append(_frame(chunk, kept))
    return Table(path, _joined(chunks), tuple(name for name in found if name != ROW), tally)


def _not_a_list(lines: Iterator[bytes], path: Path) -> Iterator[bytes]:
    first = next(lines, b"")
    if first.lstrip().startswith(b"["):
        raise DataError(f"{path} is one JSON list, not JSON lines.", f"{_ONE_A_LINE}.")
    return itertools.chain([first], lines)


def _bad(path: Path, row: int, what: str) -> Problem:
    return Problem("bad-row", row_name(path, row), what, _ONE_A_LINE)


def _frame(chunk: Sequence[tuple[int, dict[str, Any]]], names: Iterable[str]) -> pl.DataFrame:
    columns = {ROW: pl.Series([row for row, _ in chunk], dtype=pl.Int64)}
    for name in names:
        columns[name] = _series([value.get(name) for _, value in chunk])
    return pl.DataFrame(columns)


def _series(values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds:
        return pl.Series(values, dtype=pl.Null)
    if kinds == {bool}:
        return pl.Series(values, dtype=pl.Boolean)
    if kinds == {list} and all(_is_texts(value) for value in values if value is not None):
        return pl.Series(values, dtype=pl.List(pl.String))
    return pl.Series([_text(value) for value in values], dtype=pl.String)


def _is_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _joined(chunks: list[pl.DataFrame]) -> pl.DataFrame:
    """Put chunks together; a column that is of several kinds becomes text."""
    kinds: dict[str, set[pl.DataType]] = {}
    for chunk in chunks:
        for name, kind in chunk.schema.items():
            kinds.setdefault(name, set()).add(kind)
    mixed = {name for name, held in kinds.items() if len(held - {pl.Null()}) > 1}
    alike = [
        chunk.with_columns(_as_text(chunk[name]) for name in mixed & {*chunk.columns})
        for chunk in chunks
    ]
    return pl.concat(alike, how="diagonal_relaxed") if alike else pl.DataFrame({ROW: []})


def _as_text(series: pl.Series) -> pl.Series:
    if series.dtype != pl.List(pl.String):
        return series.cast(pl.String)
    texts = [_text(value) for value in series.to_list()]
    return pl.Series(series.name, texts, dtype=pl.String)
