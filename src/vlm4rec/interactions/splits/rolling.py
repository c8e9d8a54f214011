"""Rolling next-basket: each shopping day after a cut, from all the days before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self

import polars as pl

from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.cases import aims_of, build_cases, case_table, mark_cases
from vlm4rec.interactions.splits.cutting import check_cut, cut_told, find_cut
from vlm4rec.interactions.splits.rows import as_interactions, dated_rows
from vlm4rec.interactions.splits.rule import Rule, check_count, no_case_left
from vlm4rec.interactions.splitting import Split

__all__ = ["RollingNextBasket"]


@dataclass(frozen=True, slots=True)
class RollingNextBasket(Rule):
    """Predicts each shopping day of a user after a cut from all the user's days before that day.

    The history of a case also holds the days after the cut, as a shop would know them on that
    day; so does the log. What is learned from lies before the cut.

    Parameters
    ----------
    test_share
        About which share of the interactions shall lie after the cut, between 0 and 1: the cut
        is the start of the day that comes nearest.
    cut
        The first day (UTC) after the cut, where it is to be a certain one. In training data the
        cut for the validation is made by ``test_share`` nevertheless.
    min_history
        How many different items a history must hold.

    Raises
    ------
    DataError
        If a parameter is out of its range.

    Examples
    --------
    >>> from datetime import datetime
    >>> days = [datetime(2020, 9, day) for day in (1, 2, 3, 4)]
    >>> bought = pl.DataFrame({"user": ["u"] * 4, "item": list("abcd"), "time": days})
    >>> split = RollingNextBasket().split(Interactions.of(bought))
    >>> [(case.history.items, case.targets) for case in split.cases]
    [(('a', 'b'), ('c',)), (('a', 'b', 'c'), ('d',))]
    """

    name: ClassVar[str] = "rolling"
    test_share: float = 0.5
    cut: date | None = None
    min_history: int = 1

    def __post_init__(self) -> None:
        check_cut(self.test_share, self.cut)
        check_count("min_history", self.min_history)

    @property
    def told(self) -> str:
        """The rule in words."""
        return (
            f"Rolling next-basket: after a cut at {cut_told(self.test_share, self.cut)}, each "
            "shopping day of each customer is to be found from all the customer's days before "
            "that day. Learned from is what lies before the cut."
        )

    def within_training(self) -> Self:
        """Return the rule without a date of the cut."""
        return replace(self, cut=None)

    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split; see `vlm4rec.interactions.splitting.Splitter.split`."""
        left_out: dict[str, int] = {}
        rows = dated_rows(interactions, self.name, left_out)
        after = pl.col("day") >= find_cut(rows["day"], self.test_share, self.cut)
        rows = mark_cases(rows, pl.when(after).then("day"))
        table = case_table(
            rows,
            aims_of(rows),
            min_history=self.min_history,
            unit="shopping days",
            left_out=left_out,
        )
        if table.is_empty():
            raise no_case_left(self.name, left_out, "Choose another cut or test_share.")
        train = as_interactions(rows.filter(~after))
        return Split(train, build_cases(rows, table), as_interactions(rows), left_out)
