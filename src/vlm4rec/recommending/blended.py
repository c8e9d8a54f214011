"""Ranking by a blend when a customer asks: what time it is, what is left out, what gave what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.blend import BlendRanker
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import best_columns, tie_order
from vlm4rec.recommending.variants import Variants

__all__ = ["BlendedRanking", "Placed"]


@dataclass(frozen=True, slots=True)
class Placed:
    """An item in its place of a ranking.

    Parameters
    ----------
    id
        The item's.
    score
        The sum of the shares.
    shares
        What each signal, or block, gave to the score; a blend's come the largest first, whether
        for the item or against it. None where the score has no parts.
    """

    id: str
    score: float
    shares: dict[str, float] | None


@dataclass(frozen=True)
class BlendedRanking:
    """A blend as a shop asks it; a `vlm4rec.recommending.ranker.Ranker` too.

    Parameters
    ----------
    blend
        What ranks.
    name
        What a user calls it.
    now
        The time of requests without one: sales before it count.
    variants
        Where they are given, the variants of what is in a history are left out too, unless a
        request says itself what is masked.
    """

    blend: BlendRanker
    name: str
    now: datetime | None = None
    variants: Variants | None = None

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return tie_order(self.blend.candidates)

    def best(self, history: History, k: int, exclude: Sequence[str] = ()) -> list[Placed]:
        """Return the k best items for a history, best first, with what each signal gave.

        Nothing of the history comes back, and nothing that is to be excluded.
        """
        request = self._asked(Request(history))
        given = [numbers[0] for numbers, _ in self.blend.shares([request])]
        shares = np.array(given, dtype=np.float32)
        scores = shares.sum(axis=0)
        scores[self.blend.columns([*request.masked, *exclude])] = -np.inf
        columns = best_columns(scores[np.newaxis], k, self._order)[0]
        return [self._placed(column, scores, shares) for column in columns.tolist() if column >= 0]

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Rank the candidates; see `vlm4rec.recommending.ranker.Ranker.rank`."""
        return self.blend.rank([self._asked(request) for request in requests], k)

    def masked(self, request: Request) -> tuple[str, ...]:
        """Return the ids that must not be ranked for a request."""
        if request.mask is not None or self.variants is None:
            return request.masked
        return self.variants.of(request.history.items)

    def _asked(self, request: Request) -> Request:
        """Add to a request what it leaves open."""
        return replace(request, time=request.time or self.now, mask=self.masked(request))

    def _placed(self, column: int, scores: Floats, shares: Floats) -> Placed:
        given = zip(self.blend.signals, shares[:, column].tolist(), strict=True)
        ranked = sorted(given, key=lambda pair: -abs(pair[1]))
        return Placed(self.blend.candidates[column], float(scores[column]), dict(ranked))
