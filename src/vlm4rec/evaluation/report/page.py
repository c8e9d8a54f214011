"""The page of a report: one file, readable on a phone, in light and dark, without scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from vlm4rec._version import __version__
from vlm4rec.evaluation.report import words
from vlm4rec.evaluation.report.cases import ShownCases
from vlm4rec.evaluation.report.items import ReportItems
from vlm4rec.evaluation.report.paper_table import PaperTable
from vlm4rec.evaluation.report.plots import Plot
from vlm4rec.evaluation.report.rows import Group, SettingSummary, Summary
from vlm4rec.evaluation.report.verdict import Finding, Verdict

__all__ = ["KIND", "page_text"]

KIND = "vlm4rec evaluate"
"""What tells our page from another: the generator that it names."""

_FEW = 30
"""Customers of a slice; with fewer, intervals by bootstrap are too narrow."""

_SLICES = {
    "popularity": "popularity of the target",
    "training": "whether training saw the target",
    "category": "category of the target",
}


def page_text(
    summary: Summary,
    verdict: Verdict,
    *,
    candidates: int,
    plots: Sequence[Plot],
    shown: ShownCases | None,
    items: ReportItems,
    thumbnails: Mapping[str, str],
    files_told: Mapping[str, str],
    shop: str = "",
    paper: PaperTable | None = None,
) -> str:
    """Return the page.

    It loads nothing but plots and small photos beside it. A browser runs no script on it and
    takes no style for it but those that are written here, known by their hashes.

    Parameters
    ----------
    summary, verdict
        What it says.
    candidates
        How many items every method ranked.
    plots
        The plots, which lie in the folder ``plots``.
    shown
        Real cases.
    items
        Titles.
    thumbnails
        The file of each item's photo in the folder ``thumbnails``, by item.
    files_told
        What lies beside the page, and what each file holds.
    shop
        What the shop is called.
    paper
        The paper's figures beside ours.
    """
    style, script = _source("report.css"), _source("report.js")
    return (
        _environment()
        .get_template("report.html")
        .render(
            summary=summary,
            verdict=verdict,
            questions=_by_question(verdict),
            candidates=candidates,
            plots=plots,
            shown=shown,
            items=items,
            thumbnails=thumbnails,
            files=files_told,
            shop=shop,
            paper=paper,
            reference=words.named(summary.reference),
            confidence=f"{summary.options.confidence:.0%}",
            columns=words.main_columns(summary.metrics, summary.metric),
            others=_other_cut_offs(summary),
            chosen=_choosers(summary),
            kind=KIND,
            version=__version__,
            style=Markup(style),  # noqa: S704 - ours
            script=Markup(script),  # noqa: S704 - ours
            policy=_policy(style, script),
        )
    )


def _by_question(verdict: Verdict) -> list[tuple[str, list[list[Finding]]]]:
    """Return the findings by what grounding was compared with, then by the pair of methods."""
    found: dict[str, dict[tuple[str, str], list[Finding]]] = {}
    for each in verdict.findings:
        pair = (each.compared.first, each.compared.second)
        found.setdefault(each.over, {}).setdefault(pair, []).append(each)
    return [(over, list(pairs.values())) for over, pairs in found.items()]


def _other_cut_offs(summary: Summary) -> list[list[str]]:
    """Return the metrics of each cut-off that the main table does not show."""
    shown = words.main_columns(summary.metrics, summary.metric)
    by_cut_off: dict[str, list[str]] = {}
    for metric in summary.metrics:
        if metric not in shown:
            by_cut_off.setdefault(metric.partition("@")[2], []).append(metric)
    return list(by_cut_off.values())


def _choosers(summary: Summary) -> list[str]:
    """Return the methods that chose something in any setting."""
    return [
        method
        for method in summary.methods
        if any(setting.row(method).chosen for setting in summary.settings)
    ]


def _best_of(setting: SettingSummary, metrics: Sequence[str]) -> dict[str, float]:
    return {name: setting.best_first(name)[0].estimates[name].mean for name in metrics}


def _top(group: Group) -> float:
    return max(estimate.mean for estimate in group.estimates.values())


def _slices(setting: SettingSummary) -> list[tuple[str, list[Group]]]:
    groups: dict[str, list[Group]] = {}
    for group in setting.groups:
        groups.setdefault(group.by, []).append(group)
    return list(groups.items())


def _slice_told(by: str) -> str:
    return _SLICES.get(by, by)


def _figure_text(figure: str, value: float) -> str:
    if figure in {"coverage", "popular share"}:
        return f"{value:.1%}"
    return f"{value:.2f}" if figure == "novelty" else f"{value:.3f}"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vlm4rec.evaluation.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "listed": words.listed,
        "metric_label": words.metric_label,
        "number": words.number,
        "p_value": words.p_value,
        "setting_title": words.setting_title,
        "signed": words.signed,
    }
    environment.filters.update(filters)
    environment.globals.update(
        best_of=_best_of,
        figure_text=_figure_text,
        setting_phrase=words.setting_phrase,
        few=_FEW,
        slice_told=_slice_told,
        slices=_slices,
        times=words.times,
        top=_top,
    )
    return environment


def _source(name: str) -> str:
    return files("vlm4rec.evaluation.report").joinpath("templates", name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Return the page's Content-Security-Policy."""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )


def _digest(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
