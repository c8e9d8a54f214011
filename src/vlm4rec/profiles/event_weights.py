"""Weights by what kind of event each interaction was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.profiles.pasts import Pasts

__all__ = ["EventWeights"]


@dataclass(frozen=True)
class EventWeights:
    """Each weight is multiplied by a factor of its event: a look counts less than a purchase.

    Parameters
    ----------
    factors
        The factor of each event, finite and not negative; 1 for those not named.

    Raises
    ------
    DataError
        If no event is named, or a factor is negative or not finite.

    Examples
    --------
    >>> from vlm4rec.interactions.interactions import History
    >>> past = Pasts.alone(History(("a", "b"), (None, None), ("view", "purchase"), (1.0, 1.0)))
    >>> EventWeights({"view": 0.25}).weigh(past).tolist()
    [0.25, 1.0]
    """

    factors: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.factors:
            raise DataError("No event is named to weigh by.", "Name some: events:view=0.1,cart=0.5")
        for event, factor in self.factors.items():
            if not 0 <= factor < math.inf:
                raise DataError(
                    f"The factor of the event {event!r} must be a number of 0 or more, "
                    f"not {factor}."
                )

    @property
    def name(self) -> str:
        """``"events:"`` and the factors, as in ``events:view=0.1,cart=0.5``."""
        told = (f"{event}={factor:g}" for event, factor in self.factors.items())
        return f"events:{','.join(told)}"

    def weigh(self, pasts: Pasts) -> NDArray[np.float64]:
        """Return the weights; see `vlm4rec.profiles.weighing.Weighing.weigh`."""
        factors = np.array([self.factors.get(event, 1.0) for event in pasts.events])
        # Relative to the highest of the history: the product may be past all numbers.
        highest = pasts.highest(pasts.weights, least=0.0)[pasts.owners]
        relative = np.divide(
            pasts.weights, highest, out=np.zeros(len(highest)), where=pasts.weights > 0
        )
        weights: NDArray[np.float64] = relative * factors
        return weights
