from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.interactions.splits.purchases import bought, interactions_of, pairs, rows_of
from vlm4rec.errors import DataError
from vlm4rec.interactions.filtering import k_core, only_events, only_items
from vlm4rec.interactions.interactions import Interactions


def test_taking_out_goes_on_until_all_have_enough() -> None:
    # d is bought by one; without it x has one item; without x, c has one user, and so w goes.
    chain = bought("u1: a b; v1: a b; w1: a c; x1: c d")
    assert pairs(k_core(chain, users=2, items=2)) == ["u1a", "u1b", "v1a", "v1b"]


def test_repeats_count_once_and_stay() -> None:
    core = k_core(bought("u1: a; u2: a b; v1: a b; w1: a a a"), users=2, items=2)
    assert pairs(core) == ["u1a", "u2a", "u2b", "v1a", "v1b"]


def test_there_may_be_no_core() -> None:
    assert len(k_core(bought("u1: a b; v1: a"), users=3, items=3)) == 0
    assert len(k_core(Interactions.empty())) == 0


@settings(max_examples=30, deadline=None)
@given(rows=rows_of(), users=st.integers(1, 4), items=st.integers(1, 4))
def test_the_core_is_the_largest(
    rows: list[tuple[str, str, datetime]], users: int, items: int
) -> None:
    kept = {(user, item) for user, item, _ in rows}
    while True:
        owned = [user for user, _ in kept]
        sold = [item for _, item in kept]
        left = {(u, i) for u, i in kept if owned.count(u) >= users and sold.count(i) >= items}
        if left == kept:
            break
        kept = left
    core = k_core(interactions_of(rows), users=users, items=items)
    expected = [row for row in rows if row[:2] in kept]
    assert core.frame.select("user", "item", "time").rows() == expected


@pytest.mark.parametrize(("users", "items"), [(0, 5), (5, -1), (True, 5), (5, 2.0)])
def test_a_core_needs_whole_numbers(users: int, items: int) -> None:
    with pytest.raises(DataError, match="Give a whole number of 1 or more"):
        k_core(bought("u1: a"), users=users, items=items)


def test_only_some_items_in_their_order() -> None:
    some = only_items(bought("u2: b a; u1: c b"), {"b", "c", "unknown"})
    assert some.frame["item"].to_list() == ["b", "c", "b"]
    assert len(only_items(some, [])) == 0


def test_only_some_events() -> None:
    frame = pl.DataFrame({"user": ["u"] * 3, "item": list("abc"), "event": ["view", "buy", "view"]})
    interactions = Interactions.of(frame)
    assert only_events(interactions, ["view"]).frame["item"].to_list() == ["a", "c"]
    with pytest.raises(DataError, match=r"no interactions 'wish'\. There are: buy, view"):
        only_events(interactions, ["view", "wish"])
    with pytest.raises(DataError, match="There are: none"):
        only_events(Interactions.empty(), ["view"])


def test_one_string_is_not_a_list() -> None:
    with pytest.raises(DataError, match=r"not a list of items\. Write \['abc'\]"):
        only_items(bought("u1: a"), "abc")
    with pytest.raises(DataError, match=r"not a list of events\. Write \['buy'\]"):
        only_events(bought("u1: a"), "buy")
