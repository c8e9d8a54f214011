"""Collecting problems without letting a file of a million bad rows fill the memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from vlm4rec.problems import Problem

__all__ = ["MOST_OF_A_CODE", "ProblemTally"]

MOST_OF_A_CODE = 1_000
"""So many problems of one code are kept; the rest are counted."""


class ProblemTally:
    """Keeps the first problems of each code and counts the rest.

    Parameters
    ----------
    where
        The file or folder that the problems are of.
    most
        How many of a code to keep.

    Examples
    --------
    >>> tally = ProblemTally("a.csv", most=1)
    >>> for row in (2, 3, 4):
    ...     tally.add(Problem("no-id", f"a.csv, row {row}", "has no id"))
    >>> [str(problem) for problem in tally.problems()]
    ['a.csv, row 2: has no id.', "a.csv: has 2 more problems of the kind 'no-id'."]
    """

    def __init__(self, where: str, most: int = MOST_OF_A_CODE) -> None:
        self._where = where
        self._most = most
        self._kept: list[Problem] = []
        self._counts: Counter[str] = Counter()

    def add(self, problem: Problem) -> None:
        """Keep one problem, or count it."""
        self._counts[problem.code] += 1
        if self._counts[problem.code] <= self._most:
            self._kept.append(problem)

    def add_rows(
        self, code: str, bad: pl.DataFrame, problem: Callable[[Mapping[str, Any]], Problem]
    ) -> None:
        """Make a problem of each row of a table while there is room, and count the other rows."""
        room = max(0, self._most - self._counts[code])
        self._kept.extend(problem(row) for row in bad.head(room).iter_rows(named=True))
        self._counts[code] += bad.height

    def extend(self, other: ProblemTally) -> None:
        """Take over what another tally kept and counted."""
        for problem in other._kept:
            self.add(problem)
        kept = Counter(problem.code for problem in other._kept)
        self._counts.update(other._counts - kept)

    def problems(self) -> tuple[Problem, ...]:
        """Return what was kept, and one problem a code for what was only counted."""
        kept = Counter(problem.code for problem in self._kept)
        more = self._counts - kept
        rest = [
            Problem(code, self._where, f"has {n:,} more problems of the kind {code!r}")
            for code, n in more.items()
        ]
        return (*self._kept, *rest)
