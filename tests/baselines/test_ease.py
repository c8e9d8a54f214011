from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from tests.baselines.small_data import interactions_of, training_data
from vlm4rec.baselines import ease
from vlm4rec.baselines.ease import EASE
from vlm4rec.baselines.interaction_matrix import InteractionMatrix
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker


def weights_of(data: TrainingData, regularisation: float) -> NDArray[np.float64]:
    """Read the weights off the scores of histories of one item each."""
    items = InteractionMatrix.of(data.interactions).items
    everywhere = TrainingData(data.interactions, data.features, items)
    ranker = EASE(regularisation).fit(everywhere)
    assert isinstance(ranker, ScoreRanker)
    return ranker.scores([Request(History.of([item])) for item in items]).astype(np.float64)


@pytest.mark.parametrize("regularisation", [0.5, 20.0])
def test_each_column_is_a_ridge_regression_on_the_others(regularisation: float) -> None:
    data = training_data()
    users = InteractionMatrix.of(data.interactions).binary.toarray().astype(np.float64)
    found = weights_of(data, regularisation)
    for item in range(users.shape[1]):
        others = np.delete(np.arange(users.shape[1]), item)
        model = Ridge(alpha=regularisation, fit_intercept=False, solver="cholesky")
        model.fit(users[:, others], users[:, item])
        np.testing.assert_allclose(found[others, item], model.coef_, atol=1e-6)
        assert found[item, item] == 0


def test_the_closed_form_is_the_papers() -> None:
    data = training_data()
    users = InteractionMatrix.of(data.interactions).binary.toarray().astype(np.float64)
    inverse = np.linalg.inv(users.T @ users + 3 * np.eye(users.shape[1]))
    expected = inverse / -np.diag(inverse)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(weights_of(data, 3), expected, atol=1e-6)


def test_buying_again_counts_once_in_training() -> None:
    data = training_data()
    twice = pl.concat([data.interactions.frame, data.interactions.frame.head(20)])
    doubled = replace(data, interactions=Interactions(twice))
    np.testing.assert_array_equal(weights_of(doubled, 3), weights_of(data, 3))


def test_scores_add_up_by_the_weights_of_the_history() -> None:
    data = training_data()
    ranker = EASE(3).fit(data)
    assert isinstance(ranker, ScoreRanker)
    mixed = History(("i00", "i03", "i00"), (None,) * 3, ("buy",) * 3, (0.5, 2.0, 1.0))
    known = slice(0, len(data.candidates) - 1)  # training never saw the last candidate
    whole, one, other = (
        ranker.scores([Request(history)])[0, known]
        for history in (mixed, History.of(["i00"]), History.of(["i03"]))
    )
    np.testing.assert_allclose(whole, 1.5 * one + 2 * other, rtol=1e-5, atol=1e-7)


def test_too_many_items_are_told_with_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "_MOST_ITEMS", 12)
    with pytest.raises(DataError, match=r"GiB of memory for the pairs of 13 items.*k-core"):
        EASE().fit(training_data())


def test_what_is_singular_in_floats_is_told() -> None:
    bought = [(user, item, None) for user in "uvwxyz" for item in ("i00", "i01", "i02")]
    data = TrainingData(interactions_of(bought), training_data().features, ("i00", "i01"))
    with pytest.raises(DataError, match="larger regularisation"):
        EASE(1e-300).fit(data)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("inf"), float("nan")])
def test_a_regularisation_is_above_zero(wrong: float) -> None:
    with pytest.raises(DataError, match="regularisation above 0"):
        EASE(wrong)
