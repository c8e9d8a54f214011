"""Each user's last days are the test: what leave-last-out and per-user temporal share."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.cases import aims_of, build_cases, case_table, mark_cases
from vlm4rec.interactions.splits.rows import as_interactions, dated_rows
from vlm4rec.interactions.splits.rule import no_case_left, tally
from vlm4rec.interactions.splitting import Split

__all__ = ["split_last_days"]


def split_last_days(
    interactions: Interactions,
    tested: pl.Expr,
    *,
    rule: str,
    min_history: int,
    choose: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
) -> Split:
    """Make one case of the last shopping days of each user, of all the days before.

    Parameters
    ----------
    interactions
        All of them.
    tested
        How many of a user's last days are the test, from the column ``days`` (how many the user
        has, at least 2): at least 1, and fewer than ``days``.
    rule
        Its name.
    min_history
        How many different items a history must hold.
    choose
        Takes the new items of these days (``user``, ``start``, ``item``), and returns those of
        them that are targets: at least one of each user. The others are counted. None: all are.

    Returns
    -------
    Split
        Learned from is what lies before the cases, and all of the users without a case. The log
        is everything.

    Raises
    ------
    DataError
        If no case is left, or no interaction has a time.
    """
    left_out: dict[str, int] = {}
    rows = dated_rows(interactions, rule, left_out)
    rows = mark_cases(rows.with_columns(_day_number()), _start(tested))
    single = rows.filter(pl.col("days") == 1)["user"].n_unique()
    tally(left_out, "users with a single shopping day", single)
    aims = aims_of(rows)
    table = case_table(rows, aims, min_history=min_history, unit="users", left_out=left_out)
    if table.is_empty():
        remedy = "Add customers who bought on several days, or split by 'basket'."
        raise no_case_left(rule, left_out, remedy)
    if choose is not None:
        table = _chosen(table, choose, left_out)
    has_case = table.select("user", pl.lit(value=True).alias("has_case"))
    marked = rows.join(has_case, on="user", how="left", maintain_order="left")
    train = marked.filter(pl.col("start").is_null() | pl.col("has_case").is_null())
    return Split(as_interactions(train), build_cases(rows, table), as_interactions(rows), left_out)


def _day_number() -> tuple[pl.Expr, pl.Expr]:
    """Return the columns ``number`` (of the user's shopping day, from 0) and ``days``."""
    number = pl.col("day").rle_id().over("user")
    return number.alias("number"), (number.max().over("user") + 1).cast(pl.Int64).alias("days")


def _start(tested: pl.Expr) -> pl.Expr:
    """Return the first day of the test where a row lies in it; see `mark_cases`."""
    in_test = (pl.col("days") > 1) & (pl.col("number") >= pl.col("days") - tested)
    return pl.when(in_test).then(pl.when(in_test).then("day").min().over("user"))


def _chosen(
    table: pl.DataFrame,
    choose: Callable[[pl.DataFrame], pl.DataFrame],
    left_out: dict[str, int],
) -> pl.DataFrame:
    new = table.select("user", pl.col("targets").alias("item")).explode("item")
    chosen = choose(new)
    tally(left_out, "other items of the last day", new.height - chosen.height)
    targets = chosen.sort("user", "item").group_by("user").agg(pl.col("item").alias("targets"))
    joined = table.drop("targets").join(targets, on="user", how="left", maintain_order="left")
    return joined.select(table.columns)
