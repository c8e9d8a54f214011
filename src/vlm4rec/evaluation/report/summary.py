"""From rankings and values to what a report says: every number of it is made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vlm4rec.errors import DataError
from vlm4rec.evaluation.beyond_accuracy import beyond_accuracy
from vlm4rec.evaluation.report.comparing import (
    against_reference,
    all_pairs,
    comparison_of,
    corrected,
)
from vlm4rec.evaluation.report.environment import environment
from vlm4rec.evaluation.report.items import ReportItems
from vlm4rec.evaluation.report.rows import (
    Beyond,
    Estimate,
    MethodRow,
    ReportOptions,
    SettingSummary,
    Summary,
)
from vlm4rec.evaluation.report.slicing import groups_of
from vlm4rec.evaluation.report.verdict import asked
from vlm4rec.evaluation.results import Evaluation, Setting
from vlm4rec.evaluation.statistics import bootstrap_intervals

__all__ = ["main_metric", "reference_method", "summarise"]

_PAPER = ("paper'srecipe", "title+description", "paper")
"""How the paper's recipe may be called, best first; spaces and case are no matter."""

_NEAR = 10


def summarise(
    evaluation: Evaluation,
    items: ReportItems | None = None,
    options: ReportOptions | None = None,
) -> Summary:
    """Make every number of a report; the same evaluation and options give the same ones.

    Parameters
    ----------
    evaluation
        What was found.
    items
        What is known of the items, for slices and for what there is beside accuracy.
    options
        What is shown.

    Raises
    ------
    DataError
        If the metric or the reference was not judged.
    """
    items, options = items or ReportItems(), options or ReportOptions()
    first = evaluation.settings[0]
    methods = tuple(first.methods)
    metrics = tuple(first.methods[methods[0]].values)
    metric = main_metric(metrics, options.metric)
    options = replace(
        options, metric=metric, reference=reference_method(methods, options.reference)
    )
    settings = tuple(
        _setting(evaluation, setting, metrics, items, options) for setting in evaluation.settings
    )
    return Summary(
        evaluation.facts,
        options,
        metric,
        options.reference or "",
        metrics,
        methods,
        settings,
        environment(),
    )


def main_metric(metrics: Sequence[str], wanted: str | None = None) -> str:
    """Return the main metric: the one that is wanted, or recall at the cut-off nearest to 10.

    Raises
    ------
    DataError
        If the wanted one is not there.

    Examples
    --------
    >>> main_metric(["ndcg@10", "recall@5", "recall@20", "recall@10"])
    'recall@10'
    """
    if wanted is not None:
        if wanted not in metrics:
            raise DataError(
                f"There is no metric {wanted!r}.", f"Choose from: {', '.join(metrics)}."
            )
        return wanted
    recalls = [name for name in metrics if name.startswith("recall@")]
    return min(recalls or list(metrics), key=lambda name: abs(_cut_off(name) - _NEAR))


def reference_method(methods: Sequence[str], wanted: str | None = None) -> str:
    """Return the method that the others are compared with.

    Raises
    ------
    DataError
        If the wanted one was not judged.

    Examples
    --------
    >>> reference_method(["title", "title + description"]), reference_method(["a", "b"])
    ('title + description', 'a')
    """
    if wanted is not None:
        if wanted not in methods:
            raise DataError(
                f"The method {wanted!r} was not judged, so nothing can be compared with it.",
                f"Choose from: {', '.join(methods)}.",
            )
        return wanted
    there = {"".join(name.lower().split()): name for name in reversed(methods)}
    return next((there[name] for name in _PAPER if name in there), methods[0])


def _setting(
    evaluation: Evaluation,
    setting: Setting,
    metrics: Sequence[str],
    items: ReportItems,
    options: ReportOptions,
) -> SettingSummary:
    seed = evaluation.facts.seed
    metric = options.metric or ""
    estimates = _estimates(setting, metrics, options, seed)
    pairs = all_pairs(setting, metric, options, seed)
    against = against_reference(setting, metrics, pairs, options, seed)
    marks: dict[str, dict[str, int]] = {name: {} for name in setting.methods}
    for compared in against:
        marks[compared.first][compared.metric] = compared.mark
    rows = tuple(
        MethodRow(name, estimates[name], marks[name], dict(result.chosen))
        for name, result in setting.methods.items()
    )
    questions = asked(list(setting.methods))
    answers = [comparison_of(pairs, first, second) for _, first, second in questions]
    return SettingSummary(
        setting.name,
        len(setting.cases),
        len(setting.users),
        sum(case.repeats for case in setting.cases),
        dict(setting.left_out),
        rows,
        tuple(against),
        tuple(pairs),
        tuple(
            (over, answer)
            for (over, _, _), answer in zip(questions, corrected(answers), strict=True)
        ),
        groups_of(evaluation, setting, metric, items, options),
        _beyond(setting, metric, items),
    )


def _estimates(
    setting: Setting, metrics: Sequence[str], options: ReportOptions, seed: int
) -> dict[str, dict[str, Estimate]]:
    """Estimate each method on each metric; the same users are drawn for all of them."""
    places = [(method, metric) for method in setting.methods for metric in metrics]
    matrix = np.stack([setting.per_user(*place) for place in places])
    intervals = bootstrap_intervals(
        matrix, level=options.confidence, resamples=options.resamples, seed=seed
    )
    found: dict[str, dict[str, Estimate]] = {method: {} for method in setting.methods}
    for (method, metric), values, interval in zip(places, matrix, intervals, strict=True):
        low, high = (interval.low, interval.high) if interval else (None, None)
        found[method][metric] = Estimate(float(values.mean()), low, high, len(values))
    return found


_BESIDE = {
    "coverage": "the share of the candidates that are in anybody's first {k}",
    "Gini": "how unevenly the candidates are recommended: 0 if all as often, near 1 if always "
    "the same few",
    "novelty": "how little known the first {k} are, in bits: 1 more is half as many buyers",
    "diversity": "how different the first {k} of a customer are from each other{by}: 0 if alike",
    "popular share": "the share of the first {k} that is among the most popular fifth",
}


def _beyond(setting: Setting, metric: str, items: ReportItems) -> Beyond | None:
    if items.counts is None:
        return None
    k = _cut_off(metric)
    values: dict[str, dict[str, float | None]] = {}
    for name, result in setting.methods.items():
        found = beyond_accuracy(
            result.rankings, setting.user_of_case, items.counts, items.vectors, k=k
        )
        figures = (found.coverage, found.gini, found.novelty, found.diversity, found.popular_share)
        values[name] = dict(zip(_BESIDE, figures, strict=True))
    names = tuple(name for name in _BESIDE if name != "diversity" or items.vectors is not None)
    by = f", by {items.vectors_told}" if items.vectors_told else ""
    return Beyond(names, values, {name: _BESIDE[name].format(k=k, by=by) for name in names})


def _cut_off(metric: str) -> int:
    at = metric.partition("@")[2]
    return int(at) if at.isdigit() else _NEAR
