"""The seam to weighings, which say how much each interaction of a history counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.strategy import MeanProfile, Profile, ProfileStrategy

__all__ = ["Weighed", "Weighing"]


class Weighing(Protocol):
    """Says how much each interaction counts, for many histories at once."""

    @property
    def name(self) -> str:
        """What a user calls it."""
        ...

    def weigh(self, pasts: Pasts) -> NDArray[np.float64]:
        """Return the weight of each interaction: not negative; the scale is no matter.

        A weighing starts from the weights that are there: what weighs nothing never gets a
        weight. Each history is weighed by itself.
        """
        ...


@dataclass(frozen=True, slots=True)
class Weighed:
    """A strategy that first weighs the history anew, and then hands it to another.

    Parameters
    ----------
    weighing
        Says how much each interaction counts.
    strategy
        Makes the profile; by default the mean.

    Examples
    --------
    >>> from vlm4rec.profiles.last_n import LastN
    >>> from vlm4rec.profiles.maximum import MaxProfile
    >>> Weighed(LastN(5)).name, Weighed(LastN(5), MaxProfile()).name
    ('last:5', 'last:5+max')
    """

    weighing: Weighing
    strategy: ProfileStrategy = MeanProfile()  # noqa: RUF009 - it has no state

    @property
    def name(self) -> str:
        """The name of the weighing, and that of the strategy if it is not the mean."""
        inner = self.strategy.name
        return self.weighing.name if inner == "mean" else f"{self.weighing.name}+{inner}"

    def make(self, vectors: Floats, history: History) -> Profile:
        """Return the profile of the history weighed anew; see `ProfileStrategy.make`."""
        weights = self.weighing.weigh(Pasts.alone(history))
        return self.strategy.make(vectors, replace(history, weights=tuple(weights.tolist())))

    @classmethod
    def by(cls, weighings: Sequence[Weighing], strategy: ProfileStrategy) -> ProfileStrategy:
        """Put weighings before a strategy; the first weighs first."""
        for weighing in reversed(weighings):
            strategy = cls(weighing, strategy)
        return strategy
