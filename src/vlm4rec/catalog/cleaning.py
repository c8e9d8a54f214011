"""Making a catalog's columns of a source's: ids, titles, photos and attributes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from vlm4rec.catalog.items import ATTRIBUTE
from vlm4rec.catalog.rows import ROW
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.problems import Problem

__all__ = [
    "CONTROL_CHARACTERS",
    "absolute_photo",
    "attribute_values",
    "clean_texts",
    "is_url",
    "photo_lists",
    "unique_ids",
]

CONTROL_CHARACTERS = r"[\p{Cc}\u{2028}\u{2029}]"
"""A Polars pattern for what no id may hold, and no text that is shown."""

_WEB = re.compile(r"https?://", re.IGNORECASE)
_BETWEEN_URLS = re.compile(r"[;|]\s*(?=https?://|$)", re.IGNORECASE)
_WHOLE = r"^(0|-?[1-9]\d{0,17})$"
_DECIMAL = r"^-?(0|[1-9]\d{0,14})(\.\d{1,17})?$"


def unique_ids(
    frame: pl.DataFrame, tally: ProblemTally, where: Callable[[int], str]
) -> pl.DataFrame:
    """Keep the rows with an id of their own; each other row becomes a problem.

    Parameters
    ----------
    frame
        A table with the columns ``id`` (stripped strings, null where blank) and `ROW`.
    tally
        Takes the problems.
    where
        Names a row by its number.
    """
    frame = _without(
        frame,
        pl.col("id").is_null(),
        "no-id",
        tally,
        lambda row: Problem("no-id", where(row[ROW]), "has no id", "Give this item an id"),
    )
    frame = _without(
        frame,
        pl.col("id").str.contains(CONTROL_CHARACTERS),
        "bad-id",
        tally,
        lambda row: Problem(
            "bad-id",
            where(row[ROW]),
            f"has control characters in its id {row['id']!r}",
            "Remove them from the id",
        ),
    )
    firsts = frame.unique("id", keep="first").select("id", pl.col(ROW).alias("first"))
    again = frame.filter(~pl.col("id").is_first_distinct()).join(
        firsts, on="id", how="left", maintain_order="left"
    )
    tally.add_rows(
        "duplicate-id",
        again,
        lambda row: Problem(
            "duplicate-id",
            where(row[ROW]),
            f"repeats the id {row['id']!r} of {where(row['first'])}, which is the one kept",
            "Give each item one row",
            row["id"],
        ),
    )
    return frame.filter(pl.col("id").is_first_distinct())


def photo_lists(columns: Sequence[pl.Series], root: Path) -> pl.Series:
    """Join photo columns to one list an item: absolute paths or URLs, each once.

    A cell may hold one photo, several between ``;`` or ``|``, a JSON list, or a list. In a cell
    that begins with a web address, only what stands before another one, or at the end, parts it.
    """
    cells = zip(*(column.to_list() for column in columns), strict=True)
    base = str(root.absolute())
    lists = [
        list(dict.fromkeys(absolute_photo(photo, base) for cell in row for photo in _photos(cell)))
        for row in cells
    ]
    return pl.Series("photos", lists, dtype=pl.List(pl.String))


def absolute_photo(photo: str, root: str) -> str:
    """Return a URL as it is, and a path as an absolute one that starts from the root.

    >>> absolute_photo("https://example.org/a.jpg", "/shop")
    'https://example.org/a.jpg'
    """
    if is_url(photo):
        return photo
    return os.path.normpath(os.path.join(root, photo))  # noqa: PTH118 - a Path keeps the ".."


def is_url(photo: str) -> bool:
    """Tell a URL of any scheme from a path; a drive letter is no scheme.

    >>> is_url("s3://photos/a.jpg"), is_url("C:/photos/a.jpg")
    (True, False)
    """
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", photo) is not None


def attribute_values(series: pl.Series) -> pl.Series:
    """Return a column as attributes: numbers where all its values are plain numbers.

    Text with leading zeros stays text, so that no code loses them. Lists of text are joined by
    commas.

    >>> attribute_values(pl.Series(["19.90", "5", None])).to_list()
    [19.9, 5.0, None]
    >>> attribute_values(pl.Series(["007", "5"])).to_list()
    ['007', '5']
    """
    kind = series.dtype
    if kind == pl.String:
        return _numbers(series.str.strip_chars().replace("", None))
    if kind == pl.Boolean:
        return series
    if kind.is_integer():
        return series.cast(pl.Int64, strict=False)
    if kind.is_float() or kind.is_decimal():
        return series.cast(pl.Float64).fill_nan(None)
    if kind == pl.List(pl.String):
        return series.list.drop_nulls().list.join(", ").replace("", None)
    return _told(series)


def clean_texts(frame: pl.DataFrame) -> pl.DataFrame:
    r"""Put a space for each control character in titles and attributes: none reaches a terminal.

    Tabs and line ends are among them.

    >>> clean_texts(pl.DataFrame({"title": ["\x1b[31mRed\r\nboot\n"]}))["title"].to_list()
    ['[31mRed boot']
    """
    texts = [
        name
        for name, kind in frame.schema.items()
        if kind == pl.String and (name == "title" or name.startswith(ATTRIBUTE))
    ]
    cleaned = pl.col(texts).str.replace_all(rf"\r\n|{CONTROL_CHARACTERS}", " ").str.strip_chars()
    return frame.with_columns(pl.when(cleaned != "").then(cleaned)) if texts else frame


def _without(
    frame: pl.DataFrame,
    bad: pl.Expr,
    code: str,
    tally: ProblemTally,
    problem: Callable[..., Problem],
) -> pl.DataFrame:
    tally.add_rows(code, frame.filter(bad), problem)
    return frame.filter(~bad)


def _photos(cell: object) -> Iterator[str]:
    """Give the photos that a cell names."""
    if isinstance(cell, str):
        yield from (name.strip() for name in _split(cell.strip()) if name.strip())
    elif isinstance(cell, Iterable):
        for part in cell:
            yield from ([part.strip()] if isinstance(part, str) and part.strip() else [])


def _split(cell: str) -> list[str]:
    if cell.startswith("["):
        try:
            names = json.loads(cell)
        except (ValueError, RecursionError):
            return re.split(r"[;|]", cell)
        return [name for name in names if isinstance(name, str)]
    return re.split(_BETWEEN_URLS if _WEB.match(cell) else r"[;|]", cell)


def _numbers(series: pl.Series) -> pl.Series:
    held = series.drop_nulls()
    if held.is_empty():
        return series
    if held.str.contains(_WHOLE).all():
        return series.cast(pl.Int64)
    if held.str.contains(_DECIMAL).all():
        return series.cast(pl.Float64)
    return series


def _told(series: pl.Series) -> pl.Series:
    """Return a column of another kind as the text that says its values."""
    values = [None if value is None else str(value) for value in series.to_list()]
    return pl.Series(series.name, values, dtype=pl.String)
