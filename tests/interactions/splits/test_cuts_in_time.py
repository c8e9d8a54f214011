"""Global time and rolling next-basket."""

from __future__ import annotations

from datetime import date

import pytest

from tests.interactions.splits.purchases import bought, cases_of, day, pairs
from vlm4rec.errors import DataError
from vlm4rec.interactions.splits.global_time import GlobalTime
from vlm4rec.interactions.splits.rolling import RollingNextBasket

Cut = type[GlobalTime] | type[RollingNextBasket]
both = pytest.mark.parametrize("rule", [GlobalTime, RollingNextBasket])
THIRD = date(2020, 9, 3)
SOME = "u1: a b; u3: b c; u4: a d d; u5: c; v2: a; w3: e; w4: f; x1: c; x4: c"


def test_one_cut_for_all() -> None:
    split = GlobalTime(cut=THIRD).split(bought(SOME))
    assert cases_of(split) == ["u3: a b > c d (+2)"]
    assert split.left_out == {
        "users with nothing after the cut": 1,
        "users without a history": 1,
        "repeat purchases": 3,
        "users with nothing but repeat purchases": 1,
    }
    assert pairs(split.train) == pairs(split.log) == ["u1a", "u1b", "v2a", "x1c"]


def test_each_day_after_the_cut() -> None:
    split = RollingNextBasket(cut=THIRD).split(bought(SOME))
    assert cases_of(split) == ["u3: a b > c (+1)", "u4: a b b c > d (+1)", "w4: e > f"]
    assert split.left_out == {
        "shopping days without a history": 1,
        "repeat purchases": 4,
        "shopping days with nothing but repeat purchases": 2,
    }
    assert pairs(split.train) == ["u1a", "u1b", "v2a", "x1c"]
    assert pairs(split.log) == pairs(bought(SOME))


def test_the_whole_history_stays_in_order_with_its_repeats() -> None:
    split = RollingNextBasket(cut=date(2020, 9, 5)).split(bought("u1: a; u2: a; u4: b; u5: c"))
    (case,) = split.cases
    assert case.history.items == ("a", "a", "b")
    assert case.history.times == (day(1), day(2), day(4))
    assert case.time == day(5)


@both
@pytest.mark.parametrize(("share", "first"), [(0.1, 5), (0.25, 4), (0.4, 3), (0.5, 3), (0.9, 2)])
def test_the_cut_is_the_day_that_comes_nearest_to_the_share(
    rule: Cut, share: float, first: int
) -> None:
    interactions = bought("u1: a b c; u2: d e; u3: f g; u4: h i; u5: j")
    assert rule(test_share=share).split(interactions).cases[0].time == day(first)


@both
@pytest.mark.parametrize("cut", [date(2020, 9, 1), date(2020, 8, 1), date(2020, 9, 6)])
def test_a_cut_that_does_not_divide_is_told(rule: Cut, cut: date) -> None:
    with pytest.raises(DataError) as caught:
        rule(cut=cut).split(bought(SOME))
    assert str(caught.value) == (
        f"The cut {cut} does not divide the interactions, which go from 2020-09-01 to "
        "2020-09-05. Choose a day after 2020-09-01, and no later than 2020-09-05."
    )


@both
def test_a_single_day_can_not_be_cut(rule: Cut) -> None:
    with pytest.raises(DataError, match=r"of one day, 2020-09-02: no cut .* Split by 'basket'"):
        rule().split(bought("u2: a b; v2: c"))


@both
def test_nobody_on_both_sides(rule: Cut) -> None:
    with pytest.raises(DataError, match=r"without a history: 1\. Choose another cut or test_sh"):
        rule().split(bought("u1: a; v2: b"))


@both
def test_validation_cuts_the_training_part_by_the_share(rule: Cut) -> None:
    chosen = rule(test_share=0.5, cut=date(2020, 9, 4))
    split = chosen.split(bought("u1: a; u2: b; u3: c d; u4: e; u5: f"))
    validation = chosen.validation(split)
    assert cases_of(validation) == ["u3: a b > c d"]
    assert pairs(validation.train) == ["u1a", "u2b"]


@both
def test_a_short_history_is_left_out(rule: Cut) -> None:
    split = rule(cut=THIRD, min_history=2).split(bought("u1: a; u2: a; u3: b; v1: a b; v3: c"))
    assert cases_of(split) == ["v3: a b > c"]
    assert len(split.left_out) == 1
    (told,) = split.left_out.items()
    assert told[0].endswith("with fewer than 2 items in the history")
    assert told[1] == 1


@both
@pytest.mark.parametrize("cut", ["2020-13-01", "soon", 5, day(3)])
def test_a_cut_is_a_day(rule: Cut, cut: object) -> None:
    with pytest.raises(DataError, match=r"not a day\. Write it as 2020-09-01"):
        rule(cut=cut)  # type: ignore[arg-type]


@both
def test_told(rule: Cut) -> None:
    assert "cut at the start of 2020-09-03 (UTC)" in rule(cut=THIRD).told
    told = "cut at the start of the day (UTC) that leaves about 30% of the interactions"
    assert told in rule(test_share=0.3).told
