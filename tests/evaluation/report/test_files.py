"""The files for programs and papers: they say the same as the summary, and can be read back."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.report.conftest import FAST, SKILL, make_evaluation
from vlm4rec.evaluation.report import ReportItems, Summary, summarise
from vlm4rec.evaluation.report.csv_file import comparisons_csv, results_csv, slices_csv
from vlm4rec.evaluation.report.json_file import json_text
from vlm4rec.evaluation.report.latex import escape, latex_tables
from vlm4rec.evaluation.report.verdict import verdict
from vlm4rec.evaluation.results import Evaluation

HOSTILE = '=cmd()|"a", b\\_{$x$}%&#~^<b>\n[1]'


@pytest.fixture(scope="module")
def summary(evaluation: Evaluation, items: ReportItems) -> Summary:
    return summarise(evaluation, items, FAST)


@pytest.fixture(scope="module")
def hostile() -> Summary:
    skill = {HOSTILE: 0.5, "title": 0.2, "image": 0.1}
    return summarise(make_evaluation(skill, settings=1), None, FAST)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_results_parse_back_to_the_very_numbers(summary: Summary) -> None:
    rows = read(results_csv(summary))
    assert len(rows) == 2 * len(SKILL) * len(summary.metrics)
    by_setting = {setting.name: setting for setting in summary.settings}
    for row in rows:
        held = by_setting[row["setting"]].row(row["method"]).estimates[row["metric"]]
        numbers = tuple(float(row[name]) for name in ("mean", "low", "high"))
        assert numbers == (held.mean, held.low, held.high)
        assert int(row["users"]) == held.users


def test_comparisons_name_their_family(summary: Summary) -> None:
    rows = read(comparisons_csv(summary))
    counts = Counter((row["setting"], row["family"]) for row in rows)
    assert counts["variants in", "all pairs"] == 15
    assert counts["variants in", "against the reference"] == 5 * len(summary.metrics)
    assert counts["variants out", "what grounding adds"] == 3
    first = summary.settings[0].pairs[0]
    assert float(rows[0]["p_holm"]) == first.adjusted
    assert float(rows[0]["effect"]) == first.effect


def test_slices_parse_back(summary: Summary) -> None:
    rows = read(slices_csv(summary))
    groups = sum(len(setting.groups) for setting in summary.settings)
    assert len(rows) == groups * len(SKILL)
    first = summary.settings[0].groups[0]
    assert float(rows[0]["mean"]) == first.estimates["title"].mean
    assert (rows[0]["by"], rows[0]["slice"]) == (first.by, first.name)


def test_no_cell_is_a_formula_and_none_breaks_a_row(hostile: Summary) -> None:
    for text in (results_csv(hostile), comparisons_csv(hostile), slices_csv(hostile)):
        rows = read(text)
        assert all(None not in row and None not in row.values() for row in rows)
        cells = [cell for row in rows for cell in row.values()]
        assert f"'{HOSTILE}" in cells
        for cell in cells:
            assert not cell.startswith("=")


def test_one_user_leaves_cells_empty() -> None:
    summary = summarise(make_evaluation(users=1), None, FAST)
    row = read(results_csv(summary))[0]
    assert (row["low"], row["high"], row["users"]) == ("", "", "1")


def test_json_says_all_and_nothing_of_when(summary: Summary) -> None:
    text = json_text(summary, verdict(summary))
    held = json.loads(text)
    assert held["protocol"] == "basket"
    assert held["seed"] == 7
    assert held["left_out"] == {"users without a history": 2}
    assert held["environment"]["vlm4rec"]
    setting = held["settings"][1]
    estimate = summary.settings[1].row("best").estimates["ndcg@2"]
    assert setting["methods"]["best"]["metrics"]["ndcg@2"]["mean"] == estimate.mean
    assert setting["methods"]["best"]["chosen"] == {"profile": "mean"}
    assert setting["methods"]["best"]["beyond_accuracy"]["coverage"] > 0
    assert held["verdict"]["findings"][0]["outcome"] in {"better", "worse", "open"}
    assert "seconds" not in text
    assert not re.search(r"\d\d:\d\d", text)


def test_json_holds_nothing_undefined(hostile: Summary) -> None:
    held = json.loads(json_text(hostile, verdict(hostile)), parse_constant=pytest.fail)
    assert HOSTILE in held["methods"]


def test_latex_has_every_method_with_mark_interval_and_the_best_in_bold(summary: Summary) -> None:
    text = latex_tables(summary)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2
    for command in (r"\toprule", r"\midrule", r"\bottomrule", r"\caption", r"\label"):
        assert text.count(command) == 2
    setting = summary.settings[0]
    columns = [metric for metric in summary.metrics if metric.endswith("@5")]
    table = text.partition(r"\end{table}")[0]
    assert table.count(r"\textbf{") >= len(columns)
    for row in setting.rows:
        line = next(x for x in table.splitlines() if x.startswith(f"    {row.name} & "))
        cells = line.strip().removesuffix(r"\\").split("&")[1:]
        assert len(cells) == len(columns)
        for metric, cell in zip(columns, cells, strict=True):
            assert f"{row.estimates[metric].mean:.4f}" in cell
            mark = row.marks.get(metric, 0)
            assert cell.count("+") == max(mark, 0)
            assert cell.count("-") == max(-mark, 0)
    low = setting.rows[0].estimates[summary.metric].low
    assert f"{{[}}{low:.4f}, " in table
    assert "Basket completion: one item is hidden." in table


def test_latex_is_balanced_whatever_methods_are_called(hostile: Summary) -> None:
    text = latex_tables(hostile)
    bare = re.sub(r"\\[{}\\$&#%_]", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert "<b>" not in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {6}


@given(st.text())
def test_escaped_text_has_no_command_of_its_own(text: str) -> None:
    bare = re.sub(r"\\[{}$&#%_]|\\text[a-z]+\{\}|\{\[\}|\{\]\}", "", escape(text))
    assert not set(bare) & set("\\{}$&#%_^~\n")
