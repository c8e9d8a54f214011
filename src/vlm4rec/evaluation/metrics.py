"""How good rankings are: one value for each case, for each metric and cut-off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.problems import counted

__all__ = [
    "METRICS",
    "Columns",
    "FirstPlaces",
    "Metric",
    "Targets",
    "cut_off_notes",
    "hits",
    "metric_name",
    "metric_values",
    "parse_metric",
    "places",
    "unreachable",
]

Columns = NDArray[np.integer[Any]]
"""Columns of candidates; -1 for none."""

Bools = NDArray[np.bool_]
Values = NDArray[np.float64]

_CELLS = 2**22
"""Places of rankings that are looked at together at most, which bounds the memory."""


@dataclass(frozen=True, eq=False)
class Targets:
    """The items that each case must find, as columns of the candidates, end to end.

    Parameters
    ----------
    starts
        Where the targets of each case begin in ``columns``, and where the last ones end: shape
        (n cases + 1,), the first is 0.
    columns
        The targets of the first case, then of the second, and so on; within a case each once.
        -1 stands for an item that is no candidate: nothing finds it, but it counts as a target.

    Examples
    --------
    >>> targets = Targets.of([[4, 2], [], [3]])
    >>> targets.starts.tolist(), targets.columns.tolist(), targets.counts.tolist()
    ([0, 2, 2, 3], [4, 2, 3], [2, 0, 1])
    >>> targets.cases.tolist()
    [0, 0, 2]
    """

    starts: NDArray[np.intp]
    columns: NDArray[np.intp]

    @classmethod
    def of(cls, targets: Sequence[Columns] | Sequence[Sequence[int]]) -> Targets:
        """Make them of one array or list a case."""
        counts = np.fromiter(map(len, targets), dtype=np.intp, count=len(targets))
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        flat = chain.from_iterable(targets)
        return cls(starts, np.fromiter(flat, dtype=np.intp, count=int(starts[-1])))

    @classmethod
    def of_ids(cls, targets: Sequence[Sequence[str]], candidates: Sequence[str]) -> Targets:
        """Make them of one list of item ids a case; -1 for an item that is no candidate.

        >>> Targets.of_ids([["b"], ["x", "a"]], ["a", "b"]).columns.tolist()
        [1, -1, 0]
        """
        column = {item: number for number, item in enumerate(candidates)}
        return cls.of([list(map(column.get, items, repeat(-1))) for items in targets])

    @property
    def counts(self) -> NDArray[np.intp]:
        """How many targets each case has: shape (n cases,)."""
        return np.diff(self.starts)

    @property
    def cases(self) -> NDArray[np.intp]:
        """The case of each target: shape (n targets,)."""
        return np.repeat(np.arange(len(self)), self.counts)

    def only(self, keep: Bools) -> Targets:
        """Return those of the targets where ``keep``, shape (n targets,), is true.

        The cases stay what they are; some may have no target then.
        """
        kept = np.concatenate([[0], np.cumsum(keep)]).astype(np.intp)
        return Targets(kept[self.starts], self.columns[keep])

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, case: int) -> NDArray[np.intp]:
        case = range(len(self))[case]
        return self.columns[self.starts[case] : self.starts[case + 1]]


def unreachable(
    targets: Sequence[Sequence[str]], candidates: Sequence[str]
) -> list[tuple[int, str]]:
    """Return the case (its number) and the id of each target that is no candidate, in order.

    No method can find them. Whoever leaves them in lowers every value; whoever leaves them out
    should say how many they were.

    >>> unreachable([["b"], ["x", "a"]], ["a", "b"])
    [(1, 'x')]
    """
    there = set(candidates)
    return [
        (case, item) for case, items in enumerate(targets) for item in items if item not in there
    ]


def places(
    rankings: Columns, targets: Targets | Sequence[Columns] | Sequence[Sequence[int]]
) -> NDArray[np.intp]:
    """Return where the ranking of its case has each target: 0 is the first place, -1 nowhere.

    Parameters
    ----------
    rankings
        Columns of candidates, best first, shape (n cases, K); -1 where there is no more.
    targets
        What each case must find.

    Returns
    -------
    NDArray[np.intp]
        Shape (n targets,), in the order of ``Targets.columns``.

    Raises
    ------
    DataError
        If there is not one ranking a case.

    Examples
    --------
    >>> places(np.array([[7, 3, 5], [1, -1, -1]]), [[5, 9], [1]]).tolist()
    [2, -1, 0]
    """
    targets = _targets(targets)
    if rankings.ndim != 2 or len(rankings) != len(targets):
        raise DataError(
            f"Rankings of the shape {rankings.shape} don't fit {counted(len(targets), 'case')}."
        )
    found = np.full(len(targets.columns), -1, dtype=np.intp)
    if not rankings.shape[1]:
        return found
    cases = targets.cases
    height = max(1, _CELLS // rankings.shape[1])
    for start in range(0, len(found), height):
        part = slice(start, start + height)
        columns = targets.columns[part, None]
        same = (rankings[cases[part]] == columns) & (columns >= 0)
        place = same.argmax(axis=1)
        found[part] = np.where(same[np.arange(len(same)), place], place, -1)
    return found


def hits(
    rankings: Columns, targets: Targets | Sequence[Columns] | Sequence[Sequence[int]]
) -> Bools:
    """Return whether each place of each ranking holds a target.

    Parameters
    ----------
    rankings
        Columns of candidates, best first, none twice in a row, shape (n cases, K); -1 where there
        is no more.
    targets
        What each case must find.

    Returns
    -------
    Bools
        Shape (n cases, K).

    Raises
    ------
    DataError
        If there is not one ranking a case.

    Examples
    --------
    >>> hits(np.array([[7, 3, 5], [1, -1, -1]]), [[5, 9], [1]]).tolist()
    [[False, False, True], [True, False, False]]
    """
    targets = _targets(targets)
    place = places(rankings, targets)
    found = np.zeros(rankings.shape, dtype=np.bool_)
    found[targets.cases[place >= 0], place[place >= 0]] = True
    return found


@dataclass(frozen=True, slots=True, eq=False)
class FirstPlaces:
    """What metrics are made of.

    Parameters
    ----------
    hits
        Whether each of the first k places holds a target: shape (n cases, k).
    n_targets
        How many targets each case has, at least 1: float64, shape (n cases,).
    """

    hits: Bools
    n_targets: Values

    @property
    def k(self) -> int:
        """The cut-off."""
        return int(self.hits.shape[1])

    @property
    def found(self) -> Values:
        """How many targets are among the first k: float64, shape (n cases,)."""
        return np.asarray(self.hits.sum(axis=1), dtype=np.float64)

    @property
    def any(self) -> Bools:
        """Whether a target is among the first k: shape (n cases,)."""
        return np.asarray(self.hits.any(axis=1), dtype=np.bool_)


def _recall(first: FirstPlaces) -> Values:
    return first.found / first.n_targets


def _precision(first: FirstPlaces) -> Values:
    return first.found / first.k


def _hit_rate(first: FirstPlaces) -> Values:
    return np.where(first.any, 1.0, 0.0)


def _reciprocal_rank(first: FirstPlaces) -> Values:
    return np.where(first.any, 1 / (1 + first.hits.argmax(axis=1)), 0.0)


def _ndcg(first: FirstPlaces) -> Values:
    discounts = 1 / np.log2(np.arange(2, first.k + 2))
    gains = _sums(np.where(first.hits, discounts, 0.0))
    ideal = np.cumsum(discounts)[np.minimum(first.n_targets, first.k).astype(np.intp) - 1]
    return np.asarray(gains / ideal, dtype=np.float64)


def _average_precision(first: FirstPlaces) -> Values:
    precision = np.cumsum(first.hits, axis=1) / np.arange(1, first.k + 1)
    return _sums(np.where(first.hits, precision, 0.0)) / first.n_targets


def _sums(places: Values) -> Values:
    """Add up from the first place on: so nothing beats the ideal, or falls with k, by rounding."""
    return np.asarray(np.cumsum(places, axis=1)[:, -1], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Parameters
    ----------
    name
        As in ``"ndcg@10"``.
    title
        As tables show it.
    told
        What it is, in plain words.
    of
        Returns the values, float64, shape (n cases,).
    """

    name: str
    title: str
    told: str
    of: Callable[[FirstPlaces], Values]


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("recall", "Recall", "the share of the targets among the first k", _recall),
        Metric(
            "ndcg",
            "NDCG",
            "the sum of 1 / log2(1 + place) over the targets among the first k, divided by its "
            "highest possible value (Järvelin and Kekäläinen, 2002, with gains of 0 and 1)",
            _ndcg,
        ),
        Metric("hitrate", "HitRate", "1 if a target is among the first k, else 0", _hit_rate),
        Metric(
            "mrr",
            "MRR",
            "1 / the place of the first target, 0 if that is not among the first k",
            _reciprocal_rank,
        ),
        Metric(
            "map",
            "MAP",
            "the sum, over the targets among the first k, of the precision at their places, "
            "divided by the number of targets (as trec_eval does; not by k where k is less)",
            _average_precision,
        ),
        Metric(
            "precision",
            "Precision",
            "the targets among the first k, divided by k, however short the ranking is",
            _precision,
        ),
    )
}
"""The metrics by name; all are from 0 to 1, higher is better."""


def metric_name(metric: str, k: int) -> str:
    """Return how a metric at a cut-off is written.

    >>> metric_name("ndcg", 10)
    'ndcg@10'
    """
    return f"{metric}@{k}"


def parse_metric(text: str) -> tuple[str, int]:
    """Return the name of a metric and its cut-off.

    Raises
    ------
    DataError
        If the text is none of ours.

    Examples
    --------
    >>> parse_metric("Recall@20")
    ('recall', 20)
    """
    name, _, cut_off = text.strip().lower().partition("@")
    if name in METRICS and cut_off.isascii() and cut_off.isdigit() and int(cut_off):
        return name, int(cut_off)
    raise DataError(
        f"There is no metric {text!r}.",
        f"Write one of {', '.join(METRICS)} with a cut-off, such as ndcg@10.",
    )


def metric_values(
    hits: Bools,
    n_targets: Columns,
    ks: Sequence[int],
    metrics: Sequence[str] = tuple(METRICS),
) -> dict[str, Values]:
    """Return the values of each case.

    Parameters
    ----------
    hits
        Whether each place holds a target, from `hits`: shape (n cases, K).
    n_targets
        How many targets each case has, found or not, at least 1: shape (n cases,).
    ks
        The cut-offs, from 1 to K.
    metrics
        Names out of `METRICS`.

    Returns
    -------
    dict[str, Values]
        float64, shape (n cases,), for each of ``"recall@5"`` and so on, metric by metric.

    Raises
    ------
    DataError
        If a case has no target, a cut-off is out of range, or a metric is unknown.

    Examples
    --------
    >>> values = metric_values(np.array([[False, True, False]]), np.array([2]), [1, 3])
    >>> values["recall@1"].tolist(), values["recall@3"].tolist(), values["mrr@3"].tolist()
    ([0.0], [0.5], [0.5])
    """
    _check(hits, n_targets, ks, metrics)
    asked = [(METRICS[name], k) for name in metrics for k in ks]
    values = {metric_name(metric.name, k): np.empty(len(hits)) for metric, k in asked}
    height = max(1, _CELLS // max(1, hits.shape[1]))
    for start in range(0, len(hits), height):
        part = slice(start, start + height)
        counts = n_targets[part].astype(np.float64)
        for metric, k in asked:
            first = FirstPlaces(hits[part, :k], counts)
            values[metric_name(metric.name, k)][part] = metric.of(first)
    return values


def cut_off_notes(ks: Sequence[int], n_candidates: int) -> list[str]:
    """Say in a sentence which cut-offs are beyond the number of candidates, if any is.

    >>> cut_off_notes([5, 20], 12)
    ['There are only 12 candidates, so that rankings at 20 hold all that may be ranked.']
    """
    beyond = sorted({k for k in ks if k > n_candidates})
    if not beyond:
        return []
    there = "is" if n_candidates == 1 else "are"
    what = f"There {there} only {counted(n_candidates, 'candidate')}"
    named = ", ".join(map(str, beyond))
    return [f"{what}, so that rankings at {named} hold all that may be ranked."]


def _targets(targets: Targets | Sequence[Columns] | Sequence[Sequence[int]]) -> Targets:
    return targets if isinstance(targets, Targets) else Targets.of(targets)


def _check(hits: Bools, n_targets: Columns, ks: Sequence[int], metrics: Sequence[str]) -> None:
    if hits.ndim != 2 or n_targets.shape != (len(hits),):
        raise DataError(
            f"Hits of the shape {hits.shape} don't fit numbers of targets "
            f"of the shape {n_targets.shape}."
        )
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise DataError(
            f"There is no metric {unknown[0]!r}.", f"Choose from: {', '.join(METRICS)}."
        )
    wrong = [k for k in ks if not 1 <= k <= hits.shape[1]]
    if wrong:
        raise DataError(
            f"The cut-off {wrong[0]} is not from 1 to {hits.shape[1]}, the length of the rankings.",
            "Rank as many as the highest cut-off; where there are no more, the rest is -1.",
        )
    without = np.flatnonzero(n_targets < 1)
    if len(without):
        raise DataError(
            f"{counted(len(without), 'case')} without a target can't be judged "
            f"(the first: number {without[0]}).",
            "Leave them out, and say how many they are.",
        )
