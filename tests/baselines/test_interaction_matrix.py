from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from vlm4rec.baselines.interaction_matrix import CollaborativeRanker, InteractionMatrix
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.ranker import Request

TABLE = pl.DataFrame(
    {
        "user": ["v", "u", "u", "u", "w", "v"],
        "item": ["b", "c", "a", "c", "d", "a"],
        "weight": [1.0, 0.5, 1.0, 0.25, 0.0, 3.0],
    }
)


def matrix() -> InteractionMatrix:
    return InteractionMatrix.of(Interactions.of(TABLE))


class Columns(CollaborativeRanker):
    """Scores each known candidate by its column, less what the history holds."""

    def known_scores(self, histories: Any) -> Floats:
        sums = np.asarray(histories.sum(axis=1)).reshape(-1, 1)
        scores: Floats = (self.known_columns - sums).astype(np.float32)
        return scores


def request(items: Sequence[str]) -> Request:
    return Request(History.of(items))


def test_weights_are_summed_and_what_counts_nothing_is_absent() -> None:
    made = matrix()
    assert (made.users, made.items) == (("u", "v"), ("a", "b", "c"))
    assert made.weights.toarray().tolist() == [[1, 0, 0.75], [3, 1, 0]]
    assert made.binary.toarray().tolist() == [[1, 0, 1], [1, 1, 0]]
    assert made.weights.dtype == made.binary.dtype == np.float32
    assert made.weights.has_sorted_indices


def test_histories_become_rows() -> None:
    history = History(("c", "stranger", "a", "c"), (None,) * 4, ("buy",) * 4, (1.0, 5.0, 0.0, 0.5))
    rows = matrix().histories([Request(history), request([]), request(["b"])])
    assert rows.toarray().tolist() == [[0, 0, 1.5], [0, 0, 0], [0, 1, 0]]
    assert rows.nnz == 2


def test_nothing_to_learn_from_is_told() -> None:
    for table in (TABLE.clear(), TABLE.with_columns(weight=0.0)):
        with pytest.raises(DataError, match="no interactions to learn from"):
            InteractionMatrix.of(Interactions.of(table))


def test_scores_are_put_at_their_candidates() -> None:
    ranker = Columns(["new", "c", "a"], matrix())
    scores = ranker.scores([request(["b", "b", "b"]), request(["stranger"]), request([])])
    assert scores[0].tolist() == [-3.0, -1.0, -3.0]
    assert np.isneginf(scores[1:]).all()


def test_what_training_never_saw_has_no_more_than_zero() -> None:
    scores = Columns(["c", "new"], matrix()).scores([request(["b"])])
    assert scores.tolist() == [[1.0, 0.0]]


def test_candidates_that_training_never_saw_are_ranked_all_the_same() -> None:
    ranking = Columns(["new", "newer"], matrix()).rank([request(["b"])], 5)[0]
    assert set(ranking) == {"new", "newer"}


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingExtraError, match=r"vlm4rec\[evaluate\]"):
        matrix()
