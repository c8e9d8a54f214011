"""The cases that are shown: chosen by a rule, both ways, and told as they were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.evaluation.report.conftest import CANDIDATES, FAST, make_evaluation
from vlm4rec.evaluation.report import summarise
from vlm4rec.evaluation.report.cases import ShownCases, choose_cases, pair_to_show
from vlm4rec.evaluation.results import Evaluation


def choose(evaluation: Evaluation, many: int = 6) -> ShownCases | None:
    return choose_cases(evaluation, summarise(evaluation, None, replace(FAST, cases=many)))


@pytest.fixture(scope="module")
def shown(evaluation: Evaluation) -> ShownCases:
    found = choose(evaluation)
    assert found is not None
    return found


def test_both_ways_one_a_customer(shown: ShownCases) -> None:
    assert (shown.first, shown.second) == ("best", "best without grounding")
    assert shown.setting == "variants out"
    assert len(shown.cases) == len({case.user for case in shown.cases}) == 6
    ways = [(case.sides[0].place or 99) < (case.sides[1].place or 99) for case in shown.cases]
    assert ways == [True] * 3 + [False] * 3


def test_they_are_those_with_the_greatest_differences(
    evaluation: Evaluation, shown: ShownCases
) -> None:
    setting = evaluation.settings[-1]
    ndcg = [setting.methods[name].values["ndcg@5"] for name in (shown.first, shown.second)]
    differences = dict.fromkeys(setting.users, -1.0)
    for case, first, second in zip(setting.cases, *ndcg, strict=True):
        differences[case.user] = max(differences[case.user], first - second)
    third = sorted(differences.values(), reverse=True)[2]
    assert all(differences[case.user] >= third for case in shown.cases[:3])


def test_what_is_shown_is_what_was_ranked(evaluation: Evaluation, shown: ShownCases) -> None:
    setting = evaluation.settings[-1]
    for case in shown.cases:
        rows = [row for row, held in enumerate(setting.cases) if held.user == case.user]
        row = next(r for r in rows if setting.cases[r].targets[:4] == case.targets)
        assert case.history == tuple(reversed(setting.cases[row].history.items))
        for side in case.sides:
            columns = setting.methods[side.method].rankings[row]
            assert [item for item, _ in side.items] == [CANDIDATES[c] for c in columns]
            hit = [item in setting.cases[row].targets for item, _ in side.items]
            assert [found for _, found in side.items] == hit
            assert side.place == (1 + hit.index(True) if any(hit) else None)


def test_wins_and_losses_add_up(evaluation: Evaluation, shown: ShownCases) -> None:
    cases = len(evaluation.settings[-1].cases)
    assert shown.better + shown.worse + shown.same == cases
    assert shown.better > shown.worse > 0


def test_where_one_method_is_never_better_the_other_fills_the_room() -> None:
    found = choose(make_evaluation({"best": 1.0, "best without grounding": 0.0}))
    assert found is not None
    assert len(found.cases) == 6


def test_the_choice_is_the_same_again(evaluation: Evaluation, shown: ShownCases) -> None:
    assert choose(evaluation) == shown
    few = choose(evaluation, 2)
    assert few is not None
    assert [case.user for case in few.cases] == [shown.cases[0].user, shown.cases[3].user]


def test_no_case_where_none_is_wanted_or_there_is_nothing_to_compare(
    evaluation: Evaluation,
) -> None:
    assert choose(evaluation, 0) is None
    assert choose(make_evaluation({"title": 0.5})) is None


def test_without_a_question_the_best_stands_beside_the_reference() -> None:
    summary = summarise(make_evaluation({"own": 0.1, "other": 0.9}), None, FAST)
    assert pair_to_show(summary, summary.settings[0]) == ("other", "own")
