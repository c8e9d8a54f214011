"""Shops in which it is known what customers choose by."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from vlm4rec.baselines.fusion.training import Training
from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.basket import BasketCompletion
from vlm4rec.interactions.splitting import Split
from vlm4rec.recommending.method import ItemFeatures, TrainingData

__all__ = ["CHANCE", "IDS", "QUICK", "planted", "planted_blocks"]

Signal = Literal["text", "image", "both", "none"]

IDS = tuple(f"i{number:03}" for number in range(120))
CHANCE = 0.05
"""Above the NDCG@10 of a random ranking of the 120 items: 10 / 117 of the targets are among the
first ten, with a mean gain of .45."""
QUICK = Training(epochs=12, batch=64, learning_rate=5e-3, patience=4, dropout=0.1, device="cpu")

_TASTES = 12


def planted_blocks(seed: int = 0) -> tuple[Floats, Floats]:
    """Return text of 28 and image of 33 columns: a taste in a few of them, and louder noise."""
    rng = np.random.default_rng(seed)
    tastes = _tastes()
    blocks = []
    for taste, columns, width in ((tastes[0], 12, 28), (tastes[1], 12, 33)):
        hidden = rng.normal(size=(_TASTES, columns))[taste] * 0.7
        noise = rng.normal(size=(len(IDS), width))
        noise[:, :columns] = hidden + 0.25 * noise[:, :columns]
        blocks.append(normalise(noise @ np.linalg.qr(rng.normal(size=(width, width)))[0]))
    return blocks[0], blocks[1]


def planted(
    signal: Signal, *, users: int = 250, seed: int = 0, text: Floats | None = None
) -> tuple[TrainingData, Split]:
    """Return customers who each buy four items of one taste, that of text, image or both.

    Parameters
    ----------
    signal
        What a taste is: the same text cluster, image cluster, both, or nothing at all.
    users
        How many.
    seed
        Of the customers.
    text
        Instead of the planted text.
    """
    rng = np.random.default_rng(seed)
    by_text, by_image = _tastes()
    taste = {
        "text": by_text,
        "image": by_image,
        "both": (by_text % 4) * 4 + by_image % 4,
        "none": np.zeros(len(IDS), dtype=np.intp),
    }[signal]
    rows: list[tuple[str, str]] = []
    for user in range(users):
        own = np.flatnonzero(taste == rng.choice(taste))
        chosen = rng.choice(own, size=min(4, len(own)), replace=False)
        rows += [(f"u{user:03}", IDS[item]) for item in chosen]
    interactions = Interactions.of(pl.DataFrame(rows, schema=["user", "item"], orient="row"))
    blocks = planted_blocks()
    words = blocks[0] if text is None else text
    features = ItemFeatures(IDS, {"title": lambda: words, "image": lambda: blocks[1]})
    rule = BasketCompletion(test_share=0.4)
    split = rule.split(interactions, seed=seed)
    validation = rule.split(split.train, seed=seed + 1)
    data = TrainingData(split.train, features, IDS, split.log, validation, seed=seed)
    return data, split


def _tastes() -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], ...]:
    rng = np.random.default_rng(99)
    return tuple(rng.permutation(np.arange(len(IDS)) % _TASTES) for _ in range(2))
