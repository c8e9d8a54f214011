"""The seam to profile strategies: how a history becomes a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError

__all__ = ["PROFILES", "MeanProfile", "ProfileStrategy", "profile_by_name"]


class ProfileStrategy(Protocol):
    """Makes the query of a history."""

    @property
    def name(self) -> str:
        """What a user calls the strategy."""
        ...

    def query(
        self,
        vectors: Floats,
        weights: NDArray[np.float64],
        times: Sequence[datetime | None],
    ) -> Floats:
        """Return the query vectors: float32, shape (n queries, d), each of length 1.

        Parameters
        ----------
        vectors
            The normalised vectors of the history's covered items, oldest first, shape (n, d);
            a repeated item is there as often as it was bought.
        weights
            How much each counts, shape (n,), not negative.
        times
            When each happened, n of them.

        Raises
        ------
        DataError
            If the history is empty, or nothing in it counts.
        """
        ...


class MeanProfile:
    """The mean of the normalised history vectors, weighted, normalised again: the paper's.

    Examples
    --------
    >>> query = MeanProfile().query(np.eye(2, dtype=np.float32), np.array([3.0, 4.0]), [None, None])
    >>> query.round(2).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """

    name = "mean"

    def query(
        self,
        vectors: Floats,
        weights: NDArray[np.float64],
        times: Sequence[datetime | None],
    ) -> Floats:
        """Return the weighted mean; see `ProfileStrategy.query`."""
        highest = weights.max(initial=0.0)
        if not len(vectors) or not 0 < highest < np.inf:
            raise DataError("There is nothing in this history to make a profile of.")
        shares = weights / highest  # the sum of the weights themselves may be past all numbers
        mean = (shares / shares.sum()) @ normalise(vectors).astype(np.float64)
        return normalise(mean[np.newaxis].astype(np.float32))


PROFILES: Mapping[str, ProfileStrategy] = {"mean": MeanProfile()}
"""The strategies by name."""


def profile_by_name(name: str) -> ProfileStrategy:
    """Return a strategy by its name.

    Raises
    ------
    DataError
        If there is none of that name.
    """
    if name not in PROFILES:
        raise DataError(f"There is no profile {name!r}.", f"Choose from: {', '.join(PROFILES)}.")
    return PROFILES[name]
