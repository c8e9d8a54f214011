"""Many histories side by side, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlm4rec.interactions.interactions import History

__all__ = ["Pasts"]


@dataclass(frozen=True)
class Pasts:
    """The interactions of many histories, one after the other, so that numpy can weigh them all.

    Parameters
    ----------
    starts
        Where each history begins, and where the last one ends: shape (n histories + 1,).
    rows
        The item of each interaction, as the row of its vector.
    weights
        How much each interaction counts, float64, not negative.
    days
        The day (UTC) of each, in days since any one day, int64. Where a time is not known, it
        is taken to be that of the next interaction of the history whose time is known, or of the
        last such one before. Where none is known, each interaction is a day after the one before.
    events
        What each interaction was.

    Examples
    --------
    >>> pasts = Pasts.of([History.of(["a", "b"]), History.of(["b", "x"])], {"a": 0, "b": 1})
    >>> pasts.starts.tolist(), pasts.rows.tolist(), pasts.days.tolist()
    ([0, 2, 3], [0, 1, 1], [0, 1, 0])
    """

    starts: NDArray[np.intp]
    rows: NDArray[np.intp]
    weights: NDArray[np.float64]
    days: NDArray[np.int64]
    events: Sequence[str]

    @classmethod
    def of(cls, histories: Sequence[History], rows: Mapping[str, int]) -> Pasts:
        """Put histories side by side.

        Parameters
        ----------
        histories
            The histories.
        rows
            The row of the vector of each item; what is not among them is left out.
        """
        found = [rows.get(item, -1) for history in histories for item in history.items]
        every = np.array(found, dtype=np.intp)
        known = every >= 0
        ends = np.cumsum([0, *(len(history) for history in histories)])
        starts = np.concatenate([[0], np.cumsum(known)])[ends]
        weights = np.fromiter(_all(histories, "weights"), np.float64, len(every))
        times = np.array(list(_all(histories, "times")), dtype="datetime64[us]")
        events = list(compress(_all(histories, "events"), known.tolist()))
        days = _days(times[known], starts)
        return cls(starts, every[known], weights[known], days, events)

    @classmethod
    def alone(cls, history: History) -> Pasts:
        """Take one history, none of whose items is left out; the rows are made up."""
        return cls.of(
            [history], {item: row for row, item in enumerate(dict.fromkeys(history.items))}
        )

    def __len__(self) -> int:
        return len(self.starts) - 1

    def with_weights(self, weights: NDArray[np.float64]) -> Pasts:
        """Return the same interactions with other weights."""
        return replace(self, weights=weights)

    @cached_property
    def owners(self) -> NDArray[np.intp]:
        """The history of each interaction."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def highest(
        self, values: NDArray[np.float64], *, least: float = -np.inf
    ) -> NDArray[np.float64]:
        """Return the highest value of each history, ``least`` for one that is empty.

        Parameters
        ----------
        values
            One for each interaction.
        least
            What no highest value is below.
        """
        highest = np.full(len(self), least)
        some = np.diff(self.starts) > 0
        if some.any():
            highest[some] = np.maximum.reduceat(values, self.starts[:-1][some])
        return np.asarray(np.maximum(highest, least))

    @cached_property
    def counting(self) -> NDArray[np.bool_]:
        """Whether anything in each history counts."""
        return self.highest(self.weights, least=0.0) > 0


def _all(histories: Sequence[History], field: str) -> Any:
    return chain.from_iterable(getattr(history, field) for history in histories)


def _days(times: NDArray[np.datetime64], starts: NDArray[np.intp]) -> NDArray[np.int64]:
    days = times.astype("datetime64[D]").astype(np.int64)
    known = ~np.isnat(times)
    if known.all():
        return days
    n = len(times)
    places = np.arange(n)
    lengths = np.diff(starts)
    first, end = np.repeat(starts[:-1], lengths), np.repeat(starts[1:], lengths)
    after = np.minimum.accumulate(np.where(known, places, n)[::-1])[::-1]
    before = np.maximum.accumulate(np.where(known, places, -1))
    source = np.where(after < end, after, before)
    # What is taken from before the history's first is not taken at all.
    return np.where(source >= first, days[source], places - first)
