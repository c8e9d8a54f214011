"""What a fusion learns from: histories, each with items that the customer took besides or next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vlm4rec.baselines.fusion.ragged import Ragged
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.many import shares_of, weigh_all
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.strategy import MeanProfile, ProfileStrategy
from vlm4rec.recommending.method import TrainingData

__all__ = ["ExampleRule", "Examples", "examples_from"]

ExampleRule = Literal["next", "basket", "both"]
"""How examples are cut from interactions; see `examples_from`."""

_WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class Examples:
    """Histories and targets, as rows of the item features.

    Parameters
    ----------
    histories
        The rows of each history.
    shares
        The share of each of these in the profile of its history: float32, as many as
        ``histories.values``.
    sources
        The history of each example.
    targets
        The row that is to be found after it.
    users
        Which customer each example is of: a number below ``len(known)``.
    known
        For each customer the rows that must not be taken for negatives: all that the customer
        ever bought, and where the task masks variants, the variants too.
    """

    histories: Ragged
    shares: Floats
    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    users: NDArray[np.intp]
    known: Ragged

    def __len__(self) -> int:
        return len(self.targets)


def examples_from(
    data: TrainingData,
    rule: ExampleRule = "both",
    *,
    profile: ProfileStrategy | None = None,
    usable: NDArray[np.bool_] | None = None,
) -> Examples:
    """Cut examples from interactions.

    The target of an example is never in its history, nor, where the task masks variants, a
    variant of something in it: nobody will be asked for such items either. Order inside a day
    is not used.

    Parameters
    ----------
    data
        What may be learned from.
    rule
        ``"next"``: the items of a day, after all days before it. ``"basket"``: each item, beside
        the others that the customer took less than a week before or after; where there are no
        times, beside all others. ``"both"``: all of these.
    profile
        Weighs the items of a history, as `vlm4rec.profiles.many.weigh_all` does; by default
        all count alike.
    usable
        For each item whether anything is known of it; by default of all.

    Raises
    ------
    DataError
        If not a single example can be made.
    """
    features = data.features
    row_of = {id_: row for row, id_ in enumerate(features.ids) if usable is None or usable[row]}
    histories: list[History] = []
    known: list[list[int]] = []
    drawn: list[tuple[int, int, int]] = []
    for _, everything in data.interactions.histories():
        covered = everything.only([item in row_of for item in everything.items])
        for history, items in _cut(covered, rule):
            masked = frozenset(data.mask(history))
            wanted = [row_of[item] for item in items if item not in masked]
            drawn += [(len(histories), target, len(known)) for target in wanted]
            histories.append(history)
        known.append(features.rows(data.mask(covered)))
    pasts = weigh_all(profile or MeanProfile(), Pasts.of(histories, row_of))[1]
    sources, targets, users = np.array(drawn, dtype=np.intp).reshape(-1, 3).T
    counting = pasts.counting[sources]
    if not counting.any():
        raise DataError(
            f"Of {len(data.interactions):,} interactions to learn from, no customer has two "
            "different covered items, one to be found by the other.",
            "Ground more of the shop, or compare without trained methods.",
        )
    return Examples(
        Ragged(pasts.rows, pasts.starts),
        shares_of(pasts).astype(np.float32),
        sources[counting],
        targets[counting],
        users[counting],
        Ragged.of(known),
    )


def _cut(history: History, rule: ExampleRule) -> Iterator[tuple[History, list[str]]]:
    if rule in ("next", "both"):
        yield from _next(history)
    if rule in ("basket", "both"):
        yield from _baskets(history)


def _next(history: History) -> Iterator[tuple[History, list[str]]]:
    """Return what came before each day, and the items of that day; without times nothing."""
    days = _days(history)
    for day in sorted({day for day in days if day is not None}):
        before = history.only([other is None or other < day for other in days])
        if len(before):
            yield before, _unique(history, [other == day for other in days])


def _baskets(history: History) -> Iterator[tuple[History, list[str]]]:
    """Return each item with the others that are within a week of it."""
    days = _days(history)
    pairs = list(zip(history.items, days, strict=True))
    for item, day in dict.fromkeys(pairs):
        beside = history.only([other != item and _near(day, then) for other, then in pairs])
        if len(beside):
            yield beside, [item]


def _days(history: History) -> list[date | None]:
    return [None if time is None else time.date() for time in history.times]


def _near(day: date | None, other: date | None) -> bool:
    if day is None or other is None:
        return day is other
    return abs(day - other) < _WINDOW


def _unique(history: History, keep: Sequence[bool]) -> list[str]:
    return list(dict.fromkeys(history.only(keep).items))
