"""Telling the rows of interactions that can be used from those that can't, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from vlm4rec.catalog.cleaning import CONTROL_CHARACTERS
from vlm4rec.catalog.rows import ROW, row_name
from vlm4rec.catalog.tables import as_text
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.interactions.times import TIME_FORMS, parse_times
from vlm4rec.problems import Problem, summarise_ids

__all__ = ["unknown_item_problem", "usable_rows"]

_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class _Fault:
    """A reason to leave a row out; ``what`` may name its columns in braces."""

    code: str
    found: pl.Expr
    what: str
    remedy: str

    def problem(self, path: Path, row: Mapping[str, Any]) -> Problem:
        return Problem(self.code, row_name(path, row[ROW]), self.what.format_map(row), self.remedy)


_FAULTS = (
    _Fault("no-user", pl.col("user").is_null(), "has no user", "Give each row a user"),
    _Fault("no-item", pl.col("item").is_null(), "has no item", "Give each row an item"),
    _Fault(
        "bad-id",
        pl.col("user").str.contains(CONTROL_CHARACTERS),
        "has control characters in its user id {user!r}",
        "Remove them from the id",
    ),
    _Fault(
        "bad-id",
        pl.col("item").str.contains(CONTROL_CHARACTERS),
        "has control characters in its item id {item!r}",
        "Remove them from the id",
    ),
    _Fault(
        "bad-time",
        pl.col("said time").is_not_null() & pl.col("time").is_null(),
        "has the time {said time!r}, which can't be read",
        f"Write it as {TIME_FORMS}",
    ),
    _Fault(
        "bad-weight",
        pl.col("said weight").is_not_null()
        & ~(pl.col("weight").is_finite() & (pl.col("weight") >= 0)).fill_null(value=False),
        "has the weight {said weight!r}, which is not a number of 0 or more",
        "Correct it, or leave it empty to count 1",
    ),
)


def usable_rows(frame: pl.DataFrame, path: Path, tally: ProblemTally, event: str) -> pl.DataFrame:
    """Return the interactions that can be used; each other row becomes a problem.

    Parameters
    ----------
    frame
        What the file says: `ROW`, ``user``, ``item``, ``time``, ``event`` and ``weight``.
    path
        The file, for the problems.
    tally
        Takes the problems.
    event
        What an interaction is that does not say it.
    """
    weight = as_text(frame["weight"])
    read = frame.select(
        ROW,
        as_text(frame["user"]),
        as_text(frame["item"]),
        parse_times(frame["time"]),
        _shown(as_text(frame["event"])).fill_null(event),
        weight.cast(pl.Float64, strict=False),
        as_text(frame["time"]).alias("said time"),
        weight.alias("said weight"),
    )
    for fault in _FAULTS:
        tally.add_rows(fault.code, read.filter(fault.found), partial(fault.problem, path))
        read = read.filter(~fault.found)
    return read.select("user", "item", "time", "event", pl.col("weight").fill_null(1.0))


def unknown_item_problem(ids: pl.Series, known_items: Collection[str]) -> Problem:
    """Tell once of all interactions with items that the catalog does not hold.

    >>> str(unknown_item_problem(pl.Series(["7", "7"]), {"007"}))
    "Interactions: 2 rows name 1 item that the catalog does not hold (7). Keep the leading zeros\
 of the ids: '7' here is '007' in the catalog."
    """
    different = ids.unique(maintain_order=True).to_list()
    items = "1 item" if len(different) == 1 else f"{len(different):,} items"
    rows = "1 row names" if len(ids) == 1 else f"{len(ids):,} rows name"
    what = f"{rows} {items} that the catalog does not hold ({summarise_ids(different)})"
    remedy = _lost_zeros(different, known_items) or "Add the items to the catalog to keep them"
    return Problem("unknown-item", "Interactions", what, remedy)


def _shown(text: pl.Series) -> pl.Series:
    """Put a space for each control character."""
    return text.str.replace_all(CONTROL_CHARACTERS, " ").str.strip_chars().replace("", None)


def _lost_zeros(unknown: list[str], known_items: Collection[str]) -> str:
    """See whether ids would match but for leading zeros, which a spreadsheet takes away."""
    bare = {id_.lstrip("0"): id_ for id_ in known_items}
    for id_ in unknown[:_LOOKED_AT]:
        held = bare.get(id_.lstrip("0"))
        if held:
            return f"Keep the leading zeros of the ids: {id_!r} here is {held!r} in the catalog"
    return ""
