"""How sure numbers are: intervals, tests and effect sizes, with users as the unit.

All of it is made of one value a user, the mean of the user's cases: cases of one user depend on
each other, so resampling users is the bootstrap clustered by user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlm4rec.errors import DataError
from vlm4rec.problems import counted

__all__ = [
    "Comparison",
    "Interval",
    "bootstrap_interval",
    "bootstrap_intervals",
    "bootstrap_means",
    "compare_all",
    "effect_size",
    "holm",
    "paired_permutation",
    "ratio_interval",
]

Values = NDArray[np.float64]

_CELLS = 2**18
"""Numbers drawn at a time, which bounds the memory and keeps them near the processor."""

_EXACT = 12
"""Up to so many users who differ, every way to flip the signs is tried."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a number lies, with the confidence asked for.

    Parameters
    ----------
    low, high
        The ends.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two methods on the same users.

    Parameters
    ----------
    first, second
        Their names.
    n_users
        How many users.
    difference
        The first mean less the second.
    difference_interval
        Its interval; None for a single user.
    ratio
        The first mean divided by the second; None where the second is 0.
    ratio_interval
        Its interval; None where there is none (see `ratio_interval`).
    p
        Of the paired permutation test, two-sided.
    p_adjusted
        After Holm, over all pairs compared together.
    effect
        Cohen's d of the paired differences (see `effect_size`); None where there is none.
    """

    first: str
    second: str
    n_users: int
    difference: float
    difference_interval: Interval | None
    ratio: float | None
    ratio_interval: Interval | None
    p: float
    p_adjusted: float
    effect: float | None


def bootstrap_means(values: ArrayLike, *, resamples: int = 2000, seed: int) -> Values:
    """Return means over users who were drawn again, the same draws for every row.

    Parameters
    ----------
    values
        One row a method: shape (m, n users).
    resamples
        How often users are drawn: as many as there are, with replacement.
    seed
        For the draws.

    Returns
    -------
    Values
        float64, shape (resamples, m).

    Raises
    ------
    DataError
        If there is no user, a value is not finite, or there are no resamples.

    Examples
    --------
    >>> bootstrap_means([[0.5, 0.5], [0.0, 0.0]], resamples=2, seed=0).tolist()
    [[0.5, 0.0], [0.5, 0.0]]
    """
    matrix = _checked(values, 2)
    n = matrix.shape[1]
    if resamples < 1:
        raise DataError(f"There must be at least 1 resample, not {resamples}.")
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, len(matrix)))
    height = max(1, _CELLS // n)
    for start in range(0, resamples, height):
        rows = min(height, resamples - start)
        drawn = rng.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        means[start : start + rows] = counts.astype(np.float64) @ matrix.T / n
    return means


def bootstrap_interval(
    values: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int
) -> Interval | None:
    """Return the interval of a mean over users, by the percentile bootstrap.

    Users are drawn with replacement, as many as there are; the ends of the interval are the
    ``(1 - level) / 2`` and ``(1 + level) / 2`` quantiles of their means (Efron and Tibshirani,
    "An Introduction to the Bootstrap", 1993, chapter 13).

    Parameters
    ----------
    values
        One a user: shape (n users,).
    level
        How sure, between 0 and 1.
    resamples
        How often users are drawn.
    seed
        For the draws.

    Returns
    -------
    Interval | None
        None for a single user: one value does not tell how values vary.

    Raises
    ------
    DataError
        If there is no user, a value is not finite, or an option is out of range.

    Examples
    --------
    >>> bootstrap_interval([0.5, 0.5, 0.5], seed=0)
    Interval(low=0.5, high=0.5)
    """
    row = _checked(values, 1)[np.newaxis]
    return bootstrap_intervals(row, level=level, resamples=resamples, seed=seed)[0]


def bootstrap_intervals(
    values: ArrayLike, *, level: float = 0.95, resamples: int = 2000, seed: int
) -> list[Interval | None]:
    """Return the interval of each row's mean, with the same draws for all.

    See `bootstrap_interval`; ``values`` has the shape (m, n users).

    >>> bootstrap_intervals([[0.5, 0.5], [1.0, 1.0]], seed=0)[1]
    Interval(low=1.0, high=1.0)
    """
    means = bootstrap_means(values, resamples=resamples, seed=seed)
    alone = np.shape(values)[1] < 2
    return [None if alone else _interval(column, level) for column in means.T]


def ratio_interval(
    first: ArrayLike,
    second: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int,
) -> Interval | None:
    """Return the interval of how many times higher the first mean is than the second.

    Users are drawn as in `bootstrap_interval`, and the same for both.

    Returns
    -------
    Interval | None
        None for a single user, and where the second mean of one of the draws is 0: then nobody
        can tell how high the ratio may be.

    Raises
    ------
    DataError
        If there is no user, a value is not finite, the lengths differ, or an option is out of
        range.

    Examples
    --------
    >>> ratio_interval([0.2, 0.4], [0.1, 0.2], seed=0)
    Interval(low=2.0, high=2.0)
    """
    pair = _pair(first, second)
    means = bootstrap_means(pair, resamples=resamples, seed=seed)
    return _ratio_interval(means[:, 0], means[:, 1], level) if pair.shape[1] > 1 else None


def paired_permutation(
    first: ArrayLike, second: ArrayLike, *, rounds: int = 10_000, seed: int
) -> float:
    """Return the p-value of the paired permutation test of two means, two-sided.

    If two methods were worth the same, each user's difference might as well have had the other
    sign (Fisher, "The Design of Experiments", 1935, section 21). Signs are drawn ``rounds``
    times; with ``c`` of these differences as far from 0 as the one seen, p is
    ``(1 + c) / (1 + rounds)``, which is never 0 (Phipson and Smyth, 2010). Where no more than 12
    users differ, all ways to set the signs are tried, and p is exact.

    Parameters
    ----------
    first, second
        One value a user, in the same order: shape (n users,).
    rounds
        How often signs are drawn.
    seed
        For the draws.

    Raises
    ------
    DataError
        If there is no user, a value is not finite, the lengths differ, or there are no rounds.

    Examples
    --------
    >>> paired_permutation([1, 1, 1, 1], [0, 0, 0, 0], seed=0)
    0.125
    """
    pair = _pair(first, second)
    return float(_p_values(pair, [(0, 1)], rounds, seed)[0])


def holm(p_values: ArrayLike) -> Values:
    """Return p-values that are adjusted for how many they are, after Holm (1979).

    The least of m is multiplied by m, the next by m - 1, and so on; none is made less than the
    one before it, nor more than 1. To call those significant that are below a level keeps the
    chance of even one false call below that level.

    Parameters
    ----------
    p_values
        From 0 to 1: shape (m,).

    Raises
    ------
    DataError
        If one is not from 0 to 1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise DataError("p-values must be from 0 to 1.")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def effect_size(first: ArrayLike, second: ArrayLike) -> float | None:
    """Return Cohen's d of paired differences: their mean divided by their standard deviation.

    This is d_z of Lakens (2013), with n - 1 in the deviation.

    Returns
    -------
    float | None
        0 where no user differs. None where there is none: for a single user, or if all users
        differ by the same.

    Raises
    ------
    DataError
        If there is no user, a value is not finite, or the lengths differ.

    Examples
    --------
    >>> effect_size([1.0, 3.0, 5.0], [0.0, 1.0, 2.0])
    2.0
    """
    difference = _differences(*_pair(first, second))
    if not difference.any():
        return 0.0
    spread = float(difference.std(ddof=1)) if len(difference) > 1 else 0.0
    # Equal differences may come out unequal in their last digits.
    tiny = 1e-12 * float(np.abs(difference).max())
    return float(difference.mean()) / spread if spread > tiny else None


def compare_all(
    values: Mapping[str, ArrayLike],
    *,
    seed: int,
    pairs: Sequence[tuple[str, str]] | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    rounds: int | None = None,
) -> list[Comparison]:
    """Compare methods in pairs.

    The p-values are adjusted over the pairs that are compared here. The draws are the same for
    all pairs; each pair's interval and p are what `ratio_interval` and `paired_permutation` give
    with the same seed, up to rounding.

    Parameters
    ----------
    values
        For each method one value a user, in the same order of users: shape (n users,).
    seed
        For all draws.
    pairs
        Which to compare; by default each method with each that comes after it.
    level
        How sure the intervals are.
    resamples
        How often users are drawn for them.
    rounds
        How often signs are drawn. By default 10,000, or 400 for each pair if that is more: with
        fewer, not even the least possible p would be significant at .01 after Holm.

    Raises
    ------
    DataError
        If there is no user, a value is not finite, the lengths differ, a pair names no method, or
        an option is out of range.

    Examples
    --------
    >>> [found] = compare_all({"ours": [0.5, 0.3, 0.4], "theirs": [0.1, 0.1, 0.1]}, seed=0)
    >>> round(found.difference, 3), round(found.ratio, 3), found.p
    (0.3, 4.0, 0.25)
    """
    names = list(values)
    places = _pair_places(names, pairs)
    if not places:
        return []
    matrix = _together(values)
    means = matrix.mean(axis=1)
    draws = bootstrap_means(matrix, resamples=resamples, seed=seed)
    many = max(10_000, 400 * len(places)) if rounds is None else rounds
    p = _p_values(matrix, places, many, seed)
    adjusted = holm(p)
    several = matrix.shape[1] > 1
    return [
        Comparison(
            names[a],
            names[b],
            matrix.shape[1],
            float(means[a] - means[b]),
            _interval(draws[:, a] - draws[:, b], level) if several else None,
            float(means[a] / means[b]) if means[b] else None,
            _ratio_interval(draws[:, a], draws[:, b], level) if several else None,
            float(p[number]),
            float(adjusted[number]),
            effect_size(matrix[a], matrix[b]),
        )
        for number, (a, b) in enumerate(places)
    ]


def _p_values(matrix: Values, places: Sequence[tuple[int, int]], rounds: int, seed: int) -> Values:
    """Return p of each pair of rows; signs are drawn only where a pair needs them."""
    if rounds < 1:
        raise DataError(f"There must be at least 1 round, not {rounds}.")
    p = np.ones(len(places))
    drawn: list[int] = []
    for number, (a, b) in enumerate(places):
        difference = _differences(matrix[a], matrix[b])
        difference = difference[difference != 0]
        if len(difference) > _EXACT:
            drawn.append(number)
        elif len(difference):
            p[number] = _exact_p(difference)
    if drawn:
        pairs = np.array([places[number] for number in drawn])
        p[drawn] = _drawn_p(matrix, pairs, rounds, seed)
    return p


def _exact_p(difference: Values) -> float:
    n = len(difference)
    signs = 1.0 - 2.0 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    slack = 1e-12 * np.abs(difference).sum()
    return float((np.abs(signs @ difference) >= abs(difference.sum()) - slack).mean())


def _drawn_p(matrix: Values, pairs: NDArray[np.intp], rounds: int, seed: int) -> Values:
    """Return p of pairs: the sum of signed differences is the difference of two signed sums."""
    a, b = pairs.T
    sums = matrix.sum(axis=1)
    # Sums that are equal but for rounding are as far from 0 as the one seen.
    magnitudes = np.abs(matrix).sum(axis=1)
    least = np.abs(sums[a] - sums[b]) - 1e-12 * (magnitudes[a] + magnitudes[b])
    as_far = np.zeros(len(pairs), dtype=np.intp)
    for signed in _signed_sums(matrix, rounds, seed):
        as_far += (np.abs(signed[:, a] - signed[:, b]) >= least).sum(axis=0)
    return np.asarray((1 + as_far) / (1 + rounds), dtype=np.float64)


def _signed_sums(matrix: Values, rounds: int, seed: int) -> Iterator[Values]:
    """Yield each row's sums with random signs for the users, block by block: shape (rows, m)."""
    n = matrix.shape[1]
    sums = matrix.sum(axis=1)
    rng = np.random.default_rng(seed)
    height = max(1, _CELLS // n)
    for start in range(0, rounds, height):
        rows = min(height, rounds - start)
        drawn = rng.integers(0, 256, size=(rows, -(-n // 8)), dtype=np.uint8)
        kept = np.unpackbits(drawn, axis=1, count=n).astype(np.float64)
        yield 2 * (kept @ matrix.T) - sums


def _interval(draws: Values, level: float) -> Interval:
    if not 0 < level < 1:
        raise DataError(f"The level must be between 0 and 1, not {level}.")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _ratio_interval(first: Values, second: Values, level: float) -> Interval | None:
    return _interval(first / second, level) if second.all() else None


def _differences(first: Values, second: Values) -> Values:
    """Return the differences, 0 where the two are equal but for rounding."""
    difference = first - second
    slack = 1e-12 * np.maximum(np.abs(first), np.abs(second))
    return np.where(np.abs(difference) <= slack, 0.0, difference)


def _pair(first: ArrayLike, second: ArrayLike) -> Values:
    return _together({"first": first, "second": second})


def _together(values: Mapping[str, ArrayLike]) -> Values:
    rows = [_checked(row, 1) for row in values.values()]
    lengths = {name: len(row) for name, row in zip(values, rows, strict=True)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name}: {length:,}" for name, length in lengths.items())
        raise DataError(f"Methods can be compared on the same users only, not on {told}.")
    return np.stack(rows)


def _checked(values: ArrayLike, dimensions: int) -> Values:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != dimensions:
        raise DataError(f"There must be one value a user, but the shape is {matrix.shape}.")
    if not matrix.shape[-1]:
        raise DataError("There is no user to judge by.")
    bad = int((~np.isfinite(matrix)).sum())
    if bad:
        raise DataError(f"{counted(bad, 'value')} of {matrix.size:,} are not finite.")
    return matrix


def _pair_places(
    names: Sequence[str], pairs: Sequence[tuple[str, str]] | None
) -> list[tuple[int, int]]:
    if pairs is None:
        return list(combinations(range(len(names)), 2))
    place = {name: number for number, name in enumerate(names)}
    unknown = [name for pair in pairs for name in pair if name not in place]
    if unknown:
        raise DataError(
            f"There is no method {unknown[0]!r} to compare.", f"Choose from: {', '.join(names)}."
        )
    return [(place[a], place[b]) for a, b in pairs]
