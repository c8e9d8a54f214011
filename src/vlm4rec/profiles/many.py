"""Profiles of many histories at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.strategy import MeanProfile, ProfileStrategy
from vlm4rec.profiles.weighing import Weighed

__all__ = ["is_linear", "pool_profiles", "shares_of", "weigh_all", "weighted_means"]

_STRETCH = 2048
"""How many interactions of one history are added up at a time."""


def is_linear(strategy: ProfileStrategy) -> bool:
    """Tell whether a strategy's profiles are weighted means: one query and one dot product.

    >>> from vlm4rec.profiles.registry import profile_by_name
    >>> is_linear(profile_by_name("last:5+recency:30")), is_linear(profile_by_name("max"))
    (True, False)
    """
    while isinstance(strategy, Weighed):
        strategy = strategy.strategy
    return isinstance(strategy, MeanProfile)


def weigh_all(strategy: ProfileStrategy, pasts: Pasts) -> tuple[ProfileStrategy, Pasts]:
    """Return what a strategy hands its weighed histories to, and these histories."""
    while isinstance(strategy, Weighed):
        pasts = pasts.with_weights(strategy.weighing.weigh(pasts))
        strategy = strategy.strategy
    return strategy, pasts


def pool_profiles(strategy: ProfileStrategy, pasts: Pasts, vectors: Floats) -> Floats:
    """Return the one query of each history, as a linear strategy makes it of each alone.

    Parameters
    ----------
    strategy
        One of which `is_linear` is true.
    pasts
        The histories.
    vectors
        The item vectors that the rows of the histories are of, each of length 1.

    Returns
    -------
    Floats
        float32, shape (n histories, d), each of length 1; zeros where nothing counts.

    Raises
    ------
    ValueError
        If the strategy is not linear.

    Examples
    --------
    >>> from vlm4rec.interactions.interactions import History
    >>> pasts = Pasts.of([History.of(["a", "b"]), History.of([])], {"a": 0, "b": 1})
    >>> pool_profiles(MeanProfile(), pasts, np.eye(2, dtype=np.float32)).round(2).tolist()
    [[0.7099999785423279, 0.7099999785423279], [0.0, 0.0]]
    """
    if not is_linear(strategy):
        raise ValueError(f"The profiles of {strategy.name!r} are not weighted means.")
    return normalise(weighted_means(weigh_all(strategy, pasts)[1], vectors))


def shares_of(pasts: Pasts) -> NDArray[np.float64]:
    """Return each interaction's share of its history's weight; 0 where nothing counts."""
    highest = pasts.highest(pasts.weights, least=0.0)
    scale = np.where(highest > 0, highest, 1.0)[pasts.owners]
    relative = pasts.weights / scale
    totals = np.bincount(pasts.owners, weights=relative, minlength=len(pasts))
    shares: NDArray[np.float64] = relative / np.where(totals > 0, totals, 1.0)[pasts.owners]
    return shares


def weighted_means(pasts: Pasts, vectors: Floats) -> NDArray[np.float64]:
    """Return the weighted mean of each history, not normalised: float64, shape (n histories, d).

    Parameters
    ----------
    pasts
        The histories, weighed.
    vectors
        The item vectors that the rows of the histories are of.
    """
    shares = shares_of(pasts)
    bounds = pasts.starts.tolist()
    means = np.zeros((len(pasts), vectors.shape[1]))
    # A product for each history beats np.add.reduceat over all of them several times.
    for number in np.flatnonzero(pasts.counting).tolist():
        for start in range(bounds[number], bounds[number + 1], _STRETCH):
            part = slice(start, min(start + _STRETCH, bounds[number + 1]))
            means[number] += shares[part] @ vectors[pasts.rows[part]].astype(np.float64)
    return means
