"""The numbers of a report as tables for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from vlm4rec.evaluation.report.rows import Compared, Estimate, Group, Summary

__all__ = ["comparisons_csv", "results_csv", "slices_csv"]

Cell = str | int | float | None

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_ESTIMATE = ("mean", "low", "high", "users")
_COMPARISON = (
    "setting",
    "family",
    "metric",
    "first",
    "second",
    "first_mean",
    "second_mean",
    "difference",
    "low",
    "high",
    "p",
    "p_holm",
    "effect",
    "users",
)


def results_csv(summary: Summary) -> str:
    """Return one row for each setting, method and metric."""
    return _csv(
        ("setting", "method", "metric", *_ESTIMATE),
        (
            (setting.name, row.name, metric, *_cells(estimate))
            for setting in summary.settings
            for row in setting.rows
            for metric, estimate in row.estimates.items()
        ),
    )


def comparisons_csv(summary: Summary) -> str:
    """Return one row for each comparison; ``family`` says among which ones p is corrected."""
    return _csv(_COMPARISON, _comparisons(summary))


def slices_csv(summary: Summary) -> str:
    """Return one row for each setting, slice and method, on the main metric."""
    rows = (
        (*_group(setting.name, group), method, summary.metric, *_cells(estimate))
        for setting in summary.settings
        for group in setting.groups
        for method, estimate in group.estimates.items()
    )
    return _csv(
        ("setting", "by", "slice", "cases", "targets", "method", "metric", *_ESTIMATE), rows
    )


def _group(setting: str, group: Group) -> tuple[Cell, ...]:
    return (setting, group.by, group.name, group.cases, group.targets)


def _comparisons(summary: Summary) -> Iterator[Sequence[Cell]]:
    for setting in summary.settings:
        families = {
            "all pairs": setting.pairs,
            "against the reference": setting.against,
            "what grounding adds": tuple(answer for _, answer in setting.questions),
        }
        for family, held in families.items():
            yield from ((setting.name, family, *_comparison(each)) for each in held)


def _comparison(each: Compared) -> tuple[Cell, ...]:
    means = (each.first_mean, each.second_mean, each.difference, each.low, each.high)
    sure = (each.p, each.adjusted, each.effect, each.users)
    return (each.metric, each.first, each.second, *means, *sure)


def _cells(estimate: Estimate) -> tuple[Cell, ...]:
    return (estimate.mean, estimate.low, estimate.high, estimate.users)


def _csv(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return held.getvalue()


def _cell(cell: Cell) -> str:
    """Return a cell: numbers in full, and no text that a spreadsheet takes for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if _FORMULA.match(cell) else cell
    return repr(cell)
