"""Cold items: only what training never saw is to be found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import polars as pl

from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.drawing import drawn, lots
from vlm4rec.interactions.splits.rolling import RollingNextBasket
from vlm4rec.interactions.splits.rule import Rule, check_share, no_case_left, tally
from vlm4rec.interactions.splitting import Case, Split

__all__ = ["ColdItems"]

_WAYS = ("time", "items")


@dataclass(frozen=True, slots=True)
class ColdItems(Rule):
    """Keeps of the cases of another rule only the targets that training never saw.

    Parameters
    ----------
    base
        The rule that makes the cases.
    by
        ``"time"``: cold is what nobody did anything with in the training part of the base. In a
        rolling split the log may know such an item by the time of a case, as a shop would.
        ``"items"``: a share of the items is drawn, and all interactions with them are taken out
        of the training part and of the log; they stay in histories.
    share
        The probability of an item to be drawn, between 0 and 1; only for ``"items"``.

    Raises
    ------
    DataError
        If a parameter is out of its range.

    Examples
    --------
    >>> from datetime import datetime
    >>> days = [datetime(2020, 9, day) for day in (1, 1, 2, 2)]
    >>> bought = pl.DataFrame({"user": list("uvuu"), "item": list("abbc"), "time": days})
    >>> split = ColdItems().split(Interactions.of(bought))
    >>> [(case.user, case.targets) for case in split.cases], split.left_out
    ([('u', ('c',))], {'targets that training saw': 1})
    """

    name: ClassVar[str] = "cold-items"
    base: Rule = field(default_factory=RollingNextBasket)
    by: str = "time"
    share: float = 0.2

    def __post_init__(self) -> None:
        base: object = self.base
        if not isinstance(base, Rule) or isinstance(base, ColdItems):
            raise DataError(f"Cold items can't be made of {base!r}.", "Give another rule.")
        if self.by not in _WAYS:
            ways = ", ".join(_WAYS)
            raise DataError(f"Items are not cold by {self.by!r}.", f"Choose from: {ways}.")
        check_share("share", self.share)

    @property
    def told(self) -> str:
        """The rule in words."""
        cold = (
            "that nobody did anything with in what is learned from"
            if self.by == "time"
            else f"of {self.share:.0%} of the items, drawn at random and taken out of what is "
            "learned from"
        )
        return f"{self.base.told} Counted are only targets {cold}."

    def candidates(self, interactions: Interactions) -> tuple[str, ...] | None:
        """Return the items to rank: those of the base."""
        return self.base.candidates(interactions)

    def within_training(self) -> Self:
        """Return the rule with the base as it is within training."""
        return replace(self, base=self.base.within_training())

    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split; see `vlm4rec.interactions.splitting.Splitter.split`."""
        split = self.base.split(interactions, seed=seed)
        left_out = dict(split.left_out)
        train, log = split.train, split.log
        if self.by == "items":
            cold = self._drawn(interactions, seed)
            train, log = _without(train, cold), _without(log, cold)
            tally(left_out, "training interactions with cold items", len(split.train) - len(train))
            warm = "targets that are not cold"
        else:
            cold = _unseen(split)
            warm = "targets that training saw"
        cases = tuple(_only_cold(split.cases, set(cold)))
        targets = sum(len(case.targets) for case in split.cases)
        tally(left_out, warm, targets - sum(len(case.targets) for case in cases))
        tally(left_out, "cases without a cold target", len(split.cases) - len(cases))
        if not cases:
            raise no_case_left(self.name, left_out, self._remedy)
        return Split(train, cases, log, left_out)

    def _drawn(self, interactions: Interactions, seed: int) -> pl.Series:
        items = interactions.frame["item"].unique().sort()
        return items.filter(drawn(lots(seed, "cold item", items), self.share))

    @property
    def _remedy(self) -> str:
        return "Raise the share." if self.by == "items" else "Choose another cut of the base rule."


def _unseen(split: Split) -> pl.Series:
    targets = {target for case in split.cases for target in case.targets}
    return pl.Series(sorted(targets.difference(split.train.frame["item"])), dtype=pl.String)


def _without(interactions: Interactions, items: pl.Series) -> Interactions:
    taken = items.alias("item").to_frame()
    rows = interactions.frame.join(taken, on="item", how="anti", maintain_order="left")
    return Interactions(rows)


def _only_cold(cases: Iterable[Case], cold: Set[str]) -> Iterator[Case]:
    for case in cases:
        targets = tuple(target for target in case.targets if target in cold)
        if targets:
            yield replace(case, targets=targets)
