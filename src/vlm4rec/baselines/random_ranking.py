"""A ranking by lot: what any method must beat."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vlm4rec.encoding.encoder import Floats
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.score_ranker import ScoreRanker

__all__ = ["Random"]


@dataclass(frozen=True, slots=True)
class Random:
    """Ranks by lot, drawn from the seed and the items of the history.

    The same history gets the same ranking from the same seed, whatever else is asked for.
    """

    name: str = "random"

    def fit(self, data: TrainingData) -> Ranker:
        """Learn nothing."""
        return _RandomRanker(data.candidates, data.seed)


class _RandomRanker(ScoreRanker):
    def __init__(self, candidates: Sequence[str], seed: int) -> None:
        super().__init__(candidates)
        self._seed = seed

    def scores(self, requests: Sequence[Request]) -> Floats:
        drawn = [self._draw(request.history.items) for request in requests]
        return np.array(drawn, dtype=np.float32).reshape(len(requests), len(self.candidates))

    def _draw(self, items: tuple[str, ...]) -> Floats:
        told = repr((self._seed, items)).encode()
        seed = int.from_bytes(hashlib.blake2b(told, digest_size=16).digest())
        return np.random.default_rng(seed).random(len(self.candidates), dtype=np.float32)
