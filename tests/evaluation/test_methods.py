from __future__ import annotations

import pytest

from tests.baselines.small_data import training_data
from tests.evaluation.conftest import Spy
from vlm4rec.baselines.paper import ABLATION, PAPER_ROWS
from vlm4rec.baselines.tuned import Tuned
from vlm4rec.errors import DataError
from vlm4rec.evaluation.methods import GROUPS, PAPERS_RECIPE, Renamed, methods_by_name
from vlm4rec.evaluation.tuning import TunedBlend, expanded
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import Method

GROUNDED = {"description", "title+description"}


def names(*wanted: str) -> list[str]:
    return [method.name for method in methods_by_name(wanted)]


@pytest.mark.parametrize("group", GROUPS)
def test_names_differ_within_a_group(group: str) -> None:
    found = names(group)
    assert len(set(found)) == len(found) == len(GROUPS[group]())


def test_names_differ_over_all_groups_in_any_order() -> None:
    for order in ([*GROUPS], [*GROUPS][::-1]):
        found = names(*order)
        assert len(set(found)) == len(found)


def test_groups_hold_what_they_say() -> None:
    assert set(PAPER_ROWS) <= set(names("paper"))
    assert names("ablation") == list(ABLATION)
    assert names("best")[0] == PAPERS_RECIPE
    assert {"random", "popularity", "EASE", "BPR"} <= set(names("collaborative"))


def test_a_group_or_a_method_that_is_named_twice_comes_once() -> None:
    assert names("best", "best") == names("best")
    assert names("popularity", "popularity") == ["popularity"]
    assert names("popularity", "collaborative").count("popularity") == 1
    assert sorted(names("popularity", "collaborative")) == sorted(names("collaborative"))


def test_methods_of_one_name_carry_their_groups() -> None:
    found = {method.name: method for method in methods_by_name(["paper", "content"])}
    assert isinstance(found["title"], Content)
    renamed = found["content: title"]
    assert isinstance(renamed, Renamed)
    assert isinstance(renamed.method, Tuned)
    turned = {method.name: method for method in methods_by_name(["content", "paper"])}
    assert isinstance(turned["title"], Tuned)
    assert "paper: title" in turned


def test_the_order_is_that_of_the_names() -> None:
    assert names("popularity", PAPERS_RECIPE, "random") == ["popularity", PAPERS_RECIPE, "random"]


@pytest.mark.parametrize("group", GROUPS)
def test_each_method_of_a_group_can_be_named_alone(group: str) -> None:
    for name in set(names(group)) - set(GROUPS):
        assert names(name) == [name]


@pytest.mark.parametrize(
    ("wrong", "meant"), [("popularty", "popularity"), ("colaborative", "collaborative")]
)
def test_what_was_meant_is_told(wrong: str, meant: str) -> None:
    with pytest.raises(DataError, match=f"no method '{wrong}'") as told:
        methods_by_name([wrong])
    assert f"Did you mean '{meant}'?" in str(told.value.remedy)


def test_a_name_like_no_other_gets_the_list() -> None:
    with pytest.raises(DataError, match="no method 'qqqqq'") as told:
        methods_by_name(["best", "qqqqq"])
    remedy = str(told.value.remedy)
    assert "Did you mean" not in remedy
    for name in (*GROUPS, "ItemKNN", "title + vision, gating"):
        assert name in remedy
    with pytest.raises(DataError, match="Name a method"):
        methods_by_name([])


def blend(name: str) -> TunedBlend:
    method: Method = {each.name: each for each in methods_by_name(["best"])}[name]
    assert isinstance(method, TunedBlend)
    return method


def test_with_and_without_grounding_differ_by_grounding_alone() -> None:
    best, without = blend("best"), blend("best without grounding")
    there = training_data().features.names
    own, others = expanded(best.features, there), expanded(without.features, there)
    grounded = {name for name in there if name.startswith("facet:") or name in GROUNDED}
    assert set(others) < set(own)
    assert set(own) - set(others) == grounded
    assert not set(others) & {*grounded, "attributes"}
    care = [(each.trials, each.profiles, each.shrinkages, each.beyond) for each in (best, without)]
    assert care[0] == care[1]


def test_content_methods_know_nothing_of_sales() -> None:
    for method in methods_by_name(["content"]):
        if isinstance(method, TunedBlend):
            assert not method.beyond
        else:
            assert isinstance(method, Tuned)


def test_equal_care_for_one_kind_of_features() -> None:
    kinds = [methods_by_name(["content"])[number] for number in range(4)]
    choices = [set(method.choices) for method in kinds if isinstance(method, Tuned)]
    assert len(choices) == 4
    assert all(each == choices[0] for each in choices)


def test_a_renamed_method_learns_as_itself() -> None:
    spy = Spy()
    Renamed("other", spy).fit(training_data())
    assert len(spy.learned) == 1
