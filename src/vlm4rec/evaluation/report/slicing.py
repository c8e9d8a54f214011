"""The slices of a report: for whom, and for what, methods differ."""

from __future__ import annotations

import numpy as np

from vlm4rec.evaluation.metrics import Targets
from vlm4rec.evaluation.report.items import ReportItems
from vlm4rec.evaluation.report.rows import Estimate, Group, ReportOptions
from vlm4rec.evaluation.results import Evaluation, Setting
from vlm4rec.evaluation.slices import Slice, all_slices, by_history_length, slice_values
from vlm4rec.evaluation.statistics import bootstrap_intervals

__all__ = ["groups_of"]


def groups_of(
    evaluation: Evaluation,
    setting: Setting,
    metric: str,
    items: ReportItems,
    options: ReportOptions,
) -> tuple[Group, ...]:
    """Return the slices of a setting, each with the main metric of every method.

    Without counts of training there are those by history length alone.
    """
    candidates = evaluation.candidates
    targets = Targets.of_ids([case.targets for case in setting.cases], candidates)
    if items.counts is None:
        slices = by_history_length(setting.cases, targets)
    else:
        named = [items.categories.get(item, "") for item in candidates]
        categories = named if any(named) else None
        slices = all_slices(setting.cases, targets, items.counts, categories)
    return tuple(_group(setting, part, metric, options, evaluation.facts.seed) for part in slices)


def _group(setting: Setting, part: Slice, metric: str, options: ReportOptions, seed: int) -> Group:
    # One resample: the intervals of all methods are made together below, of the same draws.
    values = [
        slice_values(result.rankings, part, setting.user_of_case, [metric], resamples=1, seed=seed)[
            metric
        ]
        for result in setting.methods.values()
    ]
    intervals = bootstrap_intervals(
        np.stack([each.values for each in values]),
        level=options.confidence,
        resamples=options.resamples,
        seed=seed,
    )
    estimates = {}
    for name, each, interval in zip(setting.methods, values, intervals, strict=True):
        low, high = (interval.low, interval.high) if interval else (None, None)
        estimates[name] = Estimate(each.mean, low, high, each.n_users)
    first = values[0]
    return Group(part.group, part.name, first.n_cases, first.n_targets, first.n_users, estimates)
