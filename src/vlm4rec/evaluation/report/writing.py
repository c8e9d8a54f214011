"""Writing the folder of a report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vlm4rec.catalog.thumbnails import make_thumbnails
from vlm4rec.errors import ShopExistsError
from vlm4rec.evaluation.report.cases import choose_cases
from vlm4rec.evaluation.report.csv_file import comparisons_csv, results_csv, slices_csv
from vlm4rec.evaluation.report.items import ReportItems
from vlm4rec.evaluation.report.json_file import MADE_BY, json_text
from vlm4rec.evaluation.report.latex import latex_tables
from vlm4rec.evaluation.report.page import page_text
from vlm4rec.evaluation.report.paper_table import PaperTable
from vlm4rec.evaluation.report.plots import Plot, draw_plots
from vlm4rec.evaluation.report.rows import ReportOptions, Summary
from vlm4rec.evaluation.report.summary import summarise
from vlm4rec.evaluation.report.verdict import Verdict, verdict
from vlm4rec.evaluation.results import Evaluation
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.storage import replacing

__all__ = ["FILES", "Report", "check_folder", "write_report"]

_FIRST = "results.json"
_PAGE = "index.html"
_PLOTS, _THUMBNAILS = "plots", "thumbnails"
_OUR_PLOT = re.compile(r"(bars|forest)-\d+(-narrow)?(-dark)?\.svg")
_OUR_THUMBNAIL = re.compile(r"[0-9a-f]{20}\.jpg")

FILES: Mapping[str, str] = {
    _FIRST: "everything, with the environment",
    "results.csv": "each method on each metric, with intervals",
    "comparisons.csv": "differences, p values, effect sizes",
    "slices.csv": "the main metric of some of the customers or targets",
    "table.tex": "the main tables in LaTeX (booktabs)",
}
"""What is written beside the page, and what each file holds."""


@dataclass(frozen=True)
class Report:
    """A report that was written.

    Parameters
    ----------
    folder
        Where.
    page
        Its page.
    summary, verdict
        What it says.
    """

    folder: Path
    page: Path
    summary: Summary
    verdict: Verdict


def check_folder(out: Path) -> Path:
    """Return the folder in full if a report may be written there.

    Other files in it stay as they are. Ours are written over, if they are ours.

    Raises
    ------
    ShopExistsError
        If it is a file, or holds a file of a name of ours that a report did not write.
    """
    out = out.expanduser().resolve()
    if out.is_file():
        raise ShopExistsError(f"{out} is a file.", "Choose a folder with --out.")
    there = [name for name in (*FILES, _PAGE) if (out / name).exists()]
    if there and not _is_ours(out / _FIRST):
        raise ShopExistsError(
            f"{out / there[0]} is there already, and no evaluation wrote it.",
            "Choose another folder with --out.",
        )
    return out


def write_report(
    evaluation: Evaluation,
    out: Path,
    items: ReportItems | None = None,
    options: ReportOptions | None = None,
    *,
    shop: str = "",
    paper: Callable[[Summary], PaperTable] | None = None,
    stage: Stage = silent,
) -> Report:
    """Write the report of an evaluation: JSON, CSV, LaTeX, plots and a page.

    The same evaluation gives the same bytes. Each file is whole or not there; the page comes last.

    Parameters
    ----------
    evaluation
        What was found.
    out
        The folder.
    items
        What is known of the items.
    options
        What is shown.
    shop
        What the shop is called.
    paper
        Makes the paper's figures beside ours, to be shown, too: see
        `vlm4rec.evaluation.report.paper_table.paper_table`.
    stage
        Shows progress.

    Raises
    ------
    ShopExistsError
        See `check_folder`.
    DataError
        If the options name a metric or a method that was not judged.
    MissingExtraError
        If Matplotlib is not installed.
    """
    out, items = check_folder(out), items or ReportItems()
    with stage("Comparing"):
        summary = summarise(evaluation, items, options)
    found = verdict(summary)
    with stage("Plots"):
        plots = draw_plots(summary)
    shown = choose_cases(evaluation, summary)
    _write_all(out, _texts(summary, found))
    _write_plots(out / _PLOTS, plots)
    with stage("Thumbnails") as progress:
        shown_items = shown.items if shown else []
        thumbnails = make_thumbnails(items.photos, shown_items, out / _THUMBNAILS, progress)
    page = page_text(
        summary,
        found,
        candidates=len(evaluation.candidates),
        plots=plots,
        shown=shown,
        items=items,
        thumbnails=thumbnails,
        files_told=FILES,
        shop=shop,
        paper=paper(summary) if paper else None,
    )
    _write_all(out, {_PAGE: page})
    _remove_others(out / _THUMBNAILS, _OUR_THUMBNAIL, set(thumbnails.values()))
    return Report(out, out / _PAGE, summary, found)


def _texts(summary: Summary, found: Verdict) -> dict[str, str]:
    return {
        _FIRST: json_text(summary, found),
        "results.csv": results_csv(summary),
        "comparisons.csv": comparisons_csv(summary),
        "slices.csv": slices_csv(summary),
        "table.tex": latex_tables(summary),
    }


def _write_all(out: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        with replacing(out / name) as temporary:  # the same bytes on every system
            temporary.write_bytes(text.encode("utf-8", "replace"))


def _write_plots(folder: Path, plots: list[Plot]) -> None:
    held = {name: data for plot in plots for name, data in plot.files.items()}
    for name, data in held.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(data)
    _remove_others(folder, _OUR_PLOT, set(held))


def _remove_others(folder: Path, ours: re.Pattern[str], keep: set[str]) -> None:
    """Remove what an earlier report left: a photo taken down must not stay up."""
    for path in folder.iterdir():
        if ours.fullmatch(path.name) and path.name not in keep:
            path.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(held, dict) and held.get("made_by") == MADE_BY
