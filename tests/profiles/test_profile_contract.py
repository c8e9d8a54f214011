"""What every `ProfileStrategy` must do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.registry import profile_by_name
from vlm4rec.profiles.strategy import Profile, ProfileStrategy

NAMES = (
    "mean",
    "recency:30",
    "recency:0.5",
    "last:1",
    "last:3",
    "power:1",
    "power:4",
    "power:300",
    "max",
    "interests:1",
    "interests:3",
    "interests:2:2",
    "events:view=0.2",
    "recency:7+power:3",
    "events:view=0.5,cart=0.7+last:4+interests:2",
)
D = 8


@pytest.fixture(params=NAMES)
def strategy(request: pytest.FixtureRequest) -> ProfileStrategy:
    return profile_by_name(request.param)


def vectors(n: int) -> Floats:
    return normalise(np.random.default_rng(0).normal(size=(n, D)) + 0.5)


def past(n: int, *, per_day: int = 1, weights: Sequence[float] = (), timed: bool = True) -> History:
    """Return a history of n items of different events, so many a day."""
    start = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    times = [start + timedelta(days=3 * (row // per_day), hours=row % per_day) for row in range(n)]
    return History(
        tuple(f"item {row}" for row in range(n)),
        tuple(times) if timed else (None,) * n,
        tuple(("purchase", "view", "cart")[row % 3] for row in range(n)),
        tuple(weights) or (1.0,) * n,
    )


def scores(profile: Profile) -> Floats:
    return profile.scores(normalise(np.random.default_rng(1).normal(size=(40, D))))


def assert_same(one: Profile, other: Profile) -> None:
    np.testing.assert_allclose(scores(one), scores(other), atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 5, 50])
@pytest.mark.parametrize("timed", [True, False])
def test_queries_are_finite_float32_of_length_one(
    strategy: ProfileStrategy, n: int, timed: bool
) -> None:
    profile = strategy.make(vectors(n), past(n, timed=timed))
    assert profile.queries.dtype == np.float32
    assert profile.queries.ndim == 2
    assert profile.queries.shape[1] == D
    np.testing.assert_allclose(np.linalg.norm(profile.queries, axis=1), 1, rtol=1e-6)
    assert profile.weights.shape == (len(profile.queries),)
    assert (profile.weights > 0).all()
    assert profile.weights.sum() == pytest.approx(1)
    assert np.isfinite(scores(profile)).all()
    assert scores(profile).dtype == np.float32


def test_one_item_is_its_own_profile(strategy: ProfileStrategy) -> None:
    profile = strategy.make(vectors(1), past(1))
    np.testing.assert_allclose(profile.queries, vectors(1), atol=1e-6)


def test_what_weighs_nothing_counts_nothing(strategy: ProfileStrategy) -> None:
    profile = strategy.make(vectors(3), past(3, weights=[1.0, 0.0, 0.0]))
    np.testing.assert_allclose(profile.queries, vectors(3)[:1], atol=1e-6)


def test_an_empty_history_is_told(strategy: ProfileStrategy) -> None:
    with pytest.raises(DataError, match="nothing"):
        strategy.make(vectors(0), past(0))
    with pytest.raises(DataError, match="nothing"):
        strategy.make(vectors(2), past(2, weights=[0.0, 0.0]))


@pytest.mark.parametrize("scale", [1e308, 1e-3, 5e-324])
def test_the_scale_of_the_weights_does_not_matter(strategy: ProfileStrategy, scale: float) -> None:
    plain = strategy.make(vectors(6), past(6))
    assert_same(strategy.make(vectors(6), past(6, weights=[scale] * 6)), plain)


def test_the_order_within_a_day_does_not_matter(strategy: ProfileStrategy) -> None:
    items, history = vectors(12), past(12, per_day=4)
    days = np.random.default_rng(2).permuted(np.arange(12).reshape(3, 4), axis=1)
    order = days.ravel()
    turned = History(
        tuple(history.items[row] for row in order),
        history.times,  # so the hours of the items are others
        tuple(history.events[row] for row in order),
        history.weights,
    )
    assert_same(strategy.make(items[order], turned), strategy.make(items, history))


def test_a_repeated_item_counts_as_one_of_twice_the_weight(strategy: ProfileStrategy) -> None:
    items, history = vectors(4), past(4, weights=[1.0, 1.0, 1.0, 2.0])
    twice = [0, 1, 2, 3, 3]
    repeated = History(*(tuple(field[row] for row in twice) for field in _fields(history)))  # type: ignore[arg-type]
    repeated = replace(repeated, weights=(1.0,) * 5)
    assert_same(strategy.make(items[twice], repeated), strategy.make(items, history))


def _fields(history: History) -> list[tuple[object, ...]]:
    return [history.items, history.times, history.events, history.weights]


def test_the_length_of_vectors_does_not_matter(strategy: ProfileStrategy) -> None:
    lengths = np.array([[1.0], [10.0], [0.1], [5.0]], dtype=np.float32)
    long = strategy.make(vectors(4) * lengths, past(4))
    assert_same(long, strategy.make(vectors(4), past(4)))


def test_what_it_is_given_is_not_changed(strategy: ProfileStrategy) -> None:
    items, history = vectors(7), past(7)
    items.flags.writeable = False
    strategy.make(items, history).scores(items)
    assert history == past(7)
    np.testing.assert_array_equal(items, vectors(7))


def test_it_is_known_by_its_name(strategy: ProfileStrategy) -> None:
    again = profile_by_name(strategy.name)
    assert again.name == strategy.name
    assert_same(again.make(vectors(7), past(7)), strategy.make(vectors(7), past(7)))


def test_the_same_history_gives_the_same_profile(strategy: ProfileStrategy) -> None:
    one, other = (strategy.make(vectors(30), past(30)) for _ in range(2))
    np.testing.assert_array_equal(one.queries, other.queries)


def test_a_score_is_that_of_one_query_turned_toward_the_item(strategy: ProfileStrategy) -> None:
    profile = strategy.make(vectors(9), past(9))
    for item in [*vectors(5), *-vectors(5)]:
        score = float(profile.scores(item[np.newaxis])[0])
        assert float(profile.toward(item) @ item) == pytest.approx(score, abs=1e-6)
