from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending import score_ranker
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker, best_columns, tie_order

CANDIDATES = tuple("abcdefghij")


class Given(ScoreRanker):
    """Scores by rows that are given: the n-th request, as its history names it, gets the n-th."""

    def __init__(self, rows: Floats, candidates: Sequence[str] = CANDIDATES) -> None:
        super().__init__(candidates)
        self._rows = rows
        self.heights: list[int] = []

    def scores(self, requests: Sequence[Request]) -> Floats:
        self.heights.append(len(requests))
        return self._rows[[int(request.history.items[0]) for request in requests]]


def request(row: int, *mask: str) -> Request:
    return Request(History.of([str(row)]), mask=mask)


def naive(row: Floats, k: int, order: NDArray[np.intp]) -> list[int]:
    ranked = sorted(range(len(row)), key=lambda column: (-row[column], order[column]))
    found = [column for column in ranked if row[column] > -np.inf][:k]
    return found + [-1] * (min(k, len(row)) - len(found))


few_values = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0, np.inf])
matrices = hnp.arrays(
    np.float32, st.tuples(st.integers(0, 5), st.integers(0, 12)), elements=few_values
)


wide = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(20, 90)), elements=few_values
)


@given(matrices | wide, st.integers(1, 14), st.integers(0, 99))
def test_the_best_columns_are_those_of_a_full_sort(scores: Floats, k: int, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(scores.shape[1])
    found = best_columns(scores, k, order)
    assert found.shape == (len(scores), min(k, scores.shape[1]))
    assert found.tolist() == [naive(row, k, order) for row in scores]


@given(
    hnp.arrays(np.float32, (3, len(CANDIDATES)), elements=few_values),
    st.lists(st.lists(st.sampled_from("abcxyz")), min_size=3, max_size=3),
    st.integers(1, 12),
)
def test_rankings_are_those_of_a_full_sort_without_what_is_masked(
    rows: Floats, masks: list[list[str]], k: int
) -> None:
    requests = [request(row, *mask) for row, mask in enumerate(masks)]
    order = tie_order(CANDIDATES)
    rankings = Given(rows).rank(requests, k)
    for row, (mask, ranking) in enumerate(zip(masks, rankings, strict=True)):
        left = rows[row].copy()
        left[[column for column, item in enumerate(CANDIDATES) if item in mask]] = -np.inf
        expected = [CANDIDATES[c] for c in naive(left, k, order) if c >= 0]
        assert ranking == expected


@pytest.mark.parametrize("values", [3, 40, 10**6])
def test_the_best_of_many_columns_are_those_of_a_full_sort(values: int) -> None:
    rng = np.random.default_rng(values)
    scores = rng.integers(0, values, size=(20, 1000)).astype(np.float32)
    scores[3] = -np.inf
    scores[4, 5:] = -np.inf
    scores[5] = 7
    scores[6, 100:] = np.inf
    order = rng.permutation(1000)
    for k in (1, 10, 100, 999, 1000):
        found = best_columns(scores, k, order)
        assert found.tolist() == [naive(row, k, order) for row in scores]


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=(50, 10)).astype(np.float32)
    requests = [request(row, CANDIDATES[row % 10]) for row in range(50)]
    whole = Given(rows).rank(requests, 4)
    monkeypatch.setattr(score_ranker, "_BLOCK_BYTES", 1)
    parted = Given(rows)
    assert parted.rank(requests, 4) == whole
    assert parted.heights == [16, 16, 16, 2]


def test_blocks_are_of_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_ranker, "_BLOCK_BYTES", 4 * 10 * 20)
    ranker = Given(np.zeros((45, 10), dtype=np.float32))
    ranker.rank([request(row) for row in range(45)], 1)
    assert ranker.heights == [20, 20, 5]


def test_nothing_asked_is_nothing_given() -> None:
    ranker = Given(np.zeros((1, 10), dtype=np.float32))
    assert ranker.rank([], 3) == []
    assert ranker.heights == []


def test_without_candidates_rankings_are_empty() -> None:
    assert Given(np.zeros((1, 0), dtype=np.float32), ()).rank([request(0)], 3) == [[]]


def test_scores_that_are_no_numbers_are_told() -> None:
    rows = np.zeros((1, 10), dtype=np.float32)
    rows[0, 3] = np.nan
    with pytest.raises(DataError, match="Given gave scores that are not numbers"):
        Given(rows).rank([request(0)], 3)


@pytest.mark.parametrize("k", [0, -1])
def test_k_is_at_least_one(k: int) -> None:
    with pytest.raises(DataError, match=f"k must be at least 1, not {k}"):
        Given(np.zeros((1, 10), dtype=np.float32)).rank([], k)


def test_the_order_of_ties_is_a_permutation_drawn_from_the_ids() -> None:
    ids = [f"{number:04}" for number in range(500)]
    order = tie_order(ids)
    assert sorted(order) == list(range(500))
    assert abs(np.corrcoef(order, np.arange(500))[0, 1]) < 0.15
    moved = tie_order(ids[::-1])
    assert moved[::-1].tolist() == order.tolist()
    part = tie_order(ids[:100])
    assert np.argsort(part).tolist() == np.argsort(order[:100]).tolist()


def test_columns_are_those_of_candidates() -> None:
    assert Given(np.zeros((1, 10), dtype=np.float32)).columns(["c", "nobody", "a", "c"]) == [
        2,
        0,
        2,
    ]
