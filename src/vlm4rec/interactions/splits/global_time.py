"""Global time: one day cuts the interactions of all users."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self

import polars as pl

from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.cases import aims_of, build_cases, case_table, mark_cases
from vlm4rec.interactions.splits.cutting import check_cut, cut_told, find_cut
from vlm4rec.interactions.splits.rows import as_interactions, dated_rows
from vlm4rec.interactions.splits.rule import Rule, check_count, no_case_left, tally
from vlm4rec.interactions.splitting import Split

__all__ = ["GlobalTime"]


@dataclass(frozen=True, slots=True)
class GlobalTime(Rule):
    """Predicts all that users did after one cut in time from all that happened before it.

    A user who has a history before the cut and something after it makes one case, at the time
    of the cut.

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
    >>> (case,) = GlobalTime(cut=date(2020, 9, 3)).split(Interactions.of(bought)).cases
    >>> case.history.items, case.targets
    (('a', 'b'), ('c', 'd'))
    """

    name: ClassVar[str] = "global-time"
    test_share: float = 0.2
    cut: date | None = None
    min_history: int = 1

    def __post_init__(self) -> None:
        check_cut(self.test_share, self.cut)
        check_count("min_history", self.min_history)

    @property
    def told(self) -> str:
        """The rule in words."""
        return (
            f"Global time: one cut at {cut_told(self.test_share, self.cut)}. What each customer "
            "did after it is to be found from what the customer did before it. Learned from is "
            "what lies before it."
        )

    def within_training(self) -> Self:
        """Return the rule without a date of the cut."""
        return replace(self, cut=None)

    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split; see `vlm4rec.interactions.splitting.Splitter.split`."""
        left_out: dict[str, int] = {}
        rows = dated_rows(interactions, self.name, left_out)
        cut = find_cut(rows["day"], self.test_share, self.cut)
        after = pl.col("day") >= cut
        rows = mark_cases(rows, pl.when(after).then(pl.lit(cut, dtype=pl.Date)))
        train = rows.filter(~after)
        aims = aims_of(rows)
        ended = rows["user"].n_unique() - aims["user"].n_unique()
        tally(left_out, "users with nothing after the cut", ended)
        table = case_table(
            rows, aims, min_history=self.min_history, unit="users", left_out=left_out
        )
        if table.is_empty():
            raise no_case_left(self.name, left_out, "Choose another cut or test_share.")
        learned = as_interactions(train)
        return Split(learned, build_cases(rows, table), learned, left_out)
