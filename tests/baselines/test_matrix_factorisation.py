from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import Ridge

from tests.baselines.small_data import interactions_of, training_data
from vlm4rec.baselines.interaction_matrix import InteractionMatrix
from vlm4rec.baselines.matrix_factorisation import ALS, BPR, FOLD_INS
from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker

ALL = 12
REQUESTS = [Request(History.of(["i00", "i04", "i08"])), Request(History.of(["i01", "i05", "i07"]))]


def two_tastes() -> TrainingData:
    """Eighty users who buy even items alone, or odd ones."""
    rng = np.random.default_rng(3)
    rows = [
        (f"u{user}", f"i{2 * item + user % 2:02}", None)
        for user in range(80)
        for item in rng.choice(6, size=4, replace=False)
    ]
    data = training_data()
    return TrainingData(interactions_of(list(rows)), data.features, data.candidates)


@pytest.mark.parametrize(
    "method",
    [ALS(2), *(BPR(8, iterations=150, fold_in=fold_in) for fold_in in FOLD_INS)],
    ids=["ALS", *FOLD_INS],
)
def test_tastes_are_found(method: ALS | BPR) -> None:
    even, odd = method.fit(two_tastes()).rank(REQUESTS, 3)
    assert {int(item[1:]) % 2 for item in even} == {0}
    assert {int(item[1:]) % 2 for item in odd} == {1}


def test_als_solves_for_the_user_of_a_history() -> None:
    """The equation of Hu, Koren and Volinsky, with the items' vectors that the library learned."""
    data = two_tastes()
    how = ALS(3, regularisation=0.5, alpha=7.0, iterations=4)
    matrix = InteractionMatrix.of(data.interactions)
    model = learned_by_library(
        "als.AlternatingLeastSquares",
        matrix.weights,
        factors=3,
        regularization=0.5,
        alpha=7.0,
        iterations=4,
    )
    items = model.item_factors.astype(np.float64)
    history = History(("i00", "i04", "i00"), (None,) * 3, ("buy",) * 3, (1.0, 0.5, 2.0))
    confidence = np.ones(len(matrix.items))
    confidence[matrix.column["i00"]], confidence[matrix.column["i04"]] = 7 * 3, 7 * 0.5
    bought = (confidence > 1).astype(np.float64)
    left = items.T @ (confidence[:, None] * items) + 0.5 * np.eye(3)
    user = np.linalg.solve(left, items.T @ (confidence * bought))
    ranker = how.fit(data)
    assert isinstance(ranker, ScoreRanker)
    scores = ranker.scores([Request(history)])[0]
    expected = items[[matrix.column[item] for item in data.candidates]] @ user
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("fold_in", FOLD_INS)
def test_bpr_makes_users_of_histories(fold_in: str) -> None:
    """By scikit-learn's ridge regression from pooled histories to users, or by the mean."""
    data = two_tastes()
    matrix = InteractionMatrix.of(data.interactions)
    model = learned_by_library(
        "bpr.BayesianPersonalizedRanking",
        matrix.binary,
        factors=4,
        learning_rate=0.1,
        regularization=0.05,
        iterations=100,
    )
    items = model.item_factors.astype(np.float64)
    history = History(("i00", "i05", "i00"), (None,) * 3, ("buy",) * 3, (1.0, 0.5, 2.0))
    rows = items[[matrix.column["i00"], matrix.column["i05"]], :4]
    if fold_in == "mean":
        user = np.array([3.0, 0.5]) @ rows / 3.5
    else:
        pooled = matrix.binary.toarray() @ items[:, :4] / 2  # everybody bought four items
        strength = 0.01 * (pooled**2).sum() / 4
        ridge = Ridge(alpha=strength, fit_intercept=False).fit(pooled, model.user_factors[:, :4])
        user = ridge.predict([np.array([3.0, 0.5]) @ rows / 3.5**0.5])[0]
    ranker = BPR(4, fold_in=fold_in).fit(data)
    assert isinstance(ranker, ScoreRanker)
    found = ranker.scores([Request(history)])[0]
    own = items[[matrix.column[item] for item in data.candidates]]
    np.testing.assert_allclose(found, own[:, :4] @ user + own[:, 4], rtol=1e-4, atol=1e-6)


def learned_by_library(name: str, matrix: Any, **parameters: float) -> Any:
    module, kind = name.split(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that BLAS has several threads
        library = importlib.import_module(f"implicit.cpu.{module}")
        model = getattr(library, kind)(num_threads=1, random_state=0, **parameters)
    model.fit(matrix, show_progress=False)
    return model


@pytest.mark.parametrize("method", [ALS(4, iterations=2), BPR(4, iterations=5)])
def test_the_seed_is_used(method: ALS | BPR) -> None:
    scores = []
    for seed in (0, 1):
        ranker = method.fit(training_data(seed))
        assert isinstance(ranker, ScoreRanker)
        scores.append(ranker.scores(REQUESTS))
    assert not np.allclose(scores[0], scores[1])


def test_weights_are_the_confidence_of_als() -> None:
    data = two_tastes()
    heavy = data.interactions.frame.with_columns(weight=pl.lit(10.0))
    weighted = TrainingData(Interactions(heavy), data.features, data.candidates)
    light = Request(REQUESTS[0].history)
    tens = Request(
        History(light.history.items, light.history.times, light.history.events, (10.0,) * 3)
    )
    by_alpha, by_weight = ALS(4, alpha=10).fit(data), ALS(4, alpha=1).fit(weighted)
    assert isinstance(by_alpha, ScoreRanker)
    assert isinstance(by_weight, ScoreRanker)
    np.testing.assert_allclose(
        by_alpha.scores([light]), by_weight.scores([tens]), rtol=1e-3, atol=1e-4
    )


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    ALS(2).fit(training_data())
    BPR(2).fit(training_data())
    assert capfd.readouterr() == ("", "")


def test_numbers_that_run_away_are_told() -> None:
    with pytest.raises(DataError, match="lower learning rate"):
        BPR(4, learning_rate=1e20).fit(training_data())


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "implicit", None)
    with pytest.raises(MissingExtraError, match=r"vlm4rec\[evaluate\]"):
        ALS().fit(training_data())


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (ALS, {"factors": 0}),
        (ALS, {"iterations": 0}),
        (ALS, {"regularisation": -1.0}),
        (ALS, {"alpha": 0.0}),
        (BPR, {"factors": 0}),
        (BPR, {"learning_rate": 0.0}),
        (BPR, {"regularisation": float("nan")}),
        (BPR, {"fold_in": "median"}),
    ],
)
def test_wrong_parameters_are_told(make: type, wrong: dict[str, object]) -> None:
    with pytest.raises(DataError):
        make(**wrong)
