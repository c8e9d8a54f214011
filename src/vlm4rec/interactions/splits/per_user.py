"""Per-user temporal: the last share of each user's shopping days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.last_days import split_last_days
from vlm4rec.interactions.splits.rule import Rule, check_count, check_share
from vlm4rec.interactions.splitting import Split

__all__ = ["PerUserTemporal"]


@dataclass(frozen=True, slots=True)
class PerUserTemporal(Rule):
    """Predicts the last share of each user's shopping days from the days before.

    No day is cut through. Learned from is what lies before each user's own cut, so also what
    others did later than a case; to judge what is known at a moment, use one cut for all.

    Parameters
    ----------
    test_share
        The share of the days, between 0 and 1, rounded to whole days, but at least one day and
        never all of them.
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
    >>> (case,) = PerUserTemporal(test_share=0.5).split(Interactions.of(bought)).cases
    >>> case.history.items, case.targets
    (('a', 'b'), ('c', 'd'))
    """

    name: ClassVar[str] = "per-user"
    test_share: float = 0.2
    min_history: int = 1

    def __post_init__(self) -> None:
        check_share("test_share", self.test_share)
        check_count("min_history", self.min_history)

    @property
    def told(self) -> str:
        """The rule in words."""
        return (
            f"Per-user temporal: what each customer did on the last {self.test_share:.0%} of the "
            "own shopping days is to be found from the days before. Learned from is all that "
            "lies before each customer's own cut, so also what others did later."
        )

    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split; see `vlm4rec.interactions.splitting.Splitter.split`."""
        rounded = (pl.col("days") * self.test_share + 0.5).floor().cast(pl.Int64)
        tested = pl.min_horizontal(pl.max_horizontal(rounded, 1), pl.col("days") - 1)
        return split_last_days(interactions, tested, rule=self.name, min_history=self.min_history)
