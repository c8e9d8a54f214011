"""From values by case to values by user: users are what is averaged, resampled and compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.problems import counted

__all__ = ["defined_user_means", "user_means"]

Values = NDArray[np.float64]
Index = NDArray[np.integer[Any]]


def user_means(values: Values, user_of_case: Index, n_users: int) -> Values:
    """Return the mean of each user's values.

    A user with many cases counts as much as one with a single case. The cases of one user are
    not independent of each other, those of different users are; so intervals and tests are made
    of these means.

    Parameters
    ----------
    values
        Shape (n cases,), finite.
    user_of_case
        For each case the number of its user, from 0: shape (n cases,).
    n_users
        How many users there are.

    Returns
    -------
    Values
        float64, shape (n users,).

    Raises
    ------
    DataError
        If a user has no case, a value is not finite, or the shapes differ.

    Examples
    --------
    >>> user_means(np.array([1.0, 0.0, 0.5]), np.array([0, 0, 1]), 2).tolist()
    [0.5, 0.5]
    """
    _check(values, user_of_case, n_users)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DataError(
            f"{counted(len(bad), 'value')} of {len(values):,} can't be averaged: not finite "
            f"(the first: case number {bad[0]})."
        )
    counts = np.bincount(user_of_case, minlength=n_users)
    without = np.flatnonzero(counts == 0)
    if len(without):
        raise DataError(
            f"{counted(len(without), 'user')} of {n_users:,} have no case "
            f"(the first: number {without[0]}).",
            "Number only users who have one.",
        )
    return np.asarray(np.bincount(user_of_case, weights=values, minlength=n_users) / counts)


def defined_user_means(
    values: Values, user_of_case: Index, n_users: int
) -> tuple[Values, NDArray[np.intp]]:
    """Return the mean of each user's defined values, and who has any.

    Parameters
    ----------
    values
        Shape (n cases,); NaN where a case has no value, such as the diversity of a single item.
    user_of_case
        For each case the number of its user, from 0: shape (n cases,).
    n_users
        How many users there are.

    Returns
    -------
    means
        float64, shape (n users with a value,).
    users
        Their numbers, ascending.

    Raises
    ------
    DataError
        If the shapes differ.

    Examples
    --------
    >>> means, users = defined_user_means(np.array([np.nan, 0.4]), np.array([0, 1]), 2)
    >>> means.tolist(), users.tolist()
    ([0.4], [1])
    """
    _check(values, user_of_case, n_users)
    there = ~np.isnan(values)
    users, numbers = np.unique(user_of_case[there], return_inverse=True)
    return user_means(values[there], numbers, len(users)), users.astype(np.intp)


def _check(values: Values, user_of_case: Index, n_users: int) -> None:
    if values.ndim != 1 or values.shape != user_of_case.shape:
        raise DataError(
            f"Values of the shape {values.shape} don't fit users of the shape {user_of_case.shape}."
        )
    if len(user_of_case) and not 0 <= user_of_case.min() <= user_of_case.max() < n_users:
        raise DataError(f"The numbers of users must be from 0 to {n_users - 1}.")
