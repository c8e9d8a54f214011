"""Scoring a ranker on validation cases: what choices are made by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from vlm4rec.errors import DataError
from vlm4rec.interactions.splitting import Case
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Ranker

__all__ = ["VALIDATION_METRICS", "validation_score"]


def validation_score(
    ranker: Ranker,
    data: TrainingData,
    cases: Sequence[Case],
    metric: str = "ndcg",
    k: int = 10,
) -> float:
    """Return how well a ranker finds the targets of cases, from 0 to 1.

    The mean over users of the mean over each user's cases. Targets that may not be ranked,
    because they are masked or no candidates, are taken out, and cases without any other skipped:
    the same for every ranker.

    Parameters
    ----------
    ranker
        What is judged, learned without the cases.
    data
        What it learned from: its candidates and variants make the requests.
    cases
        What is to be predicted.
    metric
        ``"ndcg"``, ``"recall"`` or ``"hitrate"``; see `VALIDATION_METRICS`.
    k
        How many items of each ranking count.

    Raises
    ------
    DataError
        If there is no such metric, k is below 1, or no case is left.

    Examples
    --------
    >>> from vlm4rec.interactions.interactions import History, Interactions
    >>> from vlm4rec.recommending.method import ItemFeatures
    >>> class Fixed:
    ...     def rank(self, requests, k):
    ...         return [["b", "c"][:k] for _ in requests]
    >>> data = TrainingData(Interactions.empty(), ItemFeatures((), {}), ("a", "b", "c"))
    >>> cases = [Case("u", History.of(["a"]), ("c",)), Case("v", History.of(["a"]), ("b",))]
    >>> validation_score(Fixed(), data, cases, "recall", k=1)
    0.5
    """
    value = _metric(metric)
    if k < 1:
        raise DataError(f"k must be at least 1, not {k}.")
    judged, targets = _findable(data, cases)
    rankings = ranker.rank(data.requests(judged), k)
    by_user: dict[str, list[float]] = {}
    for case, wanted, ranking in zip(judged, targets, rankings, strict=True):
        hits = [item in wanted for item in ranking[:k]]
        by_user.setdefault(case.user, []).append(value(hits, len(wanted), k))
    means = [math.fsum(values) / len(values) for values in by_user.values()]
    return math.fsum(means) / len(means)


def _findable(data: TrainingData, cases: Sequence[Case]) -> tuple[list[Case], list[frozenset[str]]]:
    """Return the cases with a target that may be ranked, and these targets."""
    candidates = frozenset(data.candidates)
    judged, targets = [], []
    for case in cases:
        wanted = candidates.intersection(case.targets).difference(data.mask(case.history))
        if wanted:
            judged.append(case)
            targets.append(wanted)
    if not judged:
        raise DataError(
            f"None of the {len(cases):,} validation cases has a target that may be ranked."
        )
    return judged, targets


def _ndcg(hits: Sequence[bool], n_targets: int, k: int) -> float:
    gain = math.fsum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit)
    return gain / math.fsum(1 / math.log2(place + 2) for place in range(min(k, n_targets)))


def _recall(hits: Sequence[bool], n_targets: int, _k: int) -> float:
    return sum(hits) / n_targets


def _hitrate(hits: Sequence[bool], _n_targets: int, _k: int) -> float:
    return float(any(hits))


VALIDATION_METRICS: Mapping[str, Callable[[Sequence[bool], int, int], float]] = {
    "ndcg": _ndcg,
    "recall": _recall,
    "hitrate": _hitrate,
}
"""What can be chosen by: normalised discounted cumulative gain with a gain of 1 a target (Järvelin
and Kekäläinen 2002), the share of the targets that were found, and whether any was."""


def _metric(name: str) -> Callable[[Sequence[bool], int, int], float]:
    if name not in VALIDATION_METRICS:
        choices = ", ".join(VALIDATION_METRICS)
        raise DataError(f"There is no validation metric {name!r}.", f"Choose from: {choices}.")
    return VALIDATION_METRICS[name]
