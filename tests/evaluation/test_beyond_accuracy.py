"""Beyond accuracy, against values by hand and plain loops."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.evaluation import beyond_accuracy as module
from vlm4rec.evaluation.beyond_accuracy import (
    ItemCounts,
    beyond_accuracy,
    coverage,
    diversity,
    gini,
    most_popular,
    novelty,
    popular_share,
)
from vlm4rec.interactions.interactions import Interactions

Rankings = NDArray[np.int64]


def counted(*counts: int, n_users: int) -> ItemCounts:
    return ItemCounts(np.array(counts), np.array(counts), n_users)


def random_rankings(n: int, k: int, candidates: int, seed: int = 0) -> Rankings:
    rng = np.random.default_rng(seed)
    rankings = np.array([rng.permutation(candidates)[:k] for _ in range(n)])
    rankings[np.arange(k) >= rng.integers(0, k + 1, size=n)[:, None]] = -1
    return rankings


def random_vectors(n: int, d: int) -> Floats:
    return normalise(np.random.default_rng(1).normal(size=(n, d)) + 0.3)


def test_counts_are_of_the_candidates_in_their_order() -> None:
    frame = pl.DataFrame({"user": ["u", "u", "v", "w"], "item": ["b", "b", "b", "gone"]})
    counts = ItemCounts.of(Interactions.of(frame), ["c", "b", "a"])
    assert counts.interactions.tolist() == [0, 3, 0]
    assert counts.users.tolist() == [0, 2, 0]
    assert counts.n_users == 3
    nothing = ItemCounts.of(Interactions.empty(), ["a"])
    assert (nothing.interactions.tolist(), nothing.n_users) == ([0], 0)


def test_coverage_counts_each_candidate_once() -> None:
    assert coverage(np.array([[0, 1, 2], [2, 1, -1]]), 6) == 0.5
    assert coverage(np.array([[-1]]), 6) == 0.0


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(7, 12))
def test_gini_is_the_mean_difference_of_all_pairs(items: list[int], n: int) -> None:
    counts = [items.count(candidate) for candidate in range(n)]
    differences = sum(abs(a - b) for a in counts for b in counts)
    expected = differences / (2 * n * sum(counts))
    found = gini(np.array(items)[:, None], n)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found is not None
    assert 0 <= found <= 1 - 1 / n + 1e-12


def test_gini_of_nothing_is_undefined() -> None:
    assert gini(np.array([[-1, -1]]), 3) is None


def test_novelty_by_hand() -> None:
    counts = counted(7, 3, 0, n_users=7)
    found = novelty(np.array([[0, 1], [2, -1], [-1, -1]]), counts)
    assert found[:2].tolist() == [(0 + 1) / 2, 3.0]
    assert math.isnan(found[2])
    assert novelty(np.array([[2]]), counted(0, 0, 0, n_users=0)).tolist() == [0.0]


@pytest.mark.parametrize("cells", [2**22, 12])
def test_diversity_is_that_of_all_pairs(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CELLS", cells)
    vectors = random_vectors(30, 6)
    rankings = random_rankings(40, 8, 30)
    found = diversity(rankings, vectors)
    for row, value in zip(rankings.tolist(), found, strict=True):
        items = [item for item in row if item >= 0]
        pairs = list(combinations(items, 2))
        if not pairs:
            assert math.isnan(value)
            continue
        cosines = [float(vectors[a].astype(float) @ vectors[b].astype(float)) for a, b in pairs]
        assert value == pytest.approx(1 - sum(cosines) / len(cosines), abs=1e-6)


def test_diversity_leaves_out_what_nothing_is_known_of() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32)
    found = diversity(np.array([[0, 2, 1], [0, 2, -1]]), vectors)
    assert found[0] == 1.0
    assert math.isnan(found[1])


def test_diversity_of_the_same_is_0_and_of_opposites_2() -> None:
    vectors = np.array([[1, 0], [-1, 0], [1, 0]], dtype=np.float32)
    assert diversity(np.array([[0, 2], [0, 1]]), vectors).tolist() == [0.0, 2.0]


def test_the_most_popular_fifth() -> None:
    assert most_popular(np.arange(10)).tolist() == [False] * 8 + [True] * 2
    assert most_popular(np.array([5, 1, 1, 1, 1, 0])).tolist() == [True] + [False] * 5
    assert not most_popular(np.array([2, 2, 2, 1, 1])).any()
    assert most_popular(np.array([2, 0]), 1.0).tolist() == [True, False]
    assert most_popular(np.array([], dtype=int)).tolist() == []
    with pytest.raises(DataError, match="from 0 to 1"):
        most_popular(np.array([1]), 1.5)


@given(st.lists(st.integers(0, 9), max_size=40), st.floats(0, 1))
def test_the_most_popular_are_few_and_above_the_rest(counts: list[int], share: float) -> None:
    chosen = most_popular(np.array(counts, dtype=int), share)
    assert chosen.sum() <= math.ceil(share * len(counts))
    inside = [count for count, there in zip(counts, chosen, strict=True) if there]
    outside = [count for count, there in zip(counts, chosen, strict=True) if not there]
    assert min(inside, default=10) > max([*outside, 0])


def test_the_share_of_popular_items() -> None:
    counts = counted(9, 8, 1, 1, 1, 1, 1, 1, 1, 0, n_users=9)
    found = popular_share(np.array([[0, 1, 2, 9], [3, 0, -1, -1], [-1, -1, -1, -1]]), counts)
    assert found[:2].tolist() == [0.5, 0.5]
    assert math.isnan(found[2])


def test_all_of_it_is_averaged_by_user() -> None:
    counts = counted(7, 3, 0, 0, 0, n_users=7)
    rankings = np.array([[0, 4], [0, 4], [2, 4], [-1, -1]])
    vectors = np.eye(5, dtype=np.float32)
    found = beyond_accuracy(rankings, np.array([0, 0, 1, 2]), counts, vectors, k=1)
    assert (found.k, found.coverage) == (1, 2 / 5)
    assert found.novelty == (0.0 + 3.0) / 2
    assert found.popular_share == 0.5
    assert found.diversity is None
    both = beyond_accuracy(rankings, np.array([0, 0, 1, 2]), counts, vectors, k=2)
    assert both.diversity == 1.0
    assert beyond_accuracy(rankings, np.array([0, 0, 1, 2]), counts, k=2).diversity is None
    assert both.gini == gini(rankings, 5)
    assert found.gini == pytest.approx((0 + 0 + 0 + 2 * 1 + 4 * 2) / (5 * 3))


def test_nothing_ranked_tells_nothing() -> None:
    nothing = beyond_accuracy(np.array([[-1]]), np.array([0]), counted(1, n_users=1), k=1)
    assert (nothing.coverage, nothing.gini, nothing.novelty) == (0.0, None, None)
    none = beyond_accuracy(
        np.empty((0, 2), dtype=np.int32), np.empty(0, dtype=int), counted(1, n_users=1), k=2
    )
    assert (none.coverage, none.popular_share) == (0.0, None)


def test_what_does_not_fit_is_told() -> None:
    counts = counted(1, n_users=1)
    with pytest.raises(DataError, match="cut-off 3 is not from 1 to 1"):
        beyond_accuracy(np.array([[0]]), np.array([0]), counts, k=3)
    with pytest.raises(DataError, match="no candidate"):
        coverage(np.array([[-1]]), 0)
