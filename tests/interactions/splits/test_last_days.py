"""Leave-last-out and per-user temporal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.interactions.splits.purchases import bought, cases_of, day, interactions_of, pairs
from vlm4rec.errors import DataError
from vlm4rec.interactions.splits.leave_last_out import LeaveLastOut
from vlm4rec.interactions.splits.per_user import PerUserTemporal


def test_an_item_of_the_last_day_is_left_out() -> None:
    interactions = bought("u1: a; u2: b b; u4: c; v2: a; v3: d a; w5: a b")
    split = LeaveLastOut().split(interactions)
    assert cases_of(split) == ["u4: a b b > c", "v3: a > d (+1)"]
    assert [case.time for case in split.cases] == [day(4), day(3)]
    assert split.left_out == {"users with a single shopping day": 1, "repeat purchases": 1}
    assert pairs(split.train) == ["u1a", "u2b", "u2b", "v2a", "w5a", "w5b"]
    assert pairs(split.log) == pairs(interactions)


def test_of_several_items_one_is_drawn_and_the_others_are_counted() -> None:
    interactions = bought("u1: a; u2: b c d")
    drawn = set()
    for seed in range(30):
        split = LeaveLastOut().split(interactions, seed=seed)
        assert split.left_out == {"other items of the last day": 2}
        assert pairs(split.train) == ["u1a"]
        drawn.update(cases_of(split))
    assert drawn == {"u2: a > b", "u2: a > c", "u2: a > d"}


def test_more_than_one_item_may_be_drawn() -> None:
    split = LeaveLastOut(per_user=2).split(bought("u1: a; u2: b c d; v1: a; v2: b"))
    assert [len(case.targets) for case in split.cases] == [2, 1]
    assert split.left_out == {"other items of the last day": 1}


@pytest.mark.parametrize("rule", [LeaveLastOut(), PerUserTemporal()])
def test_who_has_no_case_is_learned_from_whole(rule: LeaveLastOut | PerUserTemporal) -> None:
    split = rule.split(bought("u1: a; u2: b; v1: a; v2: a; w1: c"))
    assert cases_of(split) == ["u2: a > b"]
    assert pairs(split.train) == ["u1a", "v1a", "v2a", "w1c"]
    assert split.left_out == {
        "users with a single shopping day": 1,
        "repeat purchases": 1,
        "users with nothing but repeat purchases": 1,
    }


@pytest.mark.parametrize("rule", [LeaveLastOut(min_history=2), PerUserTemporal(min_history=2)])
def test_a_short_history_is_left_out(rule: LeaveLastOut | PerUserTemporal) -> None:
    split = rule.split(bought("u1: a a; u2: b a; v1: a b; v2: c"))
    assert cases_of(split) == ["v2: a b > c"]
    assert pairs(split.train) == ["u1a", "u1a", "u2a", "u2b", "v1a", "v1b"]
    assert split.left_out == {"users with fewer than 2 items in the history": 1}


def test_a_day_is_a_day_in_utc() -> None:
    late, early = day(1) + timedelta(hours=23, minutes=59), day(2)
    split = LeaveLastOut().split(interactions_of([("u", "a", late), ("u", "b", early)]))
    assert cases_of(split) == ["u2: a > b"]
    with pytest.raises(DataError, match="single shopping day: 1"):
        LeaveLastOut().split(interactions_of([("u", "a", late), ("u", "b", day(1))]))


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.2, "u5: a b c d > e"),
        (0.3, "u4: a b c > d e"),
        (0.05, "u5: a b c d > e"),
        (0.95, "u2: a > b c d e"),
    ],
)
def test_a_share_of_the_days_is_predicted(share: float, told: str) -> None:
    split = PerUserTemporal(share).split(bought("u1: a; u2: b; u3: c; u4: d; u5: e"))
    assert cases_of(split) == [told]


def test_all_new_items_of_the_last_days_are_targets() -> None:
    interactions = bought("u1: a b; u3: a c; u4: c d a; u5: d e; v1: a; v9: b")
    split = PerUserTemporal(test_share=0.5).split(interactions)
    assert cases_of(split) == ["u4: a a b c > d e (+2)", "v9: a > b"]
    assert split.left_out == {"repeat purchases": 2}
    assert pairs(split.train) == ["u1a", "u1b", "u3a", "u3c", "v1a"]


def test_validation_goes_a_day_further_back() -> None:
    rule = LeaveLastOut()
    split = rule.split(bought("u1: a; u2: b; u3: c; v1: a; v2: b"))
    validation = rule.validation(split)
    assert cases_of(validation) == ["u2: a > b"]
    assert pairs(validation.train) == ["u1a", "v1a"]
    assert pairs(validation.log) == ["u1a", "u2b", "v1a"]
    assert validation.left_out == {"users with a single shopping day": 1}


@pytest.mark.parametrize("rule", [LeaveLastOut(), PerUserTemporal()])
def test_nobody_came_twice(rule: LeaveLastOut | PerUserTemporal) -> None:
    with pytest.raises(DataError) as caught:
        rule.split(bought("u1: a b; v2: c"))
    assert str(caught.value) == (
        f"The split {rule.name!r} leaves nothing to predict. Left out were users with a single "
        "shopping day: 2. Add customers who bought on several days, or split by 'basket'."
    )


def test_parameters_out_of_range() -> None:
    with pytest.raises(DataError, match="per_user is 0"):
        LeaveLastOut(per_user=0)
    with pytest.raises(DataError, match="test_share is 2"):
        PerUserTemporal(test_share=2)


def test_told() -> None:
    assert "one item of each customer's last shopping day, drawn" in LeaveLastOut().told
    assert "up to 3 items of each customer's last" in LeaveLastOut(per_user=3).told
    assert "the last 20% of the own shopping days" in PerUserTemporal().told
