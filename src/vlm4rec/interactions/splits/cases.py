"""From rows to cases."""

from __future__ import annotations

import polars as pl

from vlm4rec.interactions.interactions import History
from vlm4rec.interactions.splits.rule import tally
from vlm4rec.interactions.splitting import Case

__all__ = ["REPEATS", "aims_of", "build_cases", "case_table", "mark_cases"]

REPEATS = "repeat purchases"
"""Why items are taken out of targets that the history holds already."""


def mark_cases(rows: pl.DataFrame, start: pl.Expr) -> pl.DataFrame:
    """Say of each row which case may have it as a target.

    Parameters
    ----------
    rows
        What `vlm4rec.interactions.splits.rows.dated_rows` returned.
    start
        For each row the first day of a period of the user that is to be predicted, if the row
        lies in one, else null. Periods of one user don't overlap, and end where the next starts,
        or with the user's rows.

    Returns
    -------
    pl.DataFrame
        The rows with the columns ``start``, ``repeat`` (the user had the item before the period),
        ``known`` and ``known_items`` (how many rows, and how many different items, the user had
        before the row).
    """
    first = pl.struct("user", "item").is_first_distinct().cast(pl.UInt32)
    return rows.with_columns(
        start.alias("start"),
        pl.int_range(pl.len(), dtype=pl.Int64).over("user").alias("known"),
        (first.cum_sum().over("user") - first).alias("known_items"),
        pl.col("day").min().over("user", "item").alias("first_day"),
    ).with_columns((pl.col("first_day") < pl.col("start")).alias("repeat"))


def aims_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the items of each period, each once: ``user``, ``start``, ``item``, ``repeat``."""
    aims = rows.filter(pl.col("start").is_not_null()).select("user", "start", "item", "repeat")
    return aims.unique().sort("user", "start", "item")


def case_table(
    rows: pl.DataFrame,
    aims: pl.DataFrame,
    *,
    min_history: int,
    unit: str,
    left_out: dict[str, int],
) -> pl.DataFrame:
    """Return the periods that make a case, and count those that don't.

    Parameters
    ----------
    rows
        What `mark_cases` returned.
    aims
        What `aims_of` returned of them, or some of it.
    min_history
        How many different items a history must hold.
    unit
        What a period is, in the plural: ``"users"`` where each has one.
    left_out
        Takes the counts.

    Returns
    -------
    pl.DataFrame
        ``user``, ``time``, ``targets`` (a list), ``repeats``, ``known`` (how many of the user's
        rows are history), by user and time.
    """
    periods = rows.filter(pl.col("start").is_not_null()).group_by("user", "start")
    known = periods.agg(pl.col("known", "known_items").min())
    grouped = aims.group_by("user", "start", maintain_order=True)
    table = grouped.agg(
        pl.col("item").filter(~pl.col("repeat")).alias("targets"),
        pl.col("repeat").sum().alias("repeats"),
    ).join(known, on=["user", "start"], how="inner", maintain_order="left")

    items = pl.col("known_items")
    tally(left_out, f"{unit} without a history", table.filter(items == 0).height)
    short = table.filter((items > 0) & (items < min_history)).height
    tally(left_out, f"{unit} with fewer than {min_history:,} items in the history", short)
    table = table.filter(items >= min_history)

    tally(left_out, REPEATS, int(table["repeats"].sum()))
    some = pl.col("targets").list.len() > 0
    tally(left_out, f"{unit} with nothing but repeat purchases", table.filter(~some).height)
    time = pl.col("start").cast(pl.Datetime("us")).alias("time")
    return table.filter(some).select("user", time, "targets", "repeats", "known")


def build_cases(rows: pl.DataFrame, table: pl.DataFrame) -> tuple[Case, ...]:
    """Return a case for each row of a table such as `case_table` returns.

    Parameters
    ----------
    rows
        Ordered rows; the first ``known`` ones of a user are the history.
    table
        The cases, by user and time.

    Raises
    ------
    DataError
        If a weight of a history can't be used.
    """
    users = rows.with_row_index("offset").group_by("user").agg(pl.col("offset").min())
    table = table.join(users, on="user", how="left", maintain_order="left")
    columns = [rows[name].to_list() for name in ("item", "time", "event", "weight")]
    cases = []
    fields = table.select("user", "time", "targets", "repeats", "offset", "known")
    for user, time, targets, repeats, offset, known in fields.iter_rows():
        history = History(*(tuple(column[offset : offset + known]) for column in columns))
        cases.append(Case(user, history, tuple(targets), time, repeats))
    return tuple(cases)
