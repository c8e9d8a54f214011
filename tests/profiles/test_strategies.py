"""What is particular to each strategy."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.event_weights import EventWeights
from vlm4rec.profiles.last_n import LastN
from vlm4rec.profiles.multi_interest import MultiInterestProfile
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.pooling import MaxPooling, Pooling, PowerPooling, SumPooling
from vlm4rec.profiles.recency import Recency
from vlm4rec.profiles.registry import PROFILES, profile_by_name
from vlm4rec.profiles.strategy import MeanProfile


def on_days(items: str, *days: float | None) -> History:
    """Return a history of items of one letter, on days."""
    start = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    times = tuple(None if day is None else start + timedelta(days=day) for day in days)
    n = len(items)
    return History(tuple(items), times, ("purchase",) * n, (1.0,) * n)


def vectors(n: int, d: int = 6) -> Floats:
    return normalise(np.random.default_rng(n).normal(size=(n, d)))


def test_the_mean_is_that_of_normalised_vectors() -> None:
    long, short = np.array([[10.0, 0.0], [0.0, 0.1]], dtype=np.float32)
    profile = MeanProfile().make(np.array([long, short]), History.of(["a", "b"]))
    np.testing.assert_allclose(profile.queries[0], [2**-0.5, 2**-0.5], rtol=1e-6)
    assert profile.single


def test_an_age_of_a_half_life_counts_half() -> None:
    history = on_days("abcd", 0, 20, 30, 30.9)
    weights = Recency(10).weigh(Pasts.alone(history))
    np.testing.assert_allclose(weights, [1 / 8, 1 / 2, 1, 1])


def test_recency_needs_no_now() -> None:
    early, late = on_days("abc", 0, 4, 9), on_days("abc", 300, 304, 309)
    one, other = (profile_by_name("recency:5").make(vectors(3), h) for h in (early, late))
    np.testing.assert_array_equal(one.queries, other.queries)


def test_what_is_very_old_still_counts_if_it_is_all_there_is() -> None:
    weights = Recency(0.001).weigh(
        Pasts.of([on_days("ab", 0, 5000), on_days("a", 0)], {"a": 0, "b": 1})
    )
    assert weights.tolist() == [0, 1, 1]
    history = History(("a", "b"), on_days("ab", 0, 5000).times, ("x", "x"), (1.0, 0.0))
    assert Recency(0.001).weigh(Pasts.alone(history)).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ((None, None, None), [0, 1, 2]),
        ((None, 5, None), [5, 5, 5]),
        ((None, None, 7), [7, 7, 7]),
        ((3, None, 9), [3, 9, 9]),
        ((3, None, None), [3, 3, 3]),
    ],
)
def test_a_time_that_is_not_known_is_that_of_a_neighbour(
    days: tuple[float | None, ...], told: list[int]
) -> None:
    others = [on_days("ab", 100, None), on_days("a", None)]
    rows = {"a": 0, "b": 1, "c": 2}
    pasts = Pasts.of([others[0], on_days("abc", *days), others[1]], rows)
    first = np.datetime64("2020-01-01").astype("datetime64[D]").astype(int)
    found = pasts.days[2:5]
    assert (found if days[0] is days[1] is days[2] else found - first).tolist() == told


def test_the_last_n_are_distinct_items_and_whole_days() -> None:
    history = on_days("abcbde", 0, 1, 2, 2, 3, 3)
    kept = {n: LastN(n).weigh(Pasts.alone(history)).tolist() for n in (1, 2, 3, 4, 5, 9)}
    assert kept[1] == kept[2] == [0, 0, 0, 0, 1, 1]
    assert kept[3] == kept[4] == [0, 0, 1, 1, 1, 1]
    assert kept[5] == kept[9] == [1] * 6


def test_a_repeat_is_no_further_item() -> None:
    history = on_days("abbb", 0, 1, 2, 3)
    assert LastN(1).weigh(Pasts.alone(history)).tolist() == [0, 0, 0, 1]
    assert LastN(2).weigh(Pasts.alone(history)).tolist() == [1, 1, 1, 1]


def test_what_weighs_nothing_is_not_among_the_last() -> None:
    history = History(("a", "b"), (None, None), ("buy", "view"), (1.0, 1.0))
    profile = profile_by_name("events:view=0+last:1").make(vectors(2), history)
    np.testing.assert_allclose(profile.queries, vectors(2)[:1], atol=1e-6)


def test_events_have_factors_and_others_count_whole() -> None:
    history = History(("a", "b", "c"), (None,) * 3, ("view", "cart", "buy"), (4.0, 2.0, 2.0))
    weights = EventWeights({"view": 0.5, "cart": 0.25}).weigh(Pasts.alone(history))
    np.testing.assert_allclose(weights / weights.max(), [1, 0.25, 1])


def test_a_history_of_events_that_count_nothing_is_told() -> None:
    with pytest.raises(DataError, match="nothing"):
        profile_by_name("events:purchase=0").make(vectors(2), History.of(["a", "b"]))


def test_the_power_mean_is_by_its_formula() -> None:
    items, past = vectors(30), vectors(4)
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    history = History(tuple("abcd"), (None,) * 4, ("x",) * 4, tuple(weights))
    found = profile_by_name("power:3").make(past, history).scores(items)
    similar = np.maximum(items.astype(np.float64) @ past.T.astype(np.float64), 0)
    wanted = (similar**3 @ (weights / 10)) ** (1 / 3)
    some = wanted > 0
    np.testing.assert_allclose(found[some], wanted[some], rtol=1e-5)
    nearest = profile_by_name("max").make(past, history).scores(items)
    np.testing.assert_allclose(found[~some], nearest[~some])


def test_a_high_power_comes_to_the_maximum() -> None:
    items, history = vectors(30), History.of(list("abcde"))
    soft, hard = (profile_by_name(n).make(vectors(5), history) for n in ("power:5000", "max"))
    np.testing.assert_allclose(soft.scores(items), hard.scores(items), atol=1e-3)


def test_the_nearest_item_decides() -> None:
    history = History.of(["a", "b"])
    profile = profile_by_name("max").make(np.eye(2, dtype=np.float32), history)
    found = profile.scores(np.array([[1, 0], [0, 1], [0.6, 0.8], [-0.6, -0.8]], dtype=np.float32))
    np.testing.assert_allclose(found, [1, 1, 0.8, -0.6], rtol=1e-6)


def test_interests_are_found_apart() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(3, 16)
    which = np.repeat([0, 1, 2], [6, 3, 1])
    items = normalise(centres[which] + rng.normal(scale=0.05, size=(10, 16)))
    profile = MultiInterestProfile(3).make(items, History.of([f"{row}" for row in range(10)]))
    order = profile.weights.argsort()[::-1]
    np.testing.assert_allclose(profile.weights[order], [0.6, 0.3, 0.1])
    assert (np.diag(profile.queries[order] @ centres.T) > 0.98).all()


def test_one_interest_is_the_mean() -> None:
    history = History(tuple("abca"), (None,) * 4, ("x",) * 4, (1.0, 2.0, 3.0, 4.0))
    past = vectors(3)[[0, 1, 2, 0]]
    one, mean = (profile_by_name(n).make(past, history) for n in ("interests:1", "mean"))
    np.testing.assert_allclose(one.queries, mean.queries, atol=1e-6)


def test_items_that_are_all_the_same_are_one_interest() -> None:
    past = np.repeat(vectors(1), 9, axis=0)
    profile = MultiInterestProfile(3).make(past, History.of(list("abcdefghi")))
    np.testing.assert_allclose(profile.queries, vectors(1), atol=1e-6)


@pytest.mark.parametrize("pooling", [SumPooling(), MaxPooling(), PowerPooling(1), PowerPooling(6)])
@given(similarities=arrays(np.float64, 4, elements=st.floats(-1, 1)))
def test_what_each_query_makes_adds_up_to_the_score(
    pooling: Pooling, similarities: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    score = pooling.pool(similarities[:, np.newaxis], weights)[0]
    shares = pooling.attention(similarities, weights)
    assert np.isfinite(shares).all()
    assert shares @ similarities == pytest.approx(score, abs=1e-9)
    double = pooling.pool(2 * similarities[:, np.newaxis], weights)[0]
    assert double == pytest.approx(2 * score, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nobody", "no profile 'nobody'"),
        ("", "no profile ''"),
        ("recency", "nothing where a number"),
        ("recency:soon", "'soon' where a number"),
        ("recency:0", "positive"),
        ("recency:nan", "positive"),
        ("recency:inf", "positive"),
        ("last:2.5", "whole number"),
        ("last:0", "1 or more"),
        ("power:0.5", "1 or more"),
        ("power:inf", "1 or more"),
        ("interests:0", "1 interest"),
        ("interests:2:0", "1 or more"),
        ("interests:2:", "nothing where a number"),
        ("mean:3", "takes no number"),
        ("events", "No event"),
        ("events:view", "EVENT=FACTOR"),
        ("events:view=-1", "0 or more"),
        ("events:view=much", "'much' where a number"),
        ("mean+max", "mean and max at once"),
        ("recency:30+", "no profile ''"),
    ],
)
def test_a_name_that_is_none_is_told(name: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        profile_by_name(name)


@given(st.text())
def test_any_name_is_known_or_told(name: str) -> None:
    with suppress(DataError):
        known = profile_by_name(name).name
        assert profile_by_name(known).name == known


def test_names_are_listed_where_one_is_wrong() -> None:
    with pytest.raises(DataError) as caught:
        profile_by_name("nobody")
    assert all(name in str(caught.value) for name in PROFILES)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("mean + recency:30.0", "recency:30"),
        ("power:4+recency:7", "recency:7+power:4"),
        ("last:5+recency:2", "last:5+recency:2"),
        ("interests:3:2.0", "interests:3:2"),
    ],
)
def test_a_name_has_one_spelling(written: str, name: str) -> None:
    assert profile_by_name(written).name == name
