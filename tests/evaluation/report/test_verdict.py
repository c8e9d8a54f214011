"""The verdict says what the numbers say: better, worse, and above all that nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.evaluation.report.conftest import FAST, make_evaluation
from vlm4rec.evaluation.report import Summary, summarise
from vlm4rec.evaluation.report.rows import Compared
from vlm4rec.evaluation.report.verdict import asked, verdict

SURE = Compared("recall@5", "", "", 0.3, 0.2, 0.1, 0.05, 0.15, 0.001, 0.001, 0.4, 40)
OPEN = replace(SURE, low=-0.01, p=0.2, adjusted=0.4)
PAIRS = {
    "the title": ("title+facets+description", "title"),
    "the shop's metadata": ("metadata+description", "metadata"),
    "pixels": ("description", "image"),
    "the best that goes without it": ("best", "best without grounding"),
}


@pytest.fixture(scope="module")
def base() -> Summary:
    return summarise(make_evaluation(), None, FAST)


def answered(base: Summary, *by_setting: dict[str, Compared]) -> Summary:
    """The summary with these answers to the questions."""
    settings = []
    for setting, answers in zip(base.settings, by_setting, strict=True):
        made = tuple(
            (over, replace(answer, first=PAIRS[over][0], second=PAIRS[over][1]))
            for over, answer in answers.items()
        )
        settings.append(replace(setting, questions=made))
    return replace(base, settings=tuple(settings))


def test_all_three_outcomes_in_one_sentence(base: Summary) -> None:
    answers = {
        "the title": OPEN,
        "the shop's metadata": SURE,
        "pixels": SURE,
        "the best that goes without it": SURE.turned,
    }
    said = verdict(answered(base, answers, answers))
    assert said.headline == (
        "Grounding adds to the shop's metadata, beats pixels and is worse than the best that goes "
        "without it; whether it adds to the title can't be told."
    )
    assert said.unasked == ()


def test_settings_that_differ_are_told_apart(base: Summary) -> None:
    said = verdict(answered(base, {"pixels": OPEN}, {"pixels": SURE}))
    assert said.headline == (
        "Grounding beats pixels with variants left out, but can't be told apart from them with "
        "variants counted in."
    )
    said = verdict(answered(base, {"the title": SURE.turned}, {"the title": SURE}))
    assert said.headline == (
        "Grounding adds to the title with variants left out, but takes away from it with variants "
        "counted in."
    )


def test_nothing_can_be_told(base: Summary) -> None:
    said = verdict(
        answered(base, {"pixels": OPEN, "the title": OPEN}, {"pixels": OPEN, "the title": OPEN})
    )
    assert said.headline == ("Whether grounding beats pixels, or adds to the title, can't be told.")


def test_no_pair_is_no_answer() -> None:
    said = verdict(summarise(make_evaluation({"own": 0.4, "other": 0.2}), None, FAST))
    assert "can't be told from these methods" in said.headline
    assert said.findings == ()
    assert "pixels" in said.unasked


def test_a_sentence_has_both_values_interval_and_p(base: Summary) -> None:
    said = verdict(answered(base, {"pixels": SURE}, {"pixels": OPEN}))
    assert said.findings[0].sentence == (
        "Variants counted in, over pixels: “description” is better than “image” (Recall@5 of 40 "
        "customers: 0.3000 against 0.2000, 1.50 times; difference +0.1000, +0.0500 to +0.1500; "
        "p = 0.001)."
    )
    assert "“description” and “image” can't be told apart" in said.findings[1].sentence
    assert [finding.outcome for finding in said.findings] == ["better", "open"]


def test_the_best_is_named_with_those_that_can_t_be_told_from_it(base: Summary) -> None:
    said = verdict(base)
    first = base.settings[0]
    best = first.best_first(base.metric)[0]
    assert best.name == "best"
    assert "“best” has the highest Recall@5" in said.best["variants in"]
    assert "times that of “title + description” (p" in said.best["variants in"]
    told = said.best["variants in"].partition("can't be told apart from")[2]
    unsure = [
        row.name
        for row in first.rows
        if row is not best and first.compared("best", row.name).mark == 0
    ]
    assert 0 < len(unsure) < 4
    assert {row.name for row in first.rows if f"“{row.name}”" in told} == set(unsure)


def test_of_many_that_can_t_be_told_apart_some_are_counted() -> None:
    skill = {f"method {number}": 0.4 for number in range(8)}
    summary = summarise(make_evaluation(skill, users=10), None, FAST)
    assert "and 4 more." in verdict(summary).best["variants in"]


def test_pairs_are_found_however_their_names_are_written() -> None:
    names = ["Image", "description + facets", "best", "best-without-grounding"]
    assert asked(names) == [
        ("pixels", "description + facets", "Image"),
        ("the best that goes without it", "best", "best-without-grounding"),
    ]


def test_the_first_pair_leads_whatever_the_others_say(base: Summary) -> None:
    settings = tuple(
        replace(
            setting,
            questions=(
                ("pixels", replace(OPEN, first="facets+description", second="image")),
                ("pixels", replace(SURE, first="description", second="image")),
            ),
        )
        for setting in base.settings
    )
    said = verdict(replace(base, settings=settings))
    assert said.headline == "Whether grounding beats pixels can't be told."
    assert len(said.findings) == 4
