"""A table read from a file, and how its rows are named in messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from vlm4rec.catalog.tally import ProblemTally

__all__ = ["ROW", "Keep", "Table", "row_name"]

ROW = "#row"
"""The column of a table's frame that holds the row numbers as a person sees them in the file."""

Keep = Callable[[str], bool] | None
"""Tells by its name whether a column is to be kept; None keeps all."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as its file holds it.

    Parameters
    ----------
    path
        The file.
    frame
        The columns that were asked for, and `ROW`. Of CSV and JSON lines, text and numbers are
        strings; of Parquet, each column has the type that the file says.
    found
        The names of all columns in the file, kept or not.
    tally
        What was wrong with rows; those are not in the frame.
    """

    path: Path
    frame: pl.DataFrame
    found: tuple[str, ...]
    tally: ProblemTally


def row_name(path: Path, row: int) -> str:
    """Name a row as a message does.

    >>> row_name(Path("shop/articles.csv"), 12)
    'articles.csv, row 12'
    """
    return f"{path.name}, row {row}"
