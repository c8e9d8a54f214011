from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.interactions.splits.purchases import bought, cases_of, pairs
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.basket import BasketCompletion
from vlm4rec.interactions.splits.cold import ColdItems
from vlm4rec.interactions.splits.global_time import GlobalTime
from vlm4rec.interactions.splits.rolling import RollingNextBasket

THIRD = date(2020, 9, 3)


def test_only_what_training_never_saw_is_a_target() -> None:
    base = RollingNextBasket(cut=THIRD)
    interactions = bought("u1: a; u3: b c; u4: d; v2: b; v3: d a; v4: c; v5: e b")
    split = ColdItems(base).split(interactions)
    assert cases_of(base.split(interactions)) == [
        "u3: a > b c",
        "u4: a b c > d",
        "v3: b > a d",
        "v4: a b d > c",
        "v5: a b c d > e (+1)",
    ]
    assert cases_of(split) == [
        "u3: a > c",
        "u4: a b c > d",
        "v3: b > d",
        "v4: a b d > c",
        "v5: a b c d > e (+1)",
    ]
    assert split.left_out == {"repeat purchases": 1, "targets that training saw": 2}
    assert pairs(split.train) == ["u1a", "v2b"]
    assert pairs(split.log) == pairs(interactions)


def test_a_case_without_a_cold_target_is_left_out() -> None:
    split = ColdItems(GlobalTime(cut=THIRD)).split(bought("u1: a; u3: b; v1: b; v3: c"))
    assert cases_of(split) == ["v3: b > c"]
    assert split.left_out == {"targets that training saw": 1, "cases without a cold target": 1}


def test_all_is_warm() -> None:
    with pytest.raises(DataError) as caught:
        ColdItems(GlobalTime(cut=THIRD)).split(bought("u1: a; u3: b; v1: b"))
    assert str(caught.value) == (
        "The split 'cold-items' leaves nothing to predict. Left out were users with nothing "
        "after the cut: 1; targets that training saw: 1; cases without a cold target: 1. "
        "Choose another cut of the base rule."
    )


def many() -> Interactions:
    users = pl.DataFrame({"user": [f"user {number}" for number in range(40)]})
    items = pl.DataFrame({"item": [f"item {number}" for number in range(50)]})
    return Interactions.of(users.join(items, how="cross"))


def test_a_share_of_the_items_is_taken_out_of_training() -> None:
    base = BasketCompletion()
    rule = ColdItems(base, by="items", share=0.4)
    split, whole = rule.split(many()), base.split(many())
    warm = set(split.train.frame["item"])
    cold = set(many().frame["item"]) - warm
    assert 10 <= len(cold) <= 30
    assert set(split.log.frame["item"]) == warm
    assert split.cases == tuple(case for case in whole.cases if case.targets[0] in cold)
    assert any(cold & set(case.history.items) for case in split.cases)
    assert split.left_out == {
        "training interactions with cold items": len(whole.train) - len(split.train),
        "targets that are not cold": len(whole.cases) - len(split.cases),
        "cases without a cold target": len(whole.cases) - len(split.cases),
    }
    assert len(split.train) == len(warm) * (40 - len(whole.cases))


def test_an_items_draw_does_not_depend_on_others() -> None:
    rule = ColdItems(BasketCompletion(), by="items", share=0.4)
    some = Interactions(many().frame.filter(pl.col("item") > "item 2"))
    warm, fewer = (set(rule.split(part).train.frame["item"]) for part in (many(), some))
    assert fewer == {item for item in warm if item > "item 2"}


def test_validation_draws_other_items() -> None:
    rule = ColdItems(BasketCompletion(), by="items", share=0.4)
    split = rule.split(many())
    validation = rule.validation(split)
    cold = {target for case in validation.cases for target in case.targets}
    assert cold
    assert cold <= set(split.train.frame["item"])
    assert not cold & set(validation.train.frame["item"])


def test_validation_of_a_base_with_a_date() -> None:
    rule = ColdItems(GlobalTime(test_share=0.5, cut=date(2020, 9, 4)))
    split = rule.split(bought("u1: a; u2: b; u3: c d; u4: e"))
    assert cases_of(rule.validation(split)) == ["u3: a b > c d"]


def test_candidates_are_those_of_the_base() -> None:
    interactions = bought("u1: a; u5: b")
    assert ColdItems(BasketCompletion(days=1)).candidates(interactions) == ("b",)
    assert ColdItems().candidates(interactions) is None


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"by": "luck"}, "Choose from: time, items"),
        ({"share": 0}, "share is 0"),
        ({"base": ColdItems()}, "can't be made of ColdItems"),
        ({"base": None}, "can't be made of None"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        ColdItems(**parameters)  # type: ignore[arg-type]


def test_told() -> None:
    assert ColdItems().told.startswith("Rolling next-basket: ")
    assert ColdItems().told.endswith("that nobody did anything with in what is learned from.")
    assert "targets of 20% of the items, drawn at random" in ColdItems(by="items").told
