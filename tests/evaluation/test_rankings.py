from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.conftest import case
from vlm4rec.errors import DataError
from vlm4rec.evaluation.rankings import ranking_columns
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.ranker import Request

CANDIDATES = tuple("abcdef")
CASES = [case("anna", ["a"], "b"), case("ben", ["b", "c"], "d")]
REQUESTS = [Request(each.history) for each in CASES]


def columns(rankings: Sequence[Sequence[str]], k: int = 3) -> list[list[int]]:
    found = ranking_columns("mine", rankings, CASES, REQUESTS, CANDIDATES, k)
    assert found.dtype == np.int32
    return [[int(column) for column in row] for row in found]


def test_items_become_columns_and_what_is_missing_is_minus_1() -> None:
    assert columns([["f", "b", "d"], ["a"]]) == [[5, 1, 3], [0, -1, -1]]
    assert columns([[], []], 2) == [[-1, -1], [-1, -1]]


def test_tuples_and_arrays_of_ids_are_rankings_too() -> None:
    assert columns([("b", "c"), np.array(["e", "f", "a"])]) == [[1, 2, -1], [4, 5, 0]]  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("ranking", "told"),
    [
        (["a", "e", "b"], "mine ranked 'b' for user 'ben', which is masked"),
        (["d", "e", "d"], "mine ranked 'd' twice for user 'ben'"),
        (["d", "zz"], "mine ranked 'zz', which is no candidate, for user 'ben'"),
        (["d", "e", "f", "a"], "mine ranked 4 items for user 'ben', and 3 were asked for"),
        (["c", "c"], "mine ranked 'c' twice for user 'ben'"),
        (["zz", "zz"], "'zz', which is no candidate"),
    ],
)
def test_what_breaks_the_rules_is_told(ranking: list[str], told: str) -> None:
    with pytest.raises(DataError, match=told):
        columns([["b"], ranking])


@pytest.mark.parametrize("n", [0, 1, 3])
def test_there_is_one_ranking_a_case(n: int) -> None:
    with pytest.raises(DataError, match=f"mine gave {n} rankings for 2 cases"):
        columns([["d"]] * n)


def test_the_mask_of_the_request_holds_and_not_the_history() -> None:
    request = Request(History.of(["a"]), mask=("e", "gone"))
    found = ranking_columns("mine", [["a"]], CASES[:1], [request], CANDIDATES, 2)
    assert found.tolist() == [[0, -1]]
    with pytest.raises(DataError, match="'e' for user 'anna', which is masked"):
        ranking_columns("mine", [["e"]], CASES[:1], [request], CANDIDATES, 2)


@given(
    st.lists(st.sampled_from([*CANDIDATES, "x"]), max_size=5),
    st.sets(st.sampled_from(CANDIDATES)),
    st.integers(1, 4),
)
def test_a_ranking_is_taken_if_and_only_if_it_keeps_the_rules(
    ranking: list[str], mask: set[str], k: int
) -> None:
    request = Request(History.of(["a"]), mask=tuple(mask))
    kept = (
        len(ranking) <= k
        and len(set(ranking)) == len(ranking)
        and set(ranking) <= set(CANDIDATES) - mask
    )
    if kept:
        found = ranking_columns("mine", [ranking], CASES[:1], [request], CANDIDATES, k)[0]
        assert [CANDIDATES[column] for column in found if column >= 0] == ranking
    else:
        with pytest.raises(DataError, match=r"mine ranked .* for user 'anna'"):
            ranking_columns("mine", [ranking], CASES[:1], [request], CANDIDATES, k)
