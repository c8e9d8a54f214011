"""The choice of the best is that of a full sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.recommending.score_ranker import best_columns, tie_order


def sorted_columns(scores: Floats, k: int, order: NDArray[np.intp]) -> list[list[int]]:
    best = []
    for row in scores.tolist():
        finite = [column for column, score in enumerate(row) if score > -np.inf]
        finite.sort(key=lambda column, row=row: (-row[column], order[column]))  # type: ignore[misc]
        best.append((finite + [-1] * k)[: min(k, len(row))])
    return best


coarse = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 1.0])
fine = st.floats(-2, 2, width=32) | st.just(-np.inf)


@settings(deadline=None, max_examples=150)
@given(st.data(), st.integers(1, 12), st.sampled_from(["coarse", "fine"]))
def test_any_scores(data: st.DataObject, k: int, kind: str) -> None:
    shape = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=70))
    elements = coarse if kind == "coarse" else fine
    scores = data.draw(arrays(np.float32, shape, elements=elements))
    order = np.random.default_rng(0).permutation(shape[1])
    before = scores.copy()
    assert best_columns(scores, k, order).tolist() == sorted_columns(scores, k, order)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("k", [1, 5, 20])
@pytest.mark.parametrize("levels", [1, 2, 30, 10**6])
def test_many_columns(k: int, levels: int) -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, levels, size=(9, 1003)).astype(np.float32)
    scores[0] = -np.inf
    scores[1, 3:] = -np.inf
    scores[2, : 1003 - k - 1] = -np.inf
    scores[3] = np.sort(scores[3])
    order = tie_order([str(column) for column in range(1003)])
    assert best_columns(scores, k, order).tolist() == sorted_columns(scores, k, order)


def test_nothing_of_nothing() -> None:
    none = np.zeros(0, dtype=np.intp)
    assert best_columns(np.zeros((0, 0), np.float32), 3, none).shape == (0, 0)
    assert best_columns(np.zeros((2, 0), np.float32), 3, none).shape == (2, 0)
    assert best_columns(np.zeros((0, 4), np.float32), 3, np.arange(4)).shape == (0, 3)
