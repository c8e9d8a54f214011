"""Purchases for the tests of splits, written short or made by Hypothesis."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splitting import Case, Split

ZERO = datetime.fromisoformat("2020-08-31")

_SCHEMA = pl.Schema({"user": pl.String(), "item": pl.String(), "time": pl.Datetime("us")})


def day(number: int) -> datetime:
    """The first is the 1st of September 2020."""
    return ZERO + timedelta(days=number)


def bought(text: str) -> Interactions:
    """Make purchases of ``"u1: a b"``: user u bought a and b on day 1; ``"u: a"`` has no time."""
    rows = []
    for part in text.split(";"):
        who, items = part.split(":")
        user, number = who.strip()[0], who.strip()[1:]
        time = day(int(number)) if number else None
        rows += [{"user": user, "item": item, "time": time} for item in items.split()]
    return Interactions.of(pl.DataFrame(rows, schema=_SCHEMA))


def shown(case: Case) -> str:
    """Write a case as ``"u3: a b > c"``, with ids in order, ``(+1)`` for a repeat."""
    number = (case.time - ZERO).days if case.time else ""
    repeats = f" (+{case.repeats})" if case.repeats else ""
    history, targets = sorted(case.history.items), sorted(case.targets)
    return f"{case.user}{number}: {' '.join(history)} > {' '.join(targets)}{repeats}"


def cases_of(split: Split) -> list[str]:
    return [shown(case) for case in split.cases]


def pairs(interactions: Interactions) -> list[str]:
    """Write rows as ``"u1a"``, sorted."""
    rows = interactions.frame.iter_rows()
    return sorted(
        f"{user}{(time - ZERO).days if time else ''}{item}" for user, item, time, *_ in rows
    )


def rows_of(count: int = 40) -> st.SearchStrategy[list[tuple[str, str, datetime]]]:
    times = st.builds(
        lambda number, hour: day(number) + timedelta(hours=hour),
        st.integers(1, 8),
        st.sampled_from([0, 0, 9, 23]),
    )
    row = st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcdefgh"), times)
    return st.lists(row, min_size=1, max_size=count)


def interactions_of(rows: list[tuple[str, str, datetime]]) -> Interactions:
    return Interactions.of(pl.DataFrame(rows, schema=_SCHEMA, orient="row"))
