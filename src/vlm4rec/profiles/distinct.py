"""The distinct items of a history, for strategies that make queries of single items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.strategy import nothing_to_go_by

__all__ = ["distinct_items"]


def distinct_items(vectors: Floats, history: History) -> tuple[Floats, NDArray[np.float64]]:
    """Return the vector of each distinct item that counts, and its share of all weight.

    The items are in the order of their ids, so that nothing depends on the order within a day.

    Parameters
    ----------
    vectors
        One for each interaction, shape (n, d).
    history
        The interactions.

    Returns
    -------
    vectors
        float32, shape (m, d), each of length 1.
    shares
        Shape (m,), positive; they add up to 1.

    Raises
    ------
    DataError
        If nothing in the history counts.

    Examples
    --------
    >>> found, shares = distinct_items(np.eye(3, dtype=np.float32)[[1, 0, 1]],
    ...                                History.of(["b", "a", "b"]))
    >>> found.tolist(), shares.round(2).tolist()
    ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0.33, 0.67])
    """
    weights = np.array(history.weights, dtype=np.float64)
    highest = weights.max(initial=0.0)
    if not 0 < highest < np.inf:
        raise nothing_to_go_by()
    relative = weights / highest
    counting = np.flatnonzero(relative > 0)
    ids = [history.items[place] for place in counting]
    first = dict(zip(reversed(ids), counting[::-1], strict=True))
    order = {id_: number for number, id_ in enumerate(sorted(first))}
    shares = np.bincount([order[id_] for id_ in ids], weights=relative[counting])
    return normalise(vectors[[first[id_] for id_ in order]]), shares / shares.sum()
