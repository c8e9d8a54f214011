"""Slices: for whom, and for what, methods differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.evaluation.beyond_accuracy import HEAD, ItemCounts, most_popular
from vlm4rec.evaluation.metrics import Columns, Targets, hits, metric_values, parse_metric
from vlm4rec.evaluation.statistics import Interval, bootstrap_interval
from vlm4rec.evaluation.user_means import user_means
from vlm4rec.interactions.splitting import Case
from vlm4rec.problems import counted

__all__ = [
    "Slice",
    "SliceValue",
    "all_slices",
    "by_category",
    "by_history_length",
    "by_popularity",
    "by_training",
    "slice_values",
]

Bools = NDArray[np.bool_]

OTHER = "other"

_LENGTHS = (1, 2, 5, 10, 20)
"""The least history lengths of the slices."""

_TAIL = 0.5
"""The share of the candidates, the least popular ones, that are called the tail."""


@dataclass(frozen=True, eq=False)
class Slice:
    """Some of the targets, and the cases that have any of them.

    Parameters
    ----------
    group
        By what is sliced: ``"history length"``, ``"popularity"``, ``"training"`` or
        ``"category"``.
    name
        Which slice of it, such as ``"5–9"`` or ``"tail"``.
    targets
        The cases are all that there are; those that are not in the slice have no target here.
    """

    group: str
    name: str
    targets: Targets

    @property
    def cases(self) -> Bools:
        """Which cases have a target in the slice: shape (n cases,)."""
        return self.targets.counts > 0


@dataclass(frozen=True, eq=False)
class SliceValue:
    """A metric of one method in a slice.

    Parameters
    ----------
    group, name
        The slice's.
    metric
        Such as ``"ndcg@10"``.
    mean
        The mean over users of each user's mean.
    interval
        Its interval; None for a single user.
    n_cases, n_targets
        How many there are in the slice.
    users
        The numbers of the users who have a case in the slice, ascending: shape (n users,). They
        are the same for every method.
    values
        Each one's mean: float64, shape (n users,).
    """

    group: str
    name: str
    metric: str
    mean: float
    interval: Interval | None
    n_cases: int
    n_targets: int
    users: NDArray[np.intp]
    values: NDArray[np.float64]

    @property
    def n_users(self) -> int:
        """How many users have a case in the slice."""
        return len(self.users)


def all_slices(
    cases: Sequence[Case],
    targets: Targets,
    counts: ItemCounts,
    categories: Sequence[str] | None = None,
    *,
    most: int = 8,
) -> list[Slice]:
    """Return all slices that hold a case, always in the same order.

    Parameters
    ----------
    cases
        What is to be predicted.
    targets
        Of these cases, as columns of the candidates.
    counts
        Of the candidates in training.
    categories
        For each candidate its category, ``""`` if it has none; None leaves them out.
    most
        How many categories are slices of their own.

    Raises
    ------
    DataError
        If the lengths don't fit.
    """
    slices = [
        *by_history_length(cases, targets),
        *by_popularity(targets, counts),
        *by_training(targets, counts),
    ]
    if categories is not None:
        _check_columns(targets, len(categories))
        slices += by_category(targets, categories, most=most)
    return slices


def by_history_length(cases: Sequence[Case], targets: Targets) -> list[Slice]:
    """Slice by how many interactions the history of the case has: 1, 2–4, 5–9, 10–19, 20+.

    All targets of a case are in the same slice. An item bought twice counts twice.

    >>> from vlm4rec.interactions.interactions import History
    >>> cases = [Case("u", History.of(["a"]), ("b",)), Case("v", History.of("abc".split()), ("b",))]
    >>> [(found.name, found.cases.tolist()) for found in
    ...     by_history_length(cases, Targets.of([[1], [1]]))]
    [('1', [True, True])]
    """
    if len(cases) != len(targets):
        raise DataError(
            f"Targets of {counted(len(targets), 'case')} don't fit {counted(len(cases), 'case')}."
        )
    lengths = np.array([len(case.history) for case in cases], dtype=np.intp)[targets.cases]
    named = [
        (str(low) if high == low + 1 else f"{low}–{high - 1}", (low <= lengths) & (lengths < high))
        for low, high in pairwise(_LENGTHS)
    ]
    named.append((f"{_LENGTHS[-1]}+", lengths >= _LENGTHS[-1]))
    return list(_slices("history length", targets, named))


def by_popularity(targets: Targets, counts: ItemCounts) -> list[Slice]:
    """Slice by how often the target occurs in training: head, middle, tail.

    The head is the fifth of the candidates that occur most (see
    `vlm4rec.evaluation.beyond_accuracy.most_popular`, also for ties), the tail the half that
    occurs least, with those that never do.

    >>> counts = ItemCounts(np.array([9, 4, 3, 1, 0]), np.array([9, 4, 3, 1, 0]), 10)
    >>> targets = Targets.of([[0, 4], [1]])
    >>> [(found.name, found.targets.columns.tolist()) for found in by_popularity(targets, counts)]
    [('head', [0]), ('middle', [1]), ('tail', [4])]
    """
    _check_columns(targets, len(counts.interactions))
    head = _of_targets(targets, most_popular(counts.interactions, HEAD))
    upper = _of_targets(targets, most_popular(counts.interactions, 1 - _TAIL))
    known = targets.columns >= 0
    named = [("head", head), ("middle", upper & ~head), ("tail", known & ~upper)]
    return list(_slices("popularity", targets, named))


def by_training(targets: Targets, counts: ItemCounts) -> list[Slice]:
    """Slice by whether training has an interaction with the target: warm, or cold.

    >>> counts = ItemCounts(np.array([9, 0]), np.array([9, 0]), 10)
    >>> [found.name for found in by_training(Targets.of([[0], [0]]), counts)]
    ['warm']
    """
    _check_columns(targets, len(counts.interactions))
    warm = _of_targets(targets, counts.interactions > 0)
    cold = _of_targets(targets, counts.interactions == 0)
    return list(_slices("training", targets, [("warm", warm), ("cold", cold)]))


def by_category(targets: Targets, categories: Sequence[str], *, most: int = 8) -> list[Slice]:
    """Slice by the category of the target.

    Parameters
    ----------
    targets
        What each case must find.
    categories
        For each candidate its category, ``""`` if it has none.
    most
        How many are slices of their own: those with most targets, in this order, then by name.
        All others, and what has none, are in the slice ``"other"``, which comes last.

    Examples
    --------
    >>> targets = Targets.of([[0, 1], [2], [3]])
    >>> found = by_category(targets, ["shoes", "hats", "hats", ""], most=1)
    >>> [(part.name, part.targets.columns.tolist()) for part in found]
    [('hats', [1, 2]), ('other', [0, 3])]
    """
    _check_columns(targets, len(categories))
    of_target = [categories[column] if column >= 0 else None for column in targets.columns.tolist()]
    tally = Counter(name for name in of_target if name and name != OTHER)
    chosen = sorted(tally, key=lambda name: (-tally[name], name))[:most]
    place = {name: number for number, name in enumerate(chosen)}
    numbers = np.array(
        [-1 if name is None else place.get(name, most) for name in of_target], dtype=np.intp
    )
    named = [(name, numbers == number) for name, number in place.items()]
    return list(_slices("category", targets, [*named, (OTHER, numbers == most)]))


def slice_values(
    rankings: Columns,
    part: Slice,
    user_of_case: Columns,
    metrics: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int,
) -> dict[str, SliceValue]:
    """Judge rankings by the targets in a slice alone.

    Targets of a case that are not in the slice stay where they are in the ranking, and count as
    misses; cases without a target in the slice don't count at all.

    Parameters
    ----------
    rankings
        Columns of candidates, best first, -1 where there is no more: shape (n cases, K).
    part
        The slice.
    user_of_case
        For each case the number of its user, from 0: shape (n cases,).
    metrics
        Such as ``"ndcg@10"``.
    level, resamples, seed
        Of the intervals: see `vlm4rec.evaluation.statistics.bootstrap_interval`.

    Raises
    ------
    DataError
        If the slice holds no case, a metric is unknown, or the shapes don't fit.

    Examples
    --------
    >>> part = Slice("training", "cold", Targets.of([[3], [], [4]]))
    >>> rankings = np.array([[1, 3], [3, 4], [2, 1]])
    >>> value = slice_values(rankings, part, np.array([0, 0, 1]), ["recall@2"], seed=0)["recall@2"]
    >>> value.mean, value.n_users, value.values.tolist()
    (0.5, 2, [1.0, 0.0])
    """
    chosen = part.cases
    if not chosen.any():
        raise DataError(f"The slice {part.name!r} by {part.group} holds no case.")
    # All rankings are matched, so that shapes that don't fit are told of.
    hit = hits(rankings, part.targets)[chosen]
    users, numbers = np.unique(user_of_case[chosen], return_inverse=True)
    found: dict[str, SliceValue] = {}
    for metric in metrics:
        name, k = parse_metric(metric)
        [by_case] = metric_values(hit, part.targets.counts[chosen], [k], [name]).values()
        values = user_means(by_case, numbers, len(users))
        found[metric] = SliceValue(
            part.group,
            part.name,
            metric,
            float(values.mean()),
            bootstrap_interval(values, level=level, resamples=resamples, seed=seed),
            int(chosen.sum()),
            len(part.targets.columns),
            users.astype(np.intp),
            values,
        )
    return found


def _slices(group: str, targets: Targets, named: Sequence[tuple[str, Bools]]) -> Iterator[Slice]:
    return (Slice(group, name, targets.only(keep)) for name, keep in named if keep.any())


def _of_targets(targets: Targets, of_candidates: Bools) -> Bools:
    """Return what holds of each target; nothing does of one that is no candidate."""
    there = targets.columns >= 0
    found = np.zeros(len(targets.columns), dtype=np.bool_)
    found[there] = of_candidates[targets.columns[there]]
    return found


def _check_columns(targets: Targets, n_candidates: int) -> None:
    if targets.columns.max(initial=-1) >= n_candidates:
        raise DataError(
            f"A target is column {targets.columns.max():,}, "
            f"but there are {counted(n_candidates, 'candidate')}."
        )
