"""Recency: what is long ago counts less."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.profiles.pasts import Pasts

__all__ = ["Recency"]


@dataclass(frozen=True, slots=True)
class Recency:
    """Each weight is multiplied by ``2 ** (-age / half_life)``, the age in whole days.

    The age is that relative to the newest interaction that counts. Relative to now, all weights
    of a history would be smaller by one common factor, which a profile does not see: it is
    normalised. Days are those of UTC, so the order within a day is no matter; for interactions
    without a time see `vlm4rec.profiles.pasts.Pasts`: where no time is known, the half-life is in
    interactions.

    Parameters
    ----------
    half_life
        In days, positive: what is so much older counts half.

    Raises
    ------
    DataError
        If the half-life is not a positive number.

    Examples
    --------
    >>> from vlm4rec.interactions.interactions import History
    >>> Recency(1).weigh(Pasts.alone(History.of(["a", "b", "c"]))).tolist()
    [0.25, 0.5, 1.0]
    """

    half_life: float

    def __post_init__(self) -> None:
        if not 0 < self.half_life < math.inf:
            raise DataError(f"A half-life is a positive number of days, not {self.half_life}.")

    @property
    def name(self) -> str:
        """``"recency:"`` and the half-life."""
        return f"recency:{self.half_life:g}"

    def weigh(self, pasts: Pasts) -> NDArray[np.float64]:
        """Return the weights; see `vlm4rec.profiles.weighing.Weighing.weigh`."""
        with np.errstate(divide="ignore"):
            logs = np.log2(pasts.weights)  # of nothing it is minus infinity, and stays nothing
        newest = pasts.highest(np.where(pasts.weights > 0, pasts.days, -np.inf), least=0.0)
        ages = newest[pasts.owners] - pasts.days
        with np.errstate(over="ignore"):
            logs = logs - ages / self.half_life
        # Relative to the highest, so that neither old nor small weights are all lost at once.
        highest = pasts.highest(logs, least=-1e300)
        weights: NDArray[np.float64] = np.exp2(logs - highest[pasts.owners])
        return weights
