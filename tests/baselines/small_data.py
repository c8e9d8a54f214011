"""A shop so small that any method learns from it at once: two tastes, fourteen items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending.method import ItemFeatures, TrainingData

__all__ = ["CANDIDATES", "ITEMS", "START", "day", "interactions_of", "training_data"]

ITEMS = tuple(f"i{number:02}" for number in range(14))
CANDIDATES = ITEMS[:-2]
"""All but two, which histories may hold; the last candidate was never bought in training."""
START = datetime.fromisoformat("2020-09-01")
_BOUGHT = [item for item in ITEMS if item != CANDIDATES[-1]]
_FEATURES = {
    "title": 8,
    "description": 8,
    "title+description": 8,
    "attributes": 8,
    "metadata": 8,
    "facet:category": 8,
    "facet:colour": 8,
    "facet:pattern": 8,
    "facet:material": 8,
    "facet:style": 8,
    "facet:occasion": 8,
    "facet:audience": 8,
    "image": 16,
}


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def interactions_of(rows: Sequence[tuple[str, str, float | None]]) -> Interactions:
    """Make interactions of users, items and days."""
    times = [None if when is None else day(when) for _, _, when in rows]
    table = pl.DataFrame(
        {"user": [row[0] for row in rows], "item": [row[1] for row in rows], "time": times},
        schema={"user": pl.String, "item": pl.String, "time": pl.Datetime("us")},
    )
    return Interactions.of(table)


def training_data(seed: int = 0) -> TrainingData:
    """Thirty users, each of one taste, who buy on several days; the last day is validation."""
    rng = np.random.default_rng(7)
    rows: list[tuple[str, str, float | None]] = []
    for number in range(30):
        own = _BOUGHT[number % 2 :: 2]
        bought = rng.choice(own, size=int(rng.integers(3, 6)), replace=False).tolist()
        rows += [(f"u{number:02}", item, float(rng.integers(0, 20))) for item in bought]
    interactions = interactions_of(rows)
    return TrainingData(
        interactions,
        ItemFeatures(ITEMS, {name: _maker(name, size) for name, size in _FEATURES.items()}),
        CANDIDATES,
        log=interactions,
        validation=_last_days(interactions),
        seed=seed,
    )


def _maker(name: str, dimension: int) -> Callable[[], Floats]:
    def make() -> Floats:
        rng = np.random.default_rng(len(name))
        tastes = np.tile(rng.normal(size=(2, dimension)), (len(ITEMS) // 2, 1))
        return normalise(tastes + 0.5 * rng.normal(size=tastes.shape))

    return make


def _last_days(interactions: Interactions) -> Split:
    cases, kept = [], []
    for user, history in interactions.histories():
        last = history.times[-1]
        before = history.only([time != last for time in history.times])
        targets = tuple(
            item for item, time in zip(history.items, history.times, strict=True) if time == last
        )
        if before.items:
            cases.append(Case(user, before, targets, last))
        kept += [(user, item, time) for item, time in _pairs(before)]
    table = pl.DataFrame(kept, schema=["user", "item", "time"], orient="row")
    return Split(Interactions.of(table), tuple(cases), interactions)


def _pairs(history: History) -> list[tuple[str, datetime | None]]:
    return list(zip(history.items, history.times, strict=True))
