"""What is compared with what: never a positive with itself."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.baselines.fusion.batches import Batch, Batches
from vlm4rec.baselines.fusion.examples import Examples, examples_from
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.variants import Variants

IDS = tuple("abcdefgh")

baskets_of_customers = st.lists(
    st.lists(st.sampled_from(IDS), min_size=2, max_size=5, unique=True), min_size=2, max_size=8
)


def examples(baskets: list[list[str]], variants: Variants | None = None) -> Examples:
    rows = [(f"u{number}", item) for number, basket in enumerate(baskets) for item in basket]
    features = ItemFeatures(IDS, {"title": lambda: np.eye(8, dtype=np.float32)})
    table = pl.DataFrame(rows, schema=["user", "item"], orient="row")
    data = TrainingData(Interactions.of(table), features, IDS, variants=variants)
    return examples_from(data, "basket")


def told_from(batch: Batch, row: int) -> set[int]:
    """Return the items that an example's target is told from."""
    columns = np.flatnonzero(~batch.masked[row])
    return set(batch.rows[columns[columns != batch.labels[row]]].tolist())


@given(baskets_of_customers, st.integers(2, 9), st.integers(0, 3), st.integers(0, 9))
def test_a_positive_is_never_a_negative(
    baskets: list[list[str]], size: int, further: int, seed: int
) -> None:
    some = examples(baskets)
    rng = np.random.default_rng(seed)
    seen = 0
    for batch in Batches(some, len(IDS), size, further=further).epoch(rng):
        assert len(set(batch.rows.tolist())) == len(batch.rows)
        n_columns = len(batch.log_chance)
        assert batch.masked.shape == (len(batch.labels), n_columns)
        assert not batch.masked[np.arange(len(batch.labels)), batch.labels].any()
        for row, label in enumerate(batch.labels):
            target = IDS[batch.rows[label]]
            history = {IDS[place] for place in batch.rows[batch.shares[row] > 0]}
            assert any(history | {target} == set(basket) for basket in baskets)
            others = {IDS[place] for place in told_from(batch, row)}
            assert target not in others
            assert not others & history
        np.testing.assert_allclose(batch.shares.sum(axis=1), 1, rtol=1e-5)
        seen += len(batch.labels)
    assert seen == len(some)


def test_what_the_customer_bought_elsewhere_is_no_negative() -> None:
    some = examples([["a", "b", "c"], ["d", "e"], ["a", "f"]])
    batch = Batches(some, len(IDS), 99).batch(np.arange(len(some)), np.zeros(0, dtype=np.intp))
    by_target = {
        (int(some.users[row]), IDS[some.targets[row]]): {IDS[i] for i in told_from(batch, row)}
        for row in range(len(some))
    }
    assert by_target[0, "a"] == {"d", "e", "f"}
    assert by_target[1, "d"] == {"a", "b", "c", "f"}
    assert by_target[2, "a"] == {"b", "c", "d", "e"}


def test_variants_are_no_negatives_where_they_are_masked() -> None:
    baskets = [["a", "b"], ["c", "d"]]
    some = examples(baskets, Variants({"a": "shirt", "c": "shirt"}))
    batch = Batches(some, len(IDS), 99).batch(np.arange(len(some)), np.zeros(0, dtype=np.intp))
    row = int(np.flatnonzero(some.targets == IDS.index("b"))[0])
    assert {IDS[i] for i in told_from(batch, row)} == {"d"}


def test_further_negatives_come_from_the_candidates() -> None:
    some = examples([["a", "b"], ["c", "d"]])
    candidates = np.array([5, 6, 7])
    batches = Batches(some, len(IDS), 99, further=2, candidates=candidates)
    (batch,) = batches.epoch(np.random.default_rng(0))
    extra = set(batch.rows[: len(batch.log_chance)].tolist()) - {0, 1, 2, 3}
    assert len(extra) == 2
    assert extra <= {5, 6, 7}


def test_repeated_purchases_add_up_to_one_share() -> None:
    rows = [("u", item) for item in "aabc"]
    features = ItemFeatures(IDS, {"title": lambda: np.eye(8, dtype=np.float32)})
    table = pl.DataFrame(rows, schema=["user", "item"], orient="row")
    some = examples_from(TrainingData(Interactions.of(table), features, IDS), "basket")
    batch = Batches(some, len(IDS), 99).batch(np.array([2]), np.zeros(0, dtype=np.intp))
    shares = dict(zip((IDS[row] for row in batch.rows), batch.shares[0], strict=True))
    assert shares == pytest.approx({"a": 2 / 3, "b": 1 / 3, "c": 0})


@pytest.mark.parametrize("further", [0, 3])
def test_the_chance_of_a_column_is_how_often_batches_have_it(further: int) -> None:
    some = examples([["a", "b", "c"]] * 8 + [["a", "d"]] * 2 + [["a", "e", "f", "g"]] * 30)
    batches = Batches(some, len(IDS), 12, further=further)
    rng = np.random.default_rng(0)
    counts, n = np.zeros(len(IDS)), 0
    chance = np.zeros(len(IDS))
    for _ in range(200):
        for batch in batches.epoch(rng):
            columns = batch.rows[: len(batch.log_chance)]
            counts[columns] += 1
            chance[columns] = np.exp(batch.log_chance)
            n += 1
    np.testing.assert_allclose(chance, counts / n, atol=0.03)


def test_the_same_seed_gives_the_same_batches() -> None:
    batches = Batches(examples([["a", "b", "c"], ["d", "e"], ["a", "f"]]), len(IDS), 3, further=1)
    first, again, other = (
        [batch.rows.tolist() for batch in batches.epoch(np.random.default_rng(seed))]
        for seed in (1, 1, 2)
    )
    assert first == again != other
