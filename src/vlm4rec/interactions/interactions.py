"""Interactions, and the histories that they make."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from numbers import Real

import polars as pl

from vlm4rec.errors import DataError, UnknownIdError

__all__ = ["SCHEMA", "History", "Interactions"]

SCHEMA = pl.Schema(
    [
        ("user", pl.String()),
        ("item", pl.String()),
        ("time", pl.Datetime("us")),
        ("event", pl.String()),
        ("weight", pl.Float64()),
    ]
)
"""The columns of an interactions table; ``time`` is UTC without a zone and may be null."""


@dataclass(frozen=True, slots=True)
class History:
    """One user's interactions before now, oldest first; repeated items stay repeated.

    Parameters
    ----------
    items
        Item ids.
    times
        When each happened (UTC), or None where that is not known; one for each item.
    events
        What each was, such as ``"purchase"``; one for each item.
    weights
        How much each counts, finite and not negative; one for each item.

    Raises
    ------
    DataError
        If an id is not a string, a weight is negative or not finite, or the lengths differ.

    Examples
    --------
    >>> History.of(["a", "b", "a"]).weights
    (1.0, 1.0, 1.0)
    """

    items: tuple[str, ...]
    times: tuple[datetime | None, ...]
    events: tuple[str, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths = [len(part) for part in (self.items, self.times, self.events, self.weights)]
        if len(set(lengths)) > 1:
            told = "{} items, {} times, {} events and {} weights".format(*lengths)
            raise DataError(f"A history has {told}.", "Give one of each for every item.")
        for item in self.items:
            if not isinstance(item, str):
                raise _not_an_id(item)
        for item, weight in zip(self.items, self.weights, strict=True):
            if not _is_weight(weight):
                raise DataError(
                    f"The weight of item {item!r} is {weight!r}, "
                    "but weights are finite numbers of 0 or more."
                )

    @classmethod
    def of(cls, items: Iterable[str], *, event: str = "purchase") -> History:
        """Make a history of item ids alone: no times, the same event, weight 1 each.

        Parameters
        ----------
        items
            Item ids, oldest first: a list, a numpy array, a column of a table.
        event
            What each was.

        Raises
        ------
        DataError
            If one of the ids is not a string.
        """
        if isinstance(items, str):
            raise DataError(f"A history is a list of item ids, not one string: write [{items!r}].")
        ids = tuple(_plain(item) for item in items)
        n = len(ids)
        return cls(ids, (None,) * n, (event,) * n, (1.0,) * n)

    def __len__(self) -> int:
        return len(self.items)

    def only(self, keep: Sequence[bool]) -> History:
        """Return the interactions where ``keep`` is true, in order."""
        rows = [row for row, kept in enumerate(keep) if kept]
        return History(
            tuple(self.items[row] for row in rows),
            tuple(self.times[row] for row in rows),
            tuple(self.events[row] for row in rows),
            tuple(self.weights[row] for row in rows),
        )


class Interactions:
    """What users did with items: a thin view of a Polars table with the columns of `SCHEMA`.

    Rows keep the order of their source within the same user and time.

    Examples
    --------
    >>> table = pl.DataFrame({"user": ["u", "u"], "item": ["a", "b"]})
    >>> interactions = Interactions.of(table)
    >>> interactions.history("u").items
    ('a', 'b')
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Interactions:
        """Make interactions from a table; absent columns get null times, "purchase", weight 1."""
        defaults = {
            "time": pl.lit(None, dtype=pl.Datetime("us")),
            "event": pl.lit("purchase"),
            "weight": pl.lit(1.0),
        }
        absent = [value.alias(name) for name, value in defaults.items() if name not in frame]
        return cls(frame.with_columns(absent).select(list(SCHEMA)).cast(SCHEMA))

    @classmethod
    def empty(cls) -> Interactions:
        """Return no interactions."""
        return cls(pl.DataFrame(schema=SCHEMA))

    @cached_property
    def _by_user(self) -> pl.DataFrame:
        """One row a user with lists, oldest first; rows without a time come first."""
        ordered = self.frame.sort("user", "time", maintain_order=True, nulls_last=False)
        return ordered.group_by("user", maintain_order=True).agg("item", "time", "event", "weight")

    @cached_property
    def _row_of_user(self) -> dict[str, int]:
        return {user: row for row, user in enumerate(self._by_user["user"])}

    @property
    def users(self) -> list[str]:
        """The ids of all users, sorted."""
        return self._by_user["user"].to_list()

    def __len__(self) -> int:
        return self.frame.height

    def __contains__(self, user: object) -> bool:
        return user in self._row_of_user

    def history(self, user: str) -> History:
        """Return one user's history, oldest first.

        Raises
        ------
        UnknownIdError
            If the user has no interaction.
        """
        row = self._row_of_user.get(user)
        if row is None:
            raise UnknownIdError(f"There is no user {user!r} in the interactions.")
        return _history(self._by_user.row(row))

    def histories(self) -> Iterator[tuple[str, History]]:
        """Return each user with the history, sorted by user."""
        return ((row[0], _history(row)) for row in self._by_user.iter_rows())

    def __repr__(self) -> str:
        return f"<Interactions: {len(self):,} of {self._by_user.height:,} users>"


def _plain(item: object) -> str:
    """Return an id as a plain string: numpy has strings of its own."""
    if not isinstance(item, str):
        raise _not_an_id(item)
    return str.__str__(item)


def _is_weight(value: object) -> bool:
    return isinstance(value, Real) and 0 <= float(value) < math.inf


def _not_an_id(item: object) -> DataError:
    shown = "an id" if item is None else f'"{item}"'
    return DataError(f"Item ids are strings: write {shown}, not {item!r}.")


def _history(row: tuple[object, ...]) -> History:
    _, items, times, events, weights = row
    return History(tuple(items), tuple(times), tuple(events), tuple(weights))  # type: ignore[arg-type]
