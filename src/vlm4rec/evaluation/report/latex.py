"""The main table for a paper, in LaTeX with the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlm4rec.evaluation.report.rows import Estimate, MethodRow, SettingSummary, Summary
from vlm4rec.evaluation.report.words import (
    main_columns,
    metric_label,
    number,
    one_line,
    setting_phrase,
)

__all__ = ["escape", "latex_tables"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "−": r"\textminus{}",
    "–": "--",
    "“": "``",
    "”": "''",
    "[": "{[}",
    "]": "{]}",
}
_ANY = re.compile("|".join(map(re.escape, _SPECIAL)))
_MARKS = {2: r"$^{++}$", 1: r"$^{+}$", 0: "", -1: r"$^{-}$", -2: r"$^{--}$"}


def escape(text: str) -> str:
    r"""Return text that LaTeX prints as it is.

    >>> escape("50% of a_b")
    '50\\% of a\\_b'
    """
    return _ANY.sub(lambda found: _SPECIAL[found[0]], one_line(text))


def latex_tables(summary: Summary) -> str:
    """Return a table for each setting: methods × metrics, with intervals and marks."""
    head = (
        "% Made by vlm4rec. In the preamble: \\usepackage{booktabs} and, for TS1 signs,\n"
        "% \\usepackage[T1]{fontenc}\\usepackage{textcomp}.\n"
    )
    tables = (_table(summary, setting, n) for n, setting in enumerate(summary.settings, start=1))
    return head + "\n".join(tables)


def _table(summary: Summary, setting: SettingSummary, place: int) -> str:
    metrics = main_columns(summary.metrics, summary.metric)
    best = {metric: setting.best_first(metric)[0].estimates[metric].mean for metric in metrics}
    lines = [
        r"\begin{table}",
        r"  \centering",
        f"  \\caption{{{_caption(summary, setting)}}}",
        f"  \\label{{tab:vlm4rec-{place}}}",
        f"  \\begin{{tabular}}{{l{'r' * len(metrics)}}}",
        r"    \toprule",
        f"    Method & {' & '.join(escape(metric_label(metric)) for metric in metrics)} \\\\",
        r"    \midrule",
    ]
    for row in setting.rows:
        lines += _lines(row, metrics, best)
    lines += [r"    \bottomrule", r"  \end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


def _lines(row: MethodRow, metrics: Sequence[str], best: dict[str, float]) -> list[str]:
    values, intervals = [], []
    for metric in metrics:
        estimate = row.estimates[metric]
        value = number(estimate.mean)
        if estimate.mean == best[metric]:
            value = f"\\textbf{{{value}}}"
        values.append(value + _MARKS[row.marks.get(metric, 0)])
        intervals.append(_interval(estimate))
    return [
        f"    {escape(row.name)} & {' & '.join(values)} \\\\",
        f"    & {' & '.join(intervals)} \\\\",
    ]


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{{\\scriptsize {{[}}{number(estimate.low)}, {number(estimate.high)}{{]}}}}"


def _caption(summary: Summary, setting: SettingSummary) -> str:
    facts, options = summary.facts, summary.options
    told = (
        f"{facts.protocol}, {setting_phrase(setting.name)}: {facts.told.rstrip('.')}. "
        f"{setting.users:,} users, {setting.cases:,} cases; means over users, with "
        f"{options.confidence:.0%} intervals by bootstrap over users."
    )
    plain = escape(told)
    marks = (
        f" {_MARKS[1]} and {_MARKS[2]}: better than {escape(summary.reference)} "
        f"at $p<.05$ and $p<.01$; {_MARKS[-1]} and {_MARKS[-2]}: worse (paired permutation test, "
        "Holm's correction over the methods). Bold: the highest value."
    )
    return plain + marks
