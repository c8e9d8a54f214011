"""The comparisons of a report, each family of them corrected on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vlm4rec.errors import DataError
from vlm4rec.evaluation.report.rows import Compared, ReportOptions
from vlm4rec.evaluation.results import Setting
from vlm4rec.evaluation.statistics import Comparison, compare_all, holm

__all__ = ["against_reference", "all_pairs", "comparison_of", "corrected"]


def all_pairs(setting: Setting, metric: str, options: ReportOptions, seed: int) -> list[Compared]:
    """Compare all pairs on the main metric, the reference always as the second of its pairs."""
    names = [name for name in setting.methods if name != options.reference]
    if options.reference:
        names.append(options.reference)
    values = {name: setting.per_user(name, metric) for name in names}
    means = {name: setting.mean(name, metric) for name in names}
    found = compare_all(
        values,
        seed=seed,
        level=options.confidence,
        resamples=options.resamples,
        rounds=options.rounds,
    )
    return [_compared(each, metric, means[each.first], means[each.second]) for each in found]


def against_reference(
    setting: Setting,
    metrics: Sequence[str],
    pairs: Sequence[Compared],
    options: ReportOptions,
    seed: int,
) -> list[Compared]:
    """Compare each method with the reference; corrected over the methods, metric by metric."""
    reference = options.reference or ""
    others = [name for name in setting.methods if name != reference]
    rest = [metric for metric in metrics if metric != options.metric]
    key = {
        (method, metric): f"{number}"
        for number, (method, metric) in enumerate(
            (method, metric) for method in setting.methods for metric in rest
        )
    }
    places = [(method, metric) for metric in rest for method in others]
    found = compare_all(
        {name: setting.per_user(*place) for place, name in key.items()},
        pairs=[(key[place], key[reference, place[1]]) for place in places],
        seed=seed,
        level=options.confidence,
        resamples=options.resamples,
        rounds=options.rounds or max(10_000, 400 * len(others)),
    )
    held = dict(zip(places, found, strict=True))
    against: list[Compared] = []
    for metric in metrics:
        if metric == options.metric:
            of_metric = [comparison_of(pairs, name, reference) for name in others]
        else:
            base = setting.mean(reference, metric)
            of_metric = [
                replace(
                    _compared(held[name, metric], metric, setting.mean(name, metric), base),
                    first=name,
                    second=reference,
                )
                for name in others
            ]
        against += corrected(of_metric)
    return against


def _compared(found: Comparison, metric: str, first_mean: float, second_mean: float) -> Compared:
    interval = found.difference_interval
    return Compared(
        metric,
        found.first,
        found.second,
        first_mean,
        second_mean,
        found.difference,
        interval.low if interval else None,
        interval.high if interval else None,
        found.p,
        found.p_adjusted,
        found.effect,
        found.n_users,
    )


def corrected(found: Sequence[Compared]) -> list[Compared]:
    """Correct the p values for as many comparisons as these are."""
    if not found:
        return []
    adjusted = holm([each.p for each in found])
    return [replace(each, adjusted=float(p)) for each, p in zip(found, adjusted, strict=True)]


def comparison_of(pairs: Sequence[Compared], first: str, second: str) -> Compared:
    """Return the comparison of two methods, the first of them first."""
    for each in pairs:
        if (each.first, each.second) == (first, second):
            return each
        if (each.first, each.second) == (second, first):
            return each.turned
    raise DataError(f"{first!r} and {second!r} were not compared.")
