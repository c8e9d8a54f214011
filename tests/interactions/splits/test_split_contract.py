"""What must hold of every rule of splitting, whatever the interactions."""

from __future__ import annotations

import random
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.interactions.splits.purchases import bought, interactions_of, rows_of
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import SCHEMA, Interactions
from vlm4rec.interactions.splits.basket import BasketCompletion
from vlm4rec.interactions.splits.cold import ColdItems
from vlm4rec.interactions.splits.global_time import GlobalTime
from vlm4rec.interactions.splits.leave_last_out import LeaveLastOut
from vlm4rec.interactions.splits.per_user import PerUserTemporal
from vlm4rec.interactions.splits.rolling import RollingNextBasket
from vlm4rec.interactions.splits.rule import Rule
from vlm4rec.interactions.splitting import Split, Splitter

RULES: dict[str, Rule] = {
    "basket": BasketCompletion(),
    "basket of days": BasketCompletion(days=3, test_share=0.8),
    "leave-last-out": LeaveLastOut(),
    "leave-last-out, several": LeaveLastOut(per_user=2, min_history=2),
    "per-user": PerUserTemporal(test_share=0.4),
    "global-time": GlobalTime(test_share=0.4),
    "rolling": RollingNextBasket(),
    "cold": ColdItems(),
    "cold drawn": ColdItems(by="items", share=0.4),
    "cold basket": ColdItems(BasketCompletion(), by="items", share=0.5),
}
ENOUGH = (
    "u1: a b; u2: c a; u4: d; u6: e f b; u7: g; v1: b; v3: c d; v5: a e; v8: h; "
    "w2: a h; w6: b c; w8: d g; x4: e; x5: a c; x7: f; x8: b k; y1: h; y5: g i; z6: c; z7: h j"
)

rules = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
Rows = list[tuple[str, str, datetime]]


def split_or_none(rule: Rule, interactions: Interactions, seed: int = 0) -> Split | None:
    try:
        return rule.split(interactions, seed=seed)
    except DataError as error:
        if "leaves nothing to predict" not in error.message and "of one day" not in error.message:
            raise
        return None


@rules
def test_a_rule_is_a_splitter_that_tells_what_it_does(rule: Rule) -> None:
    splitter: Splitter = rule
    assert splitter.name
    assert splitter.told.endswith(".")


@rules
def test_enough_purchases_make_a_test_and_a_validation(rule: Rule) -> None:
    interactions = bought(ENOUGH)
    seeds = [seed for seed in range(20) if split_or_none(rule, interactions, seed)]
    assert len(seeds) >= 15
    split = rule.split(interactions, seed=seeds[0])
    assert set(SCHEMA) == set(split.train.frame.columns) == set(split.log.frame.columns)
    validations = 0
    for seed in seeds:
        split = rule.split(interactions, seed=seed)
        check(split, split.log)
        try:
            validation = rule.validation(split, seed=seed)
        except DataError:
            continue
        validations += 1
        check(validation, split.train)
        assert len(validation.train) < len(split.train)
    assert validations >= 5


@rules
@settings(max_examples=30, deadline=None)
@given(rows=rows_of(), seed=st.integers(0, 3))
def test_a_case_can_be_judged_by(rule: Rule, rows: Rows, seed: int) -> None:
    interactions = interactions_of(rows)
    split = split_or_none(rule, interactions, seed)
    if split is not None:
        check(split, interactions)
        candidates = rule.candidates(interactions)
        targets = {target for case in split.cases for target in case.targets}
        assert candidates is None or targets <= set(candidates)
        assert candidates is None or list(candidates) == sorted(set(candidates))


def check(split: Split, interactions: Interactions) -> None:
    there = interactions.frame.select("user", "item", "time").rows()
    for part in (split.train, split.log):
        rows = part.frame.select("user", "item", "time").rows()
        assert len(rows) <= len(interactions)
        assert set(rows) <= set(there)
    learned = set(split.train.frame.select("user", "item").iter_rows())
    assert split.cases
    assert [(c.user, c.time) for c in split.cases] == sorted((c.user, c.time) for c in split.cases)
    assert len({(c.user, c.time) for c in split.cases}) == len(split.cases)
    for case in split.cases:
        assert case.targets
        assert len(set(case.targets)) == len(case.targets)
        assert not set(case.targets) & set(case.history.items)
        assert case.history.items
        assert case.time is not None
        times = [time for time in case.history.times if time is not None]
        assert len(times) == len(case.history)
        assert times == sorted(times)
        assert times[-1] < case.time
        assert not {(case.user, target) for target in case.targets} & learned
        earlier = split.log.frame.filter(pl.col("time") < case.time, user=case.user)
        assert not set(case.targets) & set(earlier["item"])
    assert all(count > 0 for count in split.left_out.values())


@rules
@settings(max_examples=30, deadline=None)
@given(rows=rows_of(), random_=st.randoms(use_true_random=False))
def test_the_order_of_rows_is_not_used(rule: Rule, rows: Rows, random_: random.Random) -> None:
    shuffled = list(rows)
    random_.shuffle(shuffled)
    one = split_or_none(rule, interactions_of(rows))
    other = split_or_none(rule, interactions_of(shuffled))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.cases == other.cases
        assert one.left_out == other.left_out
        assert one.train.frame.equals(other.train.frame)
        assert one.log.frame.equals(other.log.frame)


@rules
@settings(max_examples=30, deadline=None)
@given(rows=rows_of())
def test_the_hour_of_a_day_changes_no_target(rule: Rule, rows: Rows) -> None:
    dated = [(user, item, time.replace(hour=0)) for user, item, time in rows]
    one = split_or_none(rule, interactions_of(rows))
    other = split_or_none(rule, interactions_of(dated))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert [(c.user, c.targets, sorted(c.history.items)) for c in one.cases] == [
            (c.user, c.targets, sorted(c.history.items)) for c in other.cases
        ]


@rules
def test_the_same_seed_draws_the_same(rule: Rule) -> None:
    interactions = bought(ENOUGH)
    splits = [split_or_none(rule, interactions, seed) for seed in (1, 1)]
    assert splits[0] is not None
    assert splits[1] is not None
    assert splits[0].cases == splits[1].cases
    assert splits[0].train.frame.equals(splits[1].train.frame)


@pytest.mark.parametrize("name", ["basket", "leave-last-out", "cold drawn", "cold basket"])
def test_another_seed_draws_other_things(name: str) -> None:
    splits = [split_or_none(RULES[name], bought(ENOUGH), seed) for seed in range(8)]
    assert len({split.cases for split in splits if split}) > 1


@rules
def test_what_a_row_says_stays_with_it(rule: Rule) -> None:
    frame = bought(ENOUGH).frame.with_columns(
        pl.concat_str("user", "item", pl.col("time").dt.day()).alias("event"),
        pl.col("time").dt.day().cast(pl.Float64).alias("weight"),
    )
    split = rule.split(Interactions.of(frame), seed=1)
    for case in split.cases:
        history = case.history
        fields = zip(history.items, history.times, history.events, history.weights, strict=True)
        for item, time, event, weight in fields:
            assert time is not None
            assert event == f"{case.user}{item}{time.day}"
            assert weight == time.day


@rules
def test_no_interactions_at_all(rule: Rule) -> None:
    with pytest.raises(DataError, match="no interactions to split"):
        rule.split(Interactions.empty())


@rules
def test_an_interaction_of_nobody_is_told(rule: Rule) -> None:
    frame = pl.DataFrame(
        {"user": [None, "u"], "item": ["a", "b"]}, schema_overrides={"user": pl.String}
    )
    with pytest.raises(DataError, match="1 interactions have no user or no item"):
        rule.split(Interactions.of(frame))


DATED = {name: rule for name, rule in RULES.items() if name not in ("basket", "cold basket")}


@pytest.mark.parametrize("rule", DATED.values(), ids=DATED.keys())
def test_a_rule_of_days_needs_times(rule: Rule) -> None:
    with pytest.raises(DataError, match="goes by days, but no interaction has a time") as caught:
        rule.split(bought("u: a b; v: a"))
    assert "split by 'basket' without days, which needs none" in caught.value.remedy


@pytest.mark.parametrize("rule", DATED.values(), ids=DATED.keys())
def test_rows_without_a_time_are_left_out_where_others_have_one(rule: Rule) -> None:
    some = bought(ENOUGH + "; u: q r; v: q")
    split, whole = rule.split(some, seed=1), rule.split(bought(ENOUGH), seed=1)
    assert split.left_out.pop("interactions without a time") == 3
    assert split.left_out == whole.left_out
    assert split.cases == whole.cases
    assert split.log.frame.equals(whole.log.frame)
