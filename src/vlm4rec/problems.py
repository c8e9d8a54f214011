"""What was wrong with the input, kept beside what could be used.

Bad input is normal input: a reader or a step goes on where it can, and hands back a
`Problem` for each thing it could not use. `status` lists them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import polars as pl

__all__ = [
    "Problem",
    "count_by_code",
    "counted",
    "problems_from_frame",
    "problems_to_frame",
    "summarise_ids",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the input that could not be used.

    Parameters
    ----------
    code
        The kind, one lower-case word or hyphenated pair: ``"duplicate-id"``, ``"truncated"``.
    where
        The file and row, or the id: ``"articles.csv, row 12"``, ``"item 0108775015"``.
    what
        What is wrong, a sentence without its full stop.
    remedy
        What to do about it, a sentence without its full stop.
    item
        The id of the item concerned, if there is one.
    """

    code: str
    where: str
    what: str
    remedy: str = ""
    item: str | None = None

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}."
        return f"{sentence} {self.remedy}." if self.remedy else sentence


_SCHEMA = dict.fromkeys(("code", "where", "what", "remedy", "item"), pl.String)


def problems_to_frame(problems: Iterable[Problem]) -> pl.DataFrame:
    """Return the problems as a table with one row each, all columns strings."""
    return pl.DataFrame([asdict(problem) for problem in problems], schema=_SCHEMA)


def problems_from_frame(frame: pl.DataFrame) -> list[Problem]:
    """Return the problems that `problems_to_frame` wrote."""
    return [Problem(**row) for row in frame.select(list(_SCHEMA)).iter_rows(named=True)]


def count_by_code(problems: Iterable[Problem]) -> dict[str, int]:
    """Count the problems of each kind, most frequent first.

    >>> count_by_code([Problem("empty", "a.jpg", "is empty")])
    {'empty': 1}
    """
    return dict(Counter(problem.code for problem in problems).most_common())


def counted(count: int, thing: str) -> str:
    """Say how many there are of a thing.

    >>> counted(1, "user"), counted(1200, "user")
    ('1 user', '1,200 users')
    """
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def summarise_ids(ids: Sequence[str], most: int = 5) -> str:
    """Name the first few ids and count the rest.

    >>> summarise_ids(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    named = ", ".join(ids[:most])
    return named if len(ids) <= most else f"{named} and {len(ids) - most:,} more"
