"""Leave-last-out: an item of each user's last shopping day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.drawing import lots
from vlm4rec.interactions.splits.last_days import split_last_days
from vlm4rec.interactions.splits.rule import Rule, check_count
from vlm4rec.interactions.splitting import Split

__all__ = ["LeaveLastOut"]


@dataclass(frozen=True, slots=True)
class LeaveLastOut(Rule):
    """Predicts what a user bought on the last shopping day from all the days before.

    Order within a day is not used: where the day has several items that are new to the user, the
    target is drawn, and the others are neither history nor learned from. Learned from is what
    lies before each user's last day, so also what others did later than a case; to judge what is
    known at a moment, use a rule with a cut in time.

    Parameters
    ----------
    per_user
        How many items of the day are targets at most.
    min_history
        How many different items a history must hold.

    Raises
    ------
    DataError
        If a parameter is out of its range.

    Examples
    --------
    >>> from datetime import datetime
    >>> days = [datetime(2020, 9, day) for day in (1, 1, 2)]
    >>> bought = pl.DataFrame({"user": ["u"] * 3, "item": ["a", "b", "c"], "time": days})
    >>> (case,) = LeaveLastOut().split(Interactions.of(bought)).cases
    >>> sorted(case.history.items), case.targets
    (['a', 'b'], ('c',))
    """

    name: ClassVar[str] = "leave-last-out"
    per_user: int = 1
    min_history: int = 1

    def __post_init__(self) -> None:
        check_count("per_user", self.per_user)
        check_count("min_history", self.min_history)

    @property
    def told(self) -> str:
        """The rule in words."""
        one = self.per_user == 1
        what = "one item" if one else f"up to {self.per_user:,} items"
        return (
            f"Leave-last-out: {what} of each customer's last shopping day, drawn at random, "
            f"{'is' if one else 'are'} to be found from the days before. Learned from is all "
            "that lies before each customer's last day, so also what others did later."
        )

    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split; see `vlm4rec.interactions.splitting.Splitter.split`."""

        def choose(new: pl.DataFrame) -> pl.DataFrame:
            lot = lots(seed, "last item", new["user"], new["item"])
            ordered = new.with_columns(lot).sort("user", "lot", "item")
            return ordered.group_by("user", maintain_order=True).head(self.per_user)

        return split_last_days(
            interactions,
            pl.lit(1),
            rule=self.name,
            min_history=self.min_history,
            choose=choose,
        )
