"""Basket completion: one item of what a user bought is hidden, and to be found from the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import polars as pl

from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.cases import REPEATS, build_cases
from vlm4rec.interactions.splits.drawing import drawn, lots
from vlm4rec.interactions.splits.rows import as_interactions, dated_rows, ordered_rows
from vlm4rec.interactions.splits.rule import Rule, check_count, check_share, no_case_left, tally
from vlm4rec.interactions.splitting import Split

__all__ = ["BasketCompletion"]


@dataclass(frozen=True, slots=True)
class BasketCompletion(Rule):
    """Hides one item of a user's basket: all that the user bought in the window.

    A share of the users is drawn to be tested. Of each, one item is drawn, evenly among the
    different ones of the basket that the user had not bought before the window. The history of
    the case is the rest of the basket, and its time a microsecond past the last interaction of
    all. Learned from is what the other users did, and what these did before the window. The log
    holds that and the histories.

    Parameters
    ----------
    days
        The window: so many days, up to the last one there is. None: all the time.
    test_share
        The probability of a user to be drawn, between 0 and 1.
    min_history
        How many different items must stay in the basket.

    Raises
    ------
    DataError
        If a parameter is out of its range.

    Examples
    --------
    >>> bought = pl.DataFrame({"user": ["u", "u", "v", "v"], "item": ["a", "b", "a", "c"]})
    >>> split = BasketCompletion().split(Interactions.of(bought), seed=6)
    >>> [(case.user, case.history.items, case.targets) for case in split.cases]
    [('v', ('a',), ('c',))]
    """

    name: ClassVar[str] = "basket"
    days: int | None = None
    test_share: float = 0.5
    min_history: int = 1

    def __post_init__(self) -> None:
        if self.days is not None:
            check_count("days", self.days)
        check_share("test_share", self.test_share)
        check_count("min_history", self.min_history)

    @property
    def told(self) -> str:
        """The rule in words."""
        return (
            f"Basket completion over {self._window_told}: of {self.test_share:.0%} of the "
            f"customers with at least {self.min_history + 1:,} different items, drawn at random, "
            "one item, drawn at random, is hidden and to be found from the others. "
            "Learned from is what other customers did, and what these did before."
        )

    @property
    def _window_told(self) -> str:
        if self.days is None:
            return "the whole period"
        return "the last day" if self.days == 1 else f"the last {self.days:,} days"

    def candidates(self, interactions: Interactions) -> tuple[str, ...]:
        """Return what was on sale: all items that anybody bought in the window."""
        rows = self._rows(interactions, {})
        return tuple(rows.filter("here")["item"].unique().sort())

    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split; see `vlm4rec.interactions.splitting.Splitter.split`."""
        left_out: dict[str, int] = {}
        rows = self._rows(interactions, left_out)
        pairs = rows.group_by("user", "item").agg(
            pl.col("here").any(), (~pl.col("here")).any().alias("before")
        )
        able = self._able(pairs, left_out)
        tested = able.filter(drawn(lots(seed, "basket user", able["user"]), self.test_share))
        if tested.is_empty():
            tally(left_out, "users that were not drawn", able.height)
            raise no_case_left(self.name, left_out, "Raise test_share, or choose another seed.")
        hidden = _hidden(pairs.join(tested, on="user", how="semi"), seed)

        rows = rows.join(hidden, on=["user", "item"], how="left", maintain_order="left")
        rows = rows.join(tested, on="user", how="left", maintain_order="left")
        train = rows.filter(~pl.col("here") | pl.col("new").is_null())
        log = rows.filter(pl.col("hidden").is_null())
        visible = log.filter("here", pl.col("new").is_not_null())
        tally(left_out, REPEATS, int((tested["items"] - tested["new"]).sum()))
        table = _table(visible, hidden, tested, rows["time"].max())  # type: ignore[arg-type]
        return Split(
            as_interactions(train),
            build_cases(visible, table),
            as_interactions(log),
            left_out,
        )

    def _rows(self, interactions: Interactions, left_out: dict[str, int]) -> pl.DataFrame:
        """Return the ordered rows; ``here`` says whether they lie in the window."""
        if self.days is None:
            return ordered_rows(interactions).with_columns(pl.lit(value=True).alias("here"))
        rows = dated_rows(interactions, self.name, left_out)
        age = (pl.col("day").max() - pl.col("day")).dt.total_days()
        return rows.with_columns((age < self.days).alias("here"))

    def _able(self, pairs: pl.DataFrame, left_out: dict[str, int]) -> pl.DataFrame:
        """Return the users that can be tested, with how many items, and new items, they have."""
        new = pl.col("here") & ~pl.col("before")
        users = pairs.group_by("user").agg(
            pl.col("here").sum().cast(pl.Int64).alias("items"),
            new.sum().cast(pl.Int64).alias("new"),
        )
        items, enough = pl.col("items"), self.min_history + 1
        tally(left_out, "users with nothing in the window", users.filter(items == 0).height)
        few = users.filter((items > 0) & (items < enough)).height
        tally(left_out, f"users with fewer than {enough:,} different items in the window", few)
        users = users.filter(items >= enough)
        nothing_new = users.filter(pl.col("new") == 0).height
        tally(left_out, "users with nothing but repeat purchases", nothing_new)
        return users.filter(pl.col("new") > 0).sort("user")


def _hidden(pairs: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the item to hide of each user: ``user``, ``item``, ``hidden``."""
    new = pairs.filter(pl.col("here") & ~pl.col("before"))
    ordered = new.with_columns(lots(seed, "basket item", new["user"], new["item"]))
    first = ordered.sort("user", "lot", "item").group_by("user", maintain_order=True).first()
    return first.select("user", "item", pl.lit(value=True).alias("hidden"))


def _table(
    visible: pl.DataFrame, hidden: pl.DataFrame, tested: pl.DataFrame, last: datetime | None
) -> pl.DataFrame:
    """Return what `vlm4rec.interactions.splits.cases.build_cases` needs."""
    now = last and last + min(timedelta(microseconds=1), datetime.max - last)  # noqa: DTZ901
    known = visible.group_by("user").agg(pl.len().alias("known"))
    table = hidden.join(known, on="user").join(tested, on="user").sort("user")
    return table.select(
        "user",
        pl.lit(now, dtype=pl.Datetime("us")).alias("time"),
        pl.concat_list("item").alias("targets"),
        (pl.col("items") - pl.col("new")).alias("repeats"),
        "known",
    )
