"""The paper's published figures beside ours."""

from __future__ import annotations

from dataclasses import dataclass

from vlm4rec.errors import DataError
from vlm4rec.evaluation.report.rows import Summary
from vlm4rec.evaluation.report.words import metric_label, setting_title

__all__ = ["PAPER_METRICS", "PaperRow", "PaperTable", "paper_table"]

PAPER_METRICS = ("recall@10", "ndcg@10")
"""What the paper publishes."""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One method: what was published and what was measured here, None where there is nothing."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class PaperTable:
    """The paper's figures beside ours.

    Parameters
    ----------
    columns
        What the values of the rows are.
    rows
        The methods: the paper's in its order, then those that it has not.
    told
        On what the paper's figures were measured.
    reasons
        Why absolute values differ, a sentence each.
    """

    columns: tuple[str, ...]
    rows: tuple[PaperRow, ...]
    told: str
    reasons: tuple[str, ...]


def paper_table(summary: Summary) -> PaperTable:
    """Put the paper's figures beside ours, of methods that have the paper's names.

    Raises
    ------
    DataError
        If what the paper publishes was not judged.
    """
    from vlm4rec.evaluation.paper_figures import PUBLISHED, SOURCE, WHY_DIFFERENT

    published = {figure.row: (figure.recall, figure.ndcg) for figure in PUBLISHED}
    missing = [metric for metric in PAPER_METRICS if metric not in summary.metrics]
    if missing:
        raise DataError(f"The paper has {missing[0]}, which was not judged.", "Add 10 to --k.")
    columns: list[str] = []
    values: dict[str, list[float | None]] = {name: [] for name in (*published, *summary.methods)}
    for place, metric in enumerate(PAPER_METRICS):
        columns.append(f"{metric_label(metric)}, paper")
        for name, held in values.items():
            held.append(published[name][place] if name in published else None)
        for setting in summary.settings:
            columns.append(f"{metric_label(metric)}, {setting_title(setting.name).lower()}")
            ours = {row.name: row.estimates[metric].mean for row in setting.rows}
            for name, held in values.items():
                held.append(ours.get(name))
    rows = tuple(PaperRow(name, tuple(held)) for name, held in values.items())
    return PaperTable(tuple(columns), rows, SOURCE, tuple(WHY_DIFFERENT))
