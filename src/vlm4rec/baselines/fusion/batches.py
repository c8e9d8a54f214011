"""Batches of examples: what is compared with what in one step of training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.baselines.fusion.examples import Examples
from vlm4rec.encoding.encoder import Floats

__all__ = ["Batch", "Batches"]


@dataclass(frozen=True)
class Batch:
    """Some examples and the items that each target is told from.

    Each item that any example of the batch has as its target is one column; each row tells its
    own target from the other columns. So a target is never compared with itself.

    Parameters
    ----------
    rows
        The rows of all items that the batch needs, each once: first those of the columns.
    shares
        The share of each of these items in the profile of each example: float32, shape
        (n examples, n rows).
    labels
        The column of each example's target.
    masked
        The columns that an example must not be told from: what its customer bought (and variants
        where the task masks them); never its own target. Shape (n examples, n columns).
    log_chance
        The logarithm of the chance that a batch has each column, for a correction of the
        sampling; float32, shape (n columns,).
    """

    rows: NDArray[np.intp]
    shares: Floats
    labels: NDArray[np.intp]
    masked: NDArray[np.bool_]
    log_chance: Floats


class Batches:
    """Cuts examples into batches, in an order that a seed draws anew for each epoch.

    Parameters
    ----------
    examples
        The examples.
    n_items
        How many items there are.
    size
        How many examples a batch; two at least, or there is nothing to tell a target from.
    further
        How many items a batch are drawn evenly from ``candidates`` as further columns.
    candidates
        The rows to draw those from.
    """

    def __init__(
        self,
        examples: Examples,
        n_items: int,
        size: int,
        *,
        further: int = 0,
        candidates: NDArray[np.intp] | None = None,
    ) -> None:
        self.examples = examples
        self._n_items = n_items
        self._size = max(2, size)
        self._candidates = np.arange(n_items) if candidates is None else candidates
        self._further = min(further, len(self._candidates))
        counts = np.bincount(examples.targets, minlength=n_items)
        absent = (1 - counts / len(examples)) ** min(self._size, len(examples))
        absent[self._candidates] *= 1 - self._further / max(1, len(self._candidates))
        self._log_chance = np.log(np.maximum(1 - absent, 1e-12)).astype(np.float32)

    def epoch(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Return all examples once, in batches of about the same size."""
        order = rng.permutation(len(self.examples))
        for chosen in np.array_split(order, -(-len(order) // self._size)):
            drawn = rng.choice(self._candidates, self._further, replace=False)
            yield self.batch(chosen, drawn)

    def batch(self, chosen: NDArray[np.intp], further: NDArray[np.intp]) -> Batch:
        """Return a batch of the chosen examples, with further items as columns."""
        examples = self.examples
        columns = np.unique(np.concatenate([examples.targets[chosen], further]))
        owners, places = examples.histories.places(examples.sources[chosen])
        past = examples.histories.values[places]
        rows = np.concatenate([columns, np.setdiff1d(past, columns)])
        place_of = np.full(self._n_items, -1, dtype=np.intp)
        place_of[rows] = np.arange(len(rows))
        shares = np.zeros((len(chosen), len(rows)), dtype=np.float32)
        np.add.at(shares, (owners, place_of[past]), examples.shares[places])
        labels = place_of[examples.targets[chosen]]
        masked = self._masked(chosen, place_of, len(columns))
        masked[np.arange(len(chosen)), labels] = False
        return Batch(rows, shares, labels, masked, self._log_chance[columns])

    def _masked(
        self, chosen: NDArray[np.intp], place_of: NDArray[np.intp], n_columns: int
    ) -> NDArray[np.bool_]:
        known = self.examples.known
        owners, places = known.places(self.examples.users[chosen])
        columns = place_of[known.values[places]]
        inside = (columns >= 0) & (columns < n_columns)
        masked = np.zeros((len(chosen), n_columns), dtype=np.bool_)
        masked[owners[inside], columns[inside]] = True
        return masked
