"""Signals of time: what sold in the days before a request, and what still sells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import Interactions

__all__ = ["Availability", "RecentPopularity"]

_DAY = 86_400_000_000
"""A day in microseconds, the unit of the log."""
_UNDATED = np.iinfo(np.int64).min
_LONGEST = 2**62
"""A window longer than any log, in microseconds."""

Rows = NDArray[np.intp]
Micros = NDArray[np.int64]


class RecentPopularity:
    """How often each candidate was bought, or else acted on, in the days before a time.

    Only what lies strictly before the time is counted. Rows of the log without a time are counted
    only where no window and no half-life is set, or for a time of None.

    Parameters
    ----------
    log
        The shop's interactions; the order of its rows does not matter.
    candidates
        The items to count, each once: the columns of the counts.
    days
        The length of the window: rows in [time - days, time) are counted. None counts all rows
        before the time.
    half_life_days
        If given, a row counts 0.5 to the power of its age in half-lives.
    distinct_users
        Whether each user counts once an item, for the latest row in the window.

    Raises
    ------
    DataError
        If ``days`` or ``half_life_days`` is not a positive number.

    Examples
    --------
    >>> day = lambda n: datetime(2020, 9, n)
    >>> log = Interactions.of(pl.DataFrame({"user": ["u", "v", "v"], "item": ["a", "a", "b"],
    ...     "time": [day(1), day(8), day(9)]}))
    >>> RecentPopularity(log, ["a", "b"], days=7).counts([day(9), day(10), None]).tolist()
    [[1.0, 0.0], [1.0, 1.0], [2.0, 1.0]]
    """

    def __init__(
        self,
        log: Interactions,
        candidates: Sequence[str],
        days: float | None = None,
        *,
        half_life_days: float | None = None,
        distinct_users: bool = False,
    ) -> None:
        self.days = _positive("days", days)
        self.half_life_days = _positive("half_life_days", half_life_days)
        self.distinct_users = distinct_users
        self._rows = _LogRows.of(log, candidates)
        self._all = days is None and half_life_days is None

    def counts(self, times: Sequence[datetime | None]) -> Floats:
        """Return the counts at each time: float32, shape (n times, n candidates), a new array.

        A time of None counts the whole log, each row once whatever its age.

        Parameters
        ----------
        times
            UTC without a zone, in any order; the same time may come often, which costs little.

        Raises
        ------
        DataError
            If a time has a zone.
        """
        distinct, places = _distinct(times)
        found = np.zeros((len(distinct), self._rows.n_candidates), dtype=np.float32)
        dated = distinct != _UNDATED
        spans = self._spans(distinct[dated])
        if self.half_life_days is None:
            found[dated] = self._sliding(spans)
        else:
            for row, time, (start, end) in zip(
                np.flatnonzero(dated), distinct[dated], spans, strict=True
            ):
                found[row] = self._decayed(int(time), int(start), int(end))
        if not dated.all():
            found[~dated] = self._sliding(np.array([[0, len(self._rows.items)]]))
        return found[places]

    def _spans(self, times: Micros) -> Rows:
        """Return the first row of each window and the row after its last, shape (n, 2)."""
        rows = self._rows.times
        ends = np.searchsorted(rows, times, side="left")
        if self._all:
            return np.stack([np.zeros_like(ends), ends], axis=1)
        window = _LONGEST if self.days is None else round(min(_LONGEST, self.days * _DAY))
        starts = np.searchsorted(rows, times - window, side="left")
        return np.stack([starts, ends], axis=1)

    def _sliding(self, spans: Rows) -> Floats:
        """Count in windows that move forward: each row comes in once and goes out once."""
        rows = self._rows
        counts = np.zeros(rows.n_candidates, dtype=np.int64)
        found = np.empty((len(spans), rows.n_candidates), dtype=np.float32)
        first = last = 0
        for place, (start, end) in enumerate(spans.tolist()):
            counts += rows.tally(self._fresh(slice(last, end), first))
            counts -= rows.tally(self._lost(slice(first, start), end))
            first, last = start, end
            found[place] = counts
        return found

    def _fresh(self, new: slice, first: int) -> NDArray[np.int32]:
        """Return the items of new rows; of a user's rows of an item only one in the window."""
        rows = self._rows
        return rows.items[new][rows.before[new] < first] if self.distinct_users else rows.items[new]

    def _lost(self, old: slice, last: int) -> NDArray[np.int32]:
        rows = self._rows
        return rows.items[old][rows.after[old] >= last] if self.distinct_users else rows.items[old]

    def _decayed(self, time: int, start: int, end: int) -> NDArray[np.float64]:
        rows, span = self._rows, slice(start, end)
        assert self.half_life_days is not None  # noqa: S101 - for the type checker
        with np.errstate(over="ignore"):  # a row so old counts nothing
            weights = np.exp2((rows.times[span] - time) / (self.half_life_days * _DAY))
        if self.distinct_users:
            weights *= rows.after[span] >= end
        counts = np.bincount(rows.items[span], weights, minlength=rows.n_candidates)
        return np.asarray(counts, dtype=np.float64)


class Availability:
    """How long ago each candidate was last bought: what has not sold for long may be gone.

    Parameters
    ----------
    log
        The shop's interactions; rows without a time are not looked at.
    candidates
        The items, each once: the columns.

    Examples
    --------
    >>> log = Interactions.of(pl.DataFrame({"user": ["u", "u"], "item": ["a", "a"],
    ...     "time": [datetime(2020, 9, 1), datetime(2020, 9, 8)]}))
    >>> Availability(log, ["a", "b"]).days([datetime(2020, 9, 8), datetime(2020, 9, 9)]).tolist()
    [[7.0, inf], [1.0, inf]]
    """

    def __init__(self, log: Interactions, candidates: Sequence[str]) -> None:
        self._rows = _LogRows.of(log, candidates)

    def days(self, times: Sequence[datetime | None]) -> Floats:
        """Return the days since the last interaction: float32, shape (n times, n candidates).

        Infinity where there was none strictly before the time. A time of None stands for the end
        of the log: all of it counts, and days are counted back from its latest row.

        Raises
        ------
        DataError
            If a time has a zone.
        """
        rows = self._rows
        distinct, places = _distinct(times)
        found = np.full((len(distinct), rows.n_candidates), np.inf, dtype=np.float32)
        latest = np.full(rows.n_candidates, _UNDATED)
        done = 0
        ends = np.searchsorted(rows.times, distinct, side="left")
        for place in np.flatnonzero(distinct != _UNDATED).tolist():
            new = slice(done, int(ends[place]))
            latest[rows.items[new]] = rows.times[new]  # of equal items, the last one stays
            done = max(done, int(ends[place]))
            found[place] = _days_since(latest, int(distinct[place]))
        if len(distinct) and distinct[0] == _UNDATED and len(rows.times):
            latest[rows.items[done:]] = rows.times[done:]
            found[0] = _days_since(latest, int(rows.times[-1]))
        return found[places]


@dataclass(frozen=True)
class _LogRows:
    """The rows of a log with candidates, by time; those without a time come first."""

    n_candidates: int
    users: pl.Series
    items: NDArray[np.int32]
    times: Micros

    @classmethod
    def of(cls, log: Interactions, candidates: Sequence[str]) -> _LogRows:
        columns = pl.DataFrame(
            {"item": list(candidates), "column": range(len(candidates))},
            schema={"item": pl.String, "column": pl.Int32},
        )
        rows = (
            log.frame.select("user", "item", pl.col("time").to_physical().fill_null(_UNDATED))
            .join(columns, on="item", how="inner")
            .sort("time")
        )
        items, times = rows["column"].to_numpy(), rows["time"].to_numpy()
        return cls(len(candidates), rows["user"], items, times)

    @cached_property
    def _same(self) -> tuple[Rows, NDArray[np.bool_]]:
        """Return the rows by user and item, then time, and where the next one is of the same."""
        users = self.users.rank("dense").to_numpy().astype(np.int64)
        pairs = users * self.n_candidates + self.items
        order = np.argsort(pairs, kind="stable")
        return order, pairs[order[1:]] == pairs[order[:-1]]

    @cached_property
    def before(self) -> Rows:
        """For each row the one before it of the same user and item, or -1."""
        order, same = self._same
        found = np.full(len(order), -1)
        found[order[1:][same]] = order[:-1][same]
        return found

    @cached_property
    def after(self) -> Rows:
        """For each row the one after it of the same user and item, or how many rows there are."""
        order, same = self._same
        found = np.full(len(order), len(order))
        found[order[:-1][same]] = order[1:][same]
        return found

    def tally(self, items: NDArray[np.int32]) -> NDArray[np.intp]:
        return np.bincount(items, minlength=self.n_candidates)


def _distinct(times: Sequence[datetime | None]) -> tuple[Micros, Rows]:
    """Return the different times, ascending, None first, and the place of each given one."""
    for time in set(times):
        if time is not None and time.tzinfo is not None:
            raise DataError(
                f"The time {time.isoformat()} has a zone.", "Give times in UTC, without a zone."
            )
    micros = np.array(times, dtype="datetime64[us]").astype(np.int64)  # None is the lowest number
    distinct, places = np.unique(micros, return_inverse=True)
    return distinct, places


def _days_since(latest: Micros, now: int) -> Floats:
    days = ((now - latest) / _DAY).astype(np.float32)
    days[latest == _UNDATED] = np.inf
    return days


def _positive(name: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise DataError(f"{name} must be a positive number, not {value}.")
    return value
