"""Every number of a report, made again naively."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.report.conftest import CANDIDATES, FAST, KS, make_evaluation
from vlm4rec.errors import DataError
from vlm4rec.evaluation.report import ReportItems, Summary, summarise
from vlm4rec.evaluation.report.environment import environment
from vlm4rec.evaluation.report.summary import reference_method
from vlm4rec.evaluation.results import Evaluation, Setting
from vlm4rec.evaluation.statistics import holm


@pytest.fixture(scope="module")
def summary(evaluation: Evaluation, items: ReportItems) -> Summary:
    return summarise(evaluation, items, FAST)


def naive(setting: Setting, method: str, metric: str) -> list[float]:
    """The mean of each user, by the definitions."""
    name, k = metric.split("@")
    by_user: dict[str, list[float]] = defaultdict(list)
    for case, columns in zip(setting.cases, setting.methods[method].rankings, strict=True):
        ranking = [CANDIDATES[column] for column in columns if column >= 0][: int(k)]
        hit = [item in case.targets for item in ranking]
        gains = [1 / math.log2(place + 2) for place, found in enumerate(hit) if found]
        ideal = [1 / math.log2(place + 2) for place in range(min(int(k), len(case.targets)))]
        value = {
            "recall": sum(hit) / len(case.targets),
            "precision": sum(hit) / int(k),
            "hitrate": float(any(hit)),
            "mrr": 1 / (1 + hit.index(True)) if any(hit) else 0.0,
            "map": sum(
                sum(hit[: place + 1]) / (place + 1) for place, found in enumerate(hit) if found
            )
            / len(case.targets),
            "ndcg": sum(gains) / sum(ideal),
        }[name]
        by_user[case.user].append(value)
    return [sum(values) / len(values) for values in by_user.values()]


def test_every_mean_is_the_naive_one(evaluation: Evaluation, summary: Summary) -> None:
    looked = 0
    for setting, told in zip(evaluation.settings, summary.settings, strict=True):
        for row in told.rows:
            for metric, estimate in row.estimates.items():
                values = naive(setting, row.name, metric)
                assert estimate.mean == pytest.approx(sum(values) / len(values), abs=1e-12)
                assert estimate.users == len(values)
                assert estimate.low is not None
                assert estimate.high is not None
                assert estimate.low <= estimate.mean <= estimate.high
                looked += 1
    assert looked == 2 * 6 * 6 * len(KS)


def test_differences_are_of_the_same_users(evaluation: Evaluation, summary: Summary) -> None:
    for setting, told in zip(evaluation.settings, summary.settings, strict=True):
        assert len(told.pairs) == 15
        for each in (*told.pairs, *told.against):
            first = naive(setting, each.first, each.metric)
            second = naive(setting, each.second, each.metric)
            assert each.difference == pytest.approx(np.mean(first) - np.mean(second), abs=1e-12)
            assert each.first_mean == pytest.approx(np.mean(first), abs=1e-12)
            gaps = np.array(first) - np.array(second)
            assert each.effect == pytest.approx(gaps.mean() / gaps.std(ddof=1))


def test_each_family_of_comparisons_is_corrected_on_its_own(summary: Summary) -> None:
    for setting in summary.settings:
        questions = [answer for _, answer in setting.questions]
        families = [list(setting.pairs), questions]
        families += [[c for c in setting.against if c.metric == m] for m in summary.metrics]
        for family in families:
            adjusted = [each.adjusted for each in family]
            assert adjusted == pytest.approx(holm([each.p for each in family]))


def test_the_same_two_methods_have_the_same_p_everywhere(summary: Summary) -> None:
    for setting in summary.settings:
        for each in (*(answer for _, answer in setting.questions), *setting.against):
            if each.metric == summary.metric:
                pair = setting.compared(each.first, each.second)
                assert (each.p, abs(each.difference)) == (pair.p, abs(pair.difference))


def test_marks_tell_what_the_comparison_says(summary: Summary) -> None:
    setting = summary.settings[0]
    assert summary.reference == "title + description"
    assert setting.row("best").marks[summary.metric] > 0
    assert setting.row("image").marks[summary.metric] < 0
    assert setting.row(summary.reference).marks == {}
    for each in setting.against:
        assert setting.row(each.first).marks[each.metric] == each.mark
        assert each.second == summary.reference


def test_a_mark_needs_both_a_low_p_and_an_interval_beside_zero(summary: Summary) -> None:
    sure = next(c for c in summary.settings[0].against if c.first == "best" and c.mark)
    assert replace(sure, adjusted=0.049).mark == 1
    assert replace(sure, adjusted=0.009).mark == 2
    assert replace(sure, adjusted=0.05).mark == 0
    assert replace(sure, low=-0.01).mark == 0
    assert replace(sure, low=None, high=None).mark == 0
    assert replace(sure, adjusted=0.009).turned.mark == -2
    assert sure.turned.turned == sure


def test_what_there_is_beside_accuracy(evaluation: Evaluation, summary: Summary) -> None:
    beyond = summary.settings[0].beyond
    assert beyond is not None
    rankings = evaluation.settings[0].methods["title"].rankings[:, :5]
    assert beyond.values["title"]["coverage"] == len(set(rankings.ravel().tolist())) / 24
    assert set(beyond.names) == set(beyond.told)
    assert "title" in beyond.told["diversity"]


def test_slices_hold_the_cases_they_say(evaluation: Evaluation, summary: Summary) -> None:
    groups = {(group.by, group.name): group for group in summary.settings[0].groups}
    cases = evaluation.settings[0].cases
    alone = [case for case in cases if len(case.history) == 1]
    group = groups["history length", "1"]
    assert (group.cases, group.users) == (len(alone), len({case.user for case in alone}))
    values = [
        value
        for case, value in zip(
            cases, evaluation.settings[0].methods["best"].values[summary.metric], strict=True
        )
        if len(case.history) == 1
    ]
    assert group.estimates["best"].mean == pytest.approx(np.mean(values))
    assert {by for by, _ in groups} == {"history length", "popularity", "training", "category"}


def test_without_knowledge_of_items_less_is_said(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, None, FAST)
    assert summary.settings[0].beyond is None
    assert {group.by for group in summary.settings[0].groups} == {"history length"}


def test_a_single_user_has_no_interval() -> None:
    summary = summarise(make_evaluation(users=1), None, FAST)
    row = summary.settings[0].rows[0]
    assert {(e.low, e.high) for e in row.estimates.values()} == {(None, None)}
    assert {each.mark for each in summary.settings[0].pairs} == {0}


def test_a_single_method_is_compared_with_nothing() -> None:
    summary = summarise(make_evaluation({"title": 0.5}), None, FAST)
    assert summary.settings[0].pairs == summary.settings[0].against == ()
    assert summary.reference == "title"


def test_metric_and_reference_can_be_chosen(evaluation: Evaluation) -> None:
    options = replace(FAST, metric="ndcg@2", reference="image")
    summary = summarise(evaluation, None, options)
    assert (summary.metric, summary.reference) == ("ndcg@2", "image")
    with pytest.raises(DataError, match=r"no metric 'ndcg@3'.*ndcg@2"):
        summarise(evaluation, None, replace(FAST, metric="ndcg@3"))
    with pytest.raises(DataError, match=r"'nobody' was not judged.*image"):
        summarise(evaluation, None, replace(FAST, reference="nobody"))


def test_the_papers_recipe_is_the_reference_where_it_is_there() -> None:
    assert reference_method(["image", "Title+Description"]) == "Title+Description"
    assert reference_method(["image", "title"]) == "image"


def test_the_environment_holds_nothing_that_changes_between_runs() -> None:
    assert environment() == environment()
    assert {"vlm4rec", "NumPy", "PyTorch", "Python", "CPUs"} <= set(environment())
