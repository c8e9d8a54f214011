from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.baselines.small_data import interactions_of
from vlm4rec.baselines.fusion.examples import ExampleRule, Examples, examples_from
from vlm4rec.errors import DataError
from vlm4rec.profiles.registry import profile_by_name
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.variants import Variants

IDS = ("a", "b", "c", "d", "e")


def data(*rows: tuple[str, str, float | None]) -> TrainingData:
    features = ItemFeatures(IDS, {"title": lambda: np.eye(5, dtype=np.float32)})
    return TrainingData(interactions_of(rows), features, IDS)


def told(examples: Examples) -> list[tuple[str, str]]:
    """Return each example as its history and its target."""
    pairs = []
    for source, target in zip(examples.sources, examples.targets, strict=True):
        places = examples.histories.places(np.array([source]))[1]
        history = [IDS[row] for row in examples.histories.values[places]]
        pairs.append(("".join(history), IDS[target]))
    return sorted(pairs)


def test_next_asks_for_each_item_of_a_day_after_the_days_before() -> None:
    shop = data(("u", "a", 0.2), ("u", "b", 0.1), ("u", "c", 3.0), ("u", "d", 3.5), ("u", "c", 9.0))
    assert told(examples_from(shop, "next")) == [("ba", "c"), ("ba", "d")]


def test_order_inside_a_day_is_not_used() -> None:
    assert told(examples_from(data(("u", "a", 0.1), ("u", "b", 0.9)), "basket")) == [
        ("a", "b"),
        ("b", "a"),
    ]
    with pytest.raises(DataError, match="no customer has two different covered items"):
        examples_from(data(("u", "a", 0.1), ("u", "b", 0.9)), "next")


def test_a_basket_is_what_lies_less_than_a_week_apart() -> None:
    shop = data(("u", "a", 0.0), ("u", "b", 6.9), ("u", "c", 7.0), ("u", "d", 50.0))
    assert told(examples_from(shop, "basket")) == [("ac", "b"), ("b", "a"), ("b", "c")]


def test_without_times_all_of_a_customer_is_one_basket() -> None:
    shop = data(("u", "a", None), ("u", "b", None), ("u", "c", None), ("v", "d", None))
    expected = [("ab", "c"), ("ac", "b"), ("bc", "a")]
    assert told(examples_from(shop, "basket")) == expected
    assert told(examples_from(shop, "both")) == expected


@pytest.mark.parametrize("rule", ["next", "basket", "both"])
def test_a_target_is_never_in_its_history(rule: ExampleRule) -> None:
    shop = data(("u", "a", 0.0), ("u", "b", 0.0), ("u", "a", 2.0), ("u", "a", 2.5), ("u", "c", 3.0))
    pairs = told(examples_from(shop, rule))
    assert pairs
    assert all(target not in history for history, target in pairs)


def test_a_variant_of_the_history_is_no_target_where_variants_are_masked() -> None:
    shop = data(("u", "a", None), ("u", "b", None), ("u", "c", None))
    shop = replace(shop, variants=Variants({"a": "shirt", "b": "shirt", "d": "shirt"}))
    examples = examples_from(shop)
    assert told(examples) == [("ab", "c")]
    known = examples.known.values[examples.known.places(examples.users[:1])[1]]
    assert {IDS[row] for row in known} == {"a", "b", "c", "d"}


def test_shares_are_those_of_the_profile() -> None:
    shop = data(("u", "a", 0.0), ("u", "b", 2.0), ("u", "a", 2.0), ("u", "c", 3.0))
    examples = examples_from(shop, "next", profile=profile_by_name("recency:2"))
    last = examples.histories.places(examples.sources[-1:])[1]
    np.testing.assert_allclose(examples.shares[last], [0.2, 0.4, 0.4], rtol=1e-6)


def test_items_of_which_nothing_is_known_are_left_out() -> None:
    shop = data(("u", "a", 0.0), ("u", "b", 1.0), ("u", "c", 2.0), ("u", "stranger", 2.0))
    usable = np.array([True, False, True, True, True])
    assert told(examples_from(shop, "next", usable=usable)) == [("a", "c")]


def test_customers_are_told_apart() -> None:
    examples = examples_from(data(*[(user, item, None) for user in "uv" for item in "ab"]))
    assert examples.users.tolist() == [0, 0, 1, 1]
    assert len(examples) == 4
    assert len(examples.known) == 2
