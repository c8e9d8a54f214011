"""Fewer interactions: of users and items with enough of them, of some items, of some events."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.rule import check_count

__all__ = ["k_core", "only_events", "only_items"]


def k_core(interactions: Interactions, *, users: int = 5, items: int = 5) -> Interactions:
    """Return the largest part in which every user and every item has enough of the other.

    Users with too few different items, and items with too few different users, are taken out
    until none is left. Repeated interactions count once, and stay.

    Parameters
    ----------
    interactions
        All of them.
    users
        How many different items every user must have, at least 1.
    items
        How many different users every item must have, at least 1.

    Returns
    -------
    Interactions
        Rows in their order; none where there is no such part.

    Raises
    ------
    DataError
        If a number is below 1.

    Examples
    --------
    >>> bought = pl.DataFrame({"user": list("uuvvw"), "item": list("ababa")})
    >>> k_core(Interactions.of(bought), users=2, items=2).users
    ['u', 'v']
    """
    check_count("users", users)
    check_count("items", items)
    frame = interactions.frame
    pairs = frame.select("user", "item").unique()
    coded = pairs.with_columns(
        pl.col("user").cast(pl.Categorical).to_physical().alias("u"),
        pl.col("item").cast(pl.Categorical).to_physical().alias("i"),
    )
    enough = (pl.len().over("u") >= users) & (pl.len().over("i") >= items)
    left = coded.filter(enough)
    while left.height < coded.height:
        coded, left = left, left.filter(enough)
    return Interactions(frame.join(left, on=["user", "item"], how="semi", maintain_order="left"))


def only_items(interactions: Interactions, items: Collection[str]) -> Interactions:
    """Return the interactions with some items, in their order.

    >>> bought = pl.DataFrame({"user": ["u", "u"], "item": ["a", "b"]})
    >>> only_items(Interactions.of(bought), {"b", "c"}).history("u").items
    ('b',)
    """
    return _only(interactions, "item", items)


def only_events(interactions: Interactions, events: Collection[str]) -> Interactions:
    """Return the interactions of some kinds, such as ``{"purchase"}``, in their order.

    Raises
    ------
    DataError
        If there is no interaction of one of the kinds.
    """
    there = interactions.frame["event"].unique().sort().to_list()
    found = _only(interactions, "event", events)
    for event in events:
        if event not in there:
            shown = ", ".join(there) or "none"
            raise DataError(f"There are no interactions {event!r}.", f"There are: {shown}.")
    return found


def _only(interactions: Interactions, column: str, values: Collection[str]) -> Interactions:
    if isinstance(values, str):
        raise DataError(f"One string is not a list of {column}s.", f"Write [{values!r}].")
    wanted = pl.DataFrame({column: pl.Series([*values], dtype=pl.String)})
    rows = interactions.frame.join(wanted, on=column, how="semi", maintain_order="left")
    return Interactions(rows)
