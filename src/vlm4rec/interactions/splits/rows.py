"""The rows of interactions as the rules look at them: in order, with their day."""

from __future__ import annotations

import polars as pl

from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import SCHEMA, Interactions
from vlm4rec.interactions.splits.drawing import lots
from vlm4rec.interactions.splits.rule import tally

__all__ = ["as_interactions", "dated_rows", "ordered_rows"]


def ordered_rows(interactions: Interactions) -> pl.DataFrame:
    """Return the rows by user, then time, then an order that only depends on the ids.

    Returns
    -------
    pl.DataFrame
        The columns of `SCHEMA` and ``day``, the date in UTC; rows without a time come first.

    Raises
    ------
    DataError
        If there are none, or one has no user or no item.
    """
    frame = interactions.frame
    if frame.is_empty():
        raise DataError("There are no interactions to split.", "Add interactions to the shop.")
    bad = frame.filter(pl.col("user").is_null() | pl.col("item").is_null()).height
    if bad:
        raise DataError(f"{bad:,} interactions have no user or no item.", "Leave them out.")
    items = frame.select(pl.col("item").unique(maintain_order=True))
    places = items.with_columns(lots(0, "order", items["item"]).alias("place"))
    rows = frame.join(places, on="item", how="left", maintain_order="left")
    ordered = rows.sort("user", "time", "place", "item", "event", "weight", nulls_last=False)
    return ordered.select(*SCHEMA, pl.col("time").dt.date().alias("day"))


def dated_rows(interactions: Interactions, rule: str, left_out: dict[str, int]) -> pl.DataFrame:
    """Return the ordered rows that have a time, and count those that don't.

    Parameters
    ----------
    interactions
        All of them.
    rule
        The name of the rule that needs times.
    left_out
        Takes the count.

    Raises
    ------
    DataError
        If no row has a time, or there are none.
    """
    rows = ordered_rows(interactions)
    dated = rows.filter(pl.col("time").is_not_null())
    if dated.is_empty():
        raise DataError(
            f"The split {rule!r} goes by days, but no interaction has a time.",
            "Give the column of the times, or split by 'basket' without days, which needs none.",
        )
    tally(left_out, "interactions without a time", rows.height - dated.height)
    return dated


def as_interactions(rows: pl.DataFrame) -> Interactions:
    """Return rows as interactions."""
    return Interactions(rows.select(list(SCHEMA)))
