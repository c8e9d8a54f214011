"""What the commands `evaluate` and `reproduce` tell a person, and a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlm4rec.cli.console import out, plain
from vlm4rec.evaluation.report.words import metric_label, number, setting_title

if TYPE_CHECKING:
    from vlm4rec.evaluation.report import Report, Summary
    from vlm4rec.evaluation.report.paper_table import PaperTable
    from vlm4rec.evaluation.report.rows import Estimate, MethodRow, SettingSummary
    from vlm4rec.evaluation.report.verdict import Verdict
    from vlm4rec.evaluation.results import Evaluation

__all__ = ["paper_dict", "print_paper", "print_results", "results_dict"]

_WIDE = 110
"""Columns of a terminal on which an interval stands beside its mean, not below it."""


def print_results(
    summary: Summary, verdict: Verdict, evaluation: Evaluation, report: Report | None
) -> None:
    """Print the main metric of each method, the verdict, and where the files are."""
    from rich.table import Table

    title = f"{metric_label(summary.metric)}, {summary.facts.protocol}"
    table = Table(title=plain(title), title_justify="left")
    table.add_column("Method", overflow="fold")
    for setting in summary.settings:
        table.add_column(setting_title(setting.name), justify="right")
    table.add_column("Seconds", justify="right")
    for row in summary.settings[0].best_first(summary.metric):
        cells = [_cell(summary, setting, row.name) for setting in summary.settings]
        table.add_row(plain(row.name), *cells, f"{_seconds(evaluation, row.name):,.1f}")
    out.print(table)
    counts = "; ".join(
        f"{setting_title(s.name)}: {s.cases:,} cases of {s.users:,} customers"
        for s in summary.settings
    )
    _say(f"{counts}. Marks: against {summary.reference}, at p < 0.05 and p < 0.01 after Holm.")
    out.print()
    for sentence in (verdict.headline, *verdict.best.values()):
        _say(sentence)
    for note in summary.facts.notes:
        _say(note)
    if report is not None:
        _say(f"\nThe tables and plots: {report.folder}")
        _say(f"The page: open {report.page} in a browser.")


def results_dict(
    summary: Summary, verdict: Verdict, evaluation: Evaluation, report: Report | None
) -> dict[str, Any]:
    """Return what is printed, for a program."""
    return {
        "out": None if report is None else str(report.folder),
        "page": None if report is None else str(report.page),
        "verdict": verdict.headline,
        "sentences": verdict.sentences,
        "protocol": summary.facts.protocol,
        "seed": summary.facts.seed,
        "metric": summary.metric,
        "reference": summary.reference,
        "settings": [
            {
                "name": setting.name,
                "cases": setting.cases,
                "users": setting.users,
                "methods": {
                    row.name: _row_dict(row, summary.metric)
                    | {"seconds": round(_seconds(evaluation, row.name, setting.name), 3)}
                    for row in setting.rows
                },
            }
            for setting in summary.settings
        ],
    }


def print_paper(table: PaperTable) -> None:
    """Print the paper's figures beside ours, and why they differ."""
    from rich.table import Table

    shown = Table(title="The paper's figures beside ours", title_justify="left")
    shown.add_column("Method", overflow="fold")
    for column in table.columns:
        shown.add_column(column, justify="right")
    for row in table.rows:
        cells = ["-" if value is None else number(value) for value in row.values]
        shown.add_row(plain(row.name), *cells)
    out.print(shown)
    _say(table.told)
    for reason in table.reasons:
        _say(f"- {reason}")
    out.print()


def paper_dict(table: PaperTable) -> dict[str, Any]:
    """Return the paper's figures beside ours, for a program."""
    rows = {row.name: dict(zip(table.columns, row.values, strict=True)) for row in table.rows}
    return {"methods": rows, "told": table.told, "reasons": list(table.reasons)}


def _row_dict(row: MethodRow, metric: str) -> dict[str, Any]:
    held = row.estimates[metric]
    return {
        "mean": held.mean,
        "low": held.low,
        "high": held.high,
        "users": held.users,
        "mark": row.marks.get(metric),
    }


def _cell(summary: Summary, setting: SettingSummary, method: str) -> str:
    row = setting.row(method)
    held = row.estimates[summary.metric]
    mark = row.marks.get(summary.metric, 0)
    signs = ("▲" if mark > 0 else "▼") * abs(mark)
    colour = "blue" if mark > 0 else "yellow"
    marked = f" [{colour}]{signs:<2}[/]" if mark else "   "
    best = setting.best_first(summary.metric)[0].name == method
    value = f"[bold]{number(held.mean)}[/]" if best else number(held.mean)
    between = " " if out.width >= _WIDE else "\n"
    return f"{value}{marked}{between}{_interval(held)}"


def _interval(held: Estimate) -> str:
    if held.low is None or held.high is None:
        return ""
    return f"[dim]{number(held.low)} to {number(held.high)}[/]"


def _seconds(evaluation: Evaluation, method: str, setting: str | None = None) -> float:
    """Return how long a method learned and ranked."""
    return sum(
        held.methods[method].fit_seconds + held.methods[method].rank_seconds
        for held in evaluation.settings
        if setting in {None, held.name}
    )


def _say(text: str) -> None:
    out.print(text, soft_wrap=True, markup=False)
