from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.interactions.splits.purchases import (
    bought,
    cases_of,
    day,
    interactions_of,
    pairs,
    rows_of,
)
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.basket import BasketCompletion

ALL = BasketCompletion(test_share=0.999999)
"""Draws every user, as good as surely."""


def test_one_item_is_hidden_and_the_rest_is_the_history() -> None:
    split = ALL.split(bought("u1: a a; u2: b; v1: a; v2: b; w1: c c"), seed=3)
    told = cases_of(split)
    assert told in (
        ["u2: a a > b", "v2: a > b"],
        ["u2: a a > b", "v2: b > a"],
        ["u2: b > a", "v2: a > b"],
        ["u2: b > a", "v2: b > a"],
    )
    assert split.left_out == {"users with fewer than 2 different items in the window": 1}
    assert pairs(split.train) == ["w1c", "w1c"]
    hidden = {(case.user, case.targets[0]) for case in split.cases}
    log = set(split.log.frame.select("user", "item").iter_rows())
    assert log == {("u", "a"), ("u", "b"), ("v", "a"), ("v", "b"), ("w", "c")} - hidden


def test_the_time_is_just_past_the_last_interaction_of_all() -> None:
    split = ALL.split(bought("u1: a b; v5: a"))
    assert [case.time for case in split.cases] == [day(5) + timedelta(microseconds=1)]


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59.999999", "2020-09-01"])
def test_even_the_last_time_that_there_is_has_an_end(text: str) -> None:
    last = datetime.fromisoformat(text)
    (case,) = ALL.split(interactions_of([("u", "a", last), ("u", "b", last)])).cases
    assert case.time is not None
    assert case.time >= last


def test_without_times() -> None:
    split = ALL.split(bought("u: a b; v: a; w: c"))
    assert [case.time for case in split.cases] == [None]
    assert split.cases[0].history.times == (None,)
    assert pairs(split.train) == ["va", "wc"]


def test_some_times_are_enough_for_the_whole_period() -> None:
    (case,) = ALL.split(bought("u: a; u3: b; v4: c")).cases
    assert case.time == day(4) + timedelta(microseconds=1)


def test_only_the_last_days_are_the_basket() -> None:
    interactions = bought("u1: a b; u5: c; u6: d; v4: a b; w1: a b; w6: a e; x3: c; x6: d")
    split = BasketCompletion(days=2, test_share=0.999999).split(interactions)
    told = cases_of(split)
    assert told[1:] == ["w6: a > e (+1)"]
    assert told[0] in ("u6: c > d", "u6: d > c")
    assert split.left_out == {
        "users with nothing in the window": 1,
        "users with fewer than 2 different items in the window": 1,
        "repeat purchases": 1,
    }
    assert pairs(split.train) == ["u1a", "u1b", "v4a", "v4b", "w1a", "w1b", "x3c", "x6d"]
    visible = {"u5c", "u6d"} - {
        f"u{5 if split.cases[0].targets == ('c',) else 6}" + split.cases[0].targets[0]
    }
    assert pairs(split.log) == sorted([*pairs(split.train), "w6a", *visible])


def test_what_was_bought_before_the_window_is_not_hidden() -> None:
    rule = BasketCompletion(days=1, test_share=0.999999)
    for seed in range(10):
        split = rule.split(bought("u1: a b; u2: a b c; v1: a b; v2: b a"), seed=seed)
        assert cases_of(split) == ["u2: a b > c (+2)"]
        assert split.left_out == {
            "users with nothing but repeat purchases": 1,
            "repeat purchases": 2,
        }


def test_candidates_are_what_was_on_sale_in_the_window() -> None:
    interactions = bought("u1: a b; u5: c; v6: d b; w3: e")
    assert BasketCompletion(days=2).candidates(interactions) == ("b", "c", "d")
    assert BasketCompletion().candidates(interactions) == ("a", "b", "c", "d", "e")


def test_a_longer_history_may_be_asked_for() -> None:
    rule = BasketCompletion(test_share=0.999999, min_history=2)
    split = rule.split(bought("u1: a b; v1: a b c c"))
    assert [case.user for case in split.cases] == ["v"]
    assert split.left_out == {"users with fewer than 3 different items in the window": 1}


@settings(max_examples=30, deadline=None)
@given(rows=rows_of(), seed=st.integers(0, 5))
def test_another_user_changes_nobody_elses_draw(
    rows: list[tuple[str, str, datetime]], seed: int
) -> None:
    def draws(some: list[tuple[str, str, datetime]]) -> dict[str, tuple[str, ...]]:
        try:
            cases = BasketCompletion().split(interactions_of(some), seed=seed).cases
        except DataError:
            return {}
        return {case.user: case.targets for case in cases}

    others = [row for row in rows if row[0] != "u"]
    with_all = draws(rows)
    with_all.pop("u", None)
    assert with_all == (draws(others) if others else {})


def test_users_and_items_are_drawn_evenly() -> None:
    users = [f"user {number}" for number in range(2_000)]
    rows = pl.DataFrame({"user": users}).join(pl.DataFrame({"item": list("abcd")}), how="cross")
    split = BasketCompletion(test_share=0.25).split(Interactions.of(rows))
    assert 430 < len(split.cases) < 570  # 500, and some 3.6 standard deviations
    hidden = [case.targets[0] for case in split.cases]
    assert all(85 < hidden.count(item) < 165 for item in "abcd")


def test_validation_draws_from_the_users_that_are_left() -> None:
    users = [f"user {number}" for number in range(200)]
    rows = pl.DataFrame({"user": users}).join(pl.DataFrame({"item": list("abcd")}), how="cross")
    rule = BasketCompletion()
    split = rule.split(Interactions.of(rows))
    validation = rule.validation(split)
    tested = {case.user for case in split.cases}
    assert 20 < len(validation.cases) < 80
    assert not tested & {case.user for case in validation.cases}


def test_nobody_to_test() -> None:
    with pytest.raises(DataError) as caught:
        BasketCompletion().split(bought("u1: a a; v1: b; w2: c"))
    assert str(caught.value) == (
        "The split 'basket' leaves nothing to predict. Left out were users with fewer than 2 "
        "different items in the window: 3. Raise test_share, or choose another seed."
    )


def test_nobody_drawn() -> None:
    with pytest.raises(DataError, match="users that were not drawn: 1"):
        BasketCompletion(test_share=1e-9).split(bought("u1: a b"))


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"days": 0}, "days is 0"),
        ({"days": 1.5}, "days is 1.5"),
        ({"days": True}, "days is True"),
        ({"test_share": 0}, "test_share is 0"),
        ({"test_share": 1.0}, "test_share is 1.0"),
        ({"test_share": float("nan")}, "test_share is nan"),
        ({"test_share": "0.5"}, "test_share is '0.5'"),
        ({"min_history": 0}, "min_history is 0"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        BasketCompletion(**parameters)  # type: ignore[arg-type]


def test_told() -> None:
    assert BasketCompletion(days=7, min_history=2).told == (
        "Basket completion over the last 7 days: of 50% of the customers with at least 3 "
        "different items, drawn at random, one item, drawn at random, is hidden and to be found "
        "from the others. Learned from is what other customers did, and what these did before."
    )
    assert "over the whole period" in BasketCompletion().told
    assert "over the last day:" in BasketCompletion(days=1).told
