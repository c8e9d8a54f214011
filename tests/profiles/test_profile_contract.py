"""What every `ProfileStrategy` must do."""

from __future__ import annotations

import numpy as np
import pytest

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.profiles.strategy import PROFILES, MeanProfile, ProfileStrategy, profile_by_name


@pytest.fixture(params=sorted(PROFILES))
def strategy(request: pytest.FixtureRequest) -> ProfileStrategy:
    return profile_by_name(request.param)


def vectors(n: int) -> Floats:
    return normalise(np.random.default_rng(0).normal(size=(n, 8)) + 0.5)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_queries_are_float32_of_length_one(strategy: ProfileStrategy, n: int) -> None:
    query = strategy.query(vectors(n), np.ones(n), [None] * n)
    assert query.dtype == np.float32
    assert query.ndim == 2
    assert query.shape[1] == 8
    np.testing.assert_allclose(np.linalg.norm(query, axis=1), 1, rtol=1e-6)


def test_one_item_is_its_own_profile(strategy: ProfileStrategy) -> None:
    query = strategy.query(vectors(1), np.ones(1), [None])
    np.testing.assert_allclose(query[0], vectors(1)[0], atol=1e-6)


def test_what_weighs_nothing_counts_nothing(strategy: ProfileStrategy) -> None:
    query = strategy.query(vectors(3), np.array([1.0, 0.0, 0.0]), [None] * 3)
    np.testing.assert_allclose(query[0], vectors(3)[0], atol=1e-6)


def test_an_empty_history_is_told(strategy: ProfileStrategy) -> None:
    with pytest.raises(DataError, match="nothing"):
        strategy.query(vectors(0), np.zeros(0), [])
    with pytest.raises(DataError, match="nothing"):
        strategy.query(vectors(2), np.zeros(2), [None, None])


@pytest.mark.parametrize("weight", [1e308, 5e-324])
def test_weights_may_be_as_large_and_as_small_as_numbers_are(
    strategy: ProfileStrategy, weight: float
) -> None:
    query = strategy.query(vectors(2), np.full(2, weight), [None] * 2)
    np.testing.assert_allclose(query, strategy.query(vectors(2), np.ones(2), [None] * 2))


def test_it_is_known_by_its_name(strategy: ProfileStrategy) -> None:
    assert PROFILES[strategy.name] is strategy
    with pytest.raises(DataError, match=strategy.name):
        profile_by_name("nobody")


def test_the_mean_is_that_of_normalised_vectors() -> None:
    long, short = np.array([[10.0, 0.0], [0.0, 0.1]], dtype=np.float32)
    query = MeanProfile().query(np.array([long, short]), np.ones(2), [None] * 2)
    np.testing.assert_allclose(query[0], [2**-0.5, 2**-0.5], rtol=1e-6)


def test_a_repeated_purchase_counts_twice() -> None:
    items = vectors(2)
    twice = MeanProfile().query(items[[0, 0, 1]], np.ones(3), [None] * 3)
    weighted = MeanProfile().query(items, np.array([2.0, 1.0]), [None] * 2)
    np.testing.assert_allclose(twice, weighted, atol=1e-6)
