"""Several profile vectors, one for each interest of a customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.distinct import distinct_items
from vlm4rec.profiles.pooling import MaxPooling, Pooling, PowerPooling
from vlm4rec.profiles.strategy import Profile

__all__ = ["MultiInterestProfile"]

_ROUNDS = 25


@dataclass(frozen=True, slots=True)
class MultiInterestProfile:
    """The history's items fall into a few groups of their like; each has its mean as a query.

    The groups are those of spherical k-means (Dhillon and Modha, 2001), with nothing drawn at
    random: the first centre is the item nearest to the mean of all, each further one the item
    least like the centres so far. A history of no more distinct items than groups is all centres.

    Parameters
    ----------
    most
        How many interests at the most, at least 1.
    power
        If None, an item's score is its similarity to the nearest interest; otherwise the power
        mean of those to all, each interest counting by its share of the history's weight.

    Raises
    ------
    DataError
        If ``most`` or the power is below 1.

    Examples
    --------
    >>> items = normalise(np.array([[9.0, 1.0], [9.0, -1.0], [0.0, 1.0]]))
    >>> profile = MultiInterestProfile(2).make(items, History.of(["a", "b", "c"]))
    >>> profile.queries.round(3).tolist(), profile.weights.round(3).tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [0.667, 0.333])
    """

    most: int
    power: float | None = None

    def __post_init__(self) -> None:
        if self.most < 1:
            raise DataError(f"A profile has at least 1 interest, not {self.most}.")
        self._pooling()

    @property
    def name(self) -> str:
        """``"interests:"``, the number of interests, and the power if there is one."""
        return f"interests:{self.most}" + ("" if self.power is None else f":{self.power:g}")

    def make(self, vectors: Floats, history: History) -> Profile:
        """Return the interests; see `vlm4rec.profiles.strategy.ProfileStrategy.make`."""
        items, shares = distinct_items(vectors, history)
        if len(items) > self.most:
            items, shares = _means(items, shares, _groups(items, shares, self.most))
        return Profile(items, shares, self._pooling())

    def _pooling(self) -> Pooling:
        return MaxPooling() if self.power is None else PowerPooling(self.power)


def _groups(items: Floats, shares: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Return the group of each item; some may have been left without an item."""
    centres = _seeds(items, shares, most)
    groups = np.zeros(len(items), dtype=np.intp)
    for round_ in range(_ROUNDS):
        nearest = (items @ centres.T).argmax(axis=1)
        if round_ and (nearest == groups).all():
            break
        groups = nearest
        centres, _ = _means(items, shares, groups)
    return np.unique(groups, return_inverse=True)[1]


def _seeds(items: Floats, shares: NDArray[np.float64], most: int) -> Floats:
    chosen = [int((items @ (shares @ items)).argmax())]
    nearest = items @ items[chosen[0]]
    while len(chosen) < most:
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, items @ items[chosen[-1]])
    return items[chosen]


def _means(
    items: Floats, shares: NDArray[np.float64], groups: NDArray[np.intp]
) -> tuple[Floats, NDArray[np.float64]]:
    """Return the mean of each group that has an item, of length 1, and its share."""
    present, numbers = np.unique(groups, return_inverse=True)
    member = np.zeros((len(present), len(items)))
    member[numbers, np.arange(len(items))] = shares
    return normalise(member @ items.astype(np.float64)), member.sum(axis=1)
