"""One day that cuts interactions into before and after."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from vlm4rec.errors import DataError
from vlm4rec.interactions.splits.rule import check_share

__all__ = ["as_day", "check_cut", "cut_told", "find_cut"]


def as_day(cut: object) -> date:
    """Return a day as it may be written.

    Parameters
    ----------
    cut
        A date, or text such as ``"2020-09-01"``.

    Raises
    ------
    DataError
        If it is neither.

    Examples
    --------
    >>> as_day("2020-09-01")
    datetime.date(2020, 9, 1)
    """
    try:
        day = date.fromisoformat(cut) if isinstance(cut, str) else cut
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise DataError(f"The cut is {cut!r}, which is not a day.", "Write it as 2020-09-01.")
    return day


def check_cut(test_share: float, cut: date | None) -> None:
    """Raise a DataError where a share or a cut can't be used."""
    check_share("test_share", test_share)
    if cut is not None:
        as_day(cut)


def find_cut(days: pl.Series, test_share: float, cut: date | None) -> date:
    """Return the day with which the test begins.

    Parameters
    ----------
    days
        The day of each interaction.
    test_share
        About which share of them shall lie on that day or later: the day that comes nearest, the
        earlier one of two.
    cut
        The day itself, where it was chosen.

    Raises
    ------
    DataError
        If nothing lies before the cut, or nothing after it.

    Examples
    --------
    >>> days = pl.Series([date(2020, 9, 1)] * 3 + [date(2020, 9, 2), date(2020, 9, 4)])
    >>> find_cut(days, 0.5, None), find_cut(days, 0.1, None)
    (datetime.date(2020, 9, 2), datetime.date(2020, 9, 4))
    """
    counts = days.alias("day").value_counts().sort("day")
    first, last = counts["day"][0], counts["day"][-1]
    if cut is not None and not first < cut <= last:
        raise DataError(
            f"The cut {cut} does not divide the interactions, which go from {first} to {last}.",
            f"Choose a day after {first}, and no later than {last}.",
        )
    if cut is None and first == last:
        raise DataError(
            f"All interactions are of one day, {first}: no cut divides them.",
            "Split by 'basket', which needs no order in time.",
        )
    if cut is not None:
        return cut
    after = len(days) - counts["count"].cum_sum().shift(1)
    nearest = (after - test_share * len(days)).abs().arg_min()
    return counts["day"].item(nearest)  # type: ignore[no-any-return]


def cut_told(test_share: float, cut: date | None) -> str:
    """Return the cut in words, as they follow on "cut at"."""
    if cut is not None:
        return f"the start of {cut} (UTC)"
    return f"the start of the day (UTC) that leaves about {test_share:.0%} of the interactions"
