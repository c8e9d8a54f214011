"""The plots: every method on them, the same bytes each time, nothing taken for a formula."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from tests.evaluation.report.conftest import FAST, make_evaluation
from vlm4rec.errors import MissingExtraError
from vlm4rec.evaluation.report import Summary, summarise
from vlm4rec.evaluation.report.plots import Plot, draw_plots
from vlm4rec.evaluation.results import Evaluation


@pytest.fixture(scope="module")
def summary(evaluation: Evaluation) -> Summary:
    return summarise(evaluation, None, FAST)


@pytest.fixture(scope="module")
def plots(summary: Summary) -> list[Plot]:
    return draw_plots(summary)


def test_bars_and_forest_of_each_setting_in_four_forms(plots: list[Plot]) -> None:
    assert [(plot.setting, plot.kind) for plot in plots] == [
        ("variants in", "bars"),
        ("variants in", "forest"),
        ("variants out", "bars"),
        ("variants out", "forest"),
    ]
    for plot in plots:
        assert len(plot.files) == 4
        names = {
            plot.name(dark=dark, narrow=narrow)
            for dark in (True, False)
            for narrow in (True, False)
        }
        assert names == set(plot.files)
        for name, data in plot.files.items():
            root = ElementTree.fromstring(data)
            box = [float(part) for part in root.attrib["viewBox"].split()]
            assert box[2:] == pytest.approx(plot.sizes[name], abs=1)


def test_the_alternative_text_has_the_numbers(summary: Summary, plots: list[Plot]) -> None:
    bars, forest = plots[:2]
    setting = summary.settings[0]
    for row in setting.rows:
        assert f"{row.name} {row.estimates[summary.metric].mean:.4f}" in bars.alt
    for each in setting.against:
        if each.metric == summary.metric:
            assert f"{each.first} {each.difference:+.4f}" in forest.alt


def test_the_same_bytes_whatever_style_the_user_has(summary: Summary) -> None:
    one = replace(summary, settings=summary.settings[:1])
    before = draw_plots(one)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "pink", "svg.fonttype": "none"}):
        after = draw_plots(one)
        assert mpl.rcParams["font.size"] == 30  # and it is left as it was
    assert before == after
    for plot in before:
        for data in plot.files.values():
            assert not re.search(rb"<dc:date>|Matplotlib v", data)


def test_light_and_dark_differ_in_colours_alone(plots: list[Plot]) -> None:
    plot = plots[0]
    light, dark = plot.files[plot.name()], plot.files[plot.name(dark=True)]
    assert b"#0072b2" in light
    assert b"#56b4e9" in dark
    assert re.sub(rb"#[0-9a-f]{6}", b"", light) != light

    def shapes(data: bytes) -> bytes:
        return re.sub(rb"#[0-9a-z]+|id=\"[^\"]*\"", b"", data)

    assert shapes(light) == shapes(dark)


@pytest.mark.parametrize("name", ["$\\frac{1}{2", "名前", "a\nb\x00", "x" * 300, " ", "$x$"])
def test_names_are_drawn_as_they_are(name: str) -> None:
    summary = summarise(make_evaluation({name: 0.5, "title": 0.2}, users=8, settings=1), None, FAST)
    for plot in draw_plots(summary):
        assert all(ElementTree.fromstring(data) is not None for data in plot.files.values())


def test_one_method_and_one_user_can_be_drawn() -> None:
    summary = summarise(make_evaluation({"title": 0.5}, users=1, settings=1), None, FAST)
    assert [plot.kind for plot in draw_plots(summary)] == ["bars"]
    summary = summarise(make_evaluation({"a": 0.0, "b": 0.0}, users=1, settings=1), None, FAST)
    assert [plot.kind for plot in draw_plots(summary)] == ["bars", "forest"]


def test_an_interval_beside_its_mean_by_a_last_digit_can_be_drawn(summary: Summary) -> None:
    setting = summary.settings[0]
    rows = []
    for row in setting.rows:
        held = row.estimates[summary.metric]
        beside = replace(held, low=held.mean + 1e-17 + 1e-16, high=held.mean)
        rows.append(replace(row, estimates={summary.metric: beside}))
    odd = replace(summary, settings=(replace(setting, rows=tuple(rows)),))
    assert len(draw_plots(odd)) == 2


def test_without_matplotlib_the_extra_is_named(
    summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vlm4rec.evaluation.report.plots.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"vlm4rec\[evaluate\]"):
        draw_plots(summary)
