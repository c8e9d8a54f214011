"""Many histories at once give what each gives alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.many import is_linear, pool_profiles
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.registry import profile_by_name

START = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
LINEAR = (
    "mean",
    "recency:30",
    "recency:0.01",
    "last:1",
    "last:3",
    "events:view=0.2,look=0",
    "events:view=0+last:2+recency:5",
)
ITEMS = "abcdefghij"  # the vectors are of these; others have none

interaction = st.tuples(
    st.sampled_from(ITEMS + "xyz"),
    st.none() | st.floats(0, 400).map(lambda days: START + timedelta(days=days)),
    st.sampled_from(["purchase", "view", "look"]),
    st.sampled_from([0.0, 0.5, 1.0, 3.0, 1e300, 5e-324]),
)
histories = st.lists(
    st.lists(interaction, max_size=12).map(
        lambda rows: History(*([tuple(field) for field in zip(*rows, strict=True)] or [()] * 4))
    ),
    max_size=6,
)


def vectors() -> Floats:
    return normalise(np.random.default_rng(0).normal(size=(len(ITEMS), 5)) + 0.3)


@pytest.mark.parametrize("name", LINEAR)
@settings(max_examples=60, deadline=None)
@given(given_=histories)
def test_together_is_as_alone(name: str, given_: list[History]) -> None:
    rows = {item: row for row, item in enumerate(ITEMS)}
    strategy = profile_by_name(name)
    together = pool_profiles(strategy, Pasts.of(given_, rows), vectors())
    assert together.shape == (len(given_), 5)
    assert together.dtype == np.float32
    for query, history in zip(together, given_, strict=True):
        covered = history.only([item in rows for item in history.items])
        past = vectors()[[rows[item] for item in covered.items]]
        try:
            alone = strategy.make(past, covered).queries[0]
        except DataError:  # nothing counts
            alone = np.zeros(5, dtype=np.float32)
        np.testing.assert_allclose(query, alone, atol=1e-6)


def test_what_is_linear() -> None:
    assert all(is_linear(profile_by_name(name)) for name in LINEAR)
    assert not any(is_linear(profile_by_name(n)) for n in ("max", "recency:3+power:2"))
    with pytest.raises(ValueError, match="max"):
        pool_profiles(profile_by_name("max"), Pasts.of([], {}), vectors())


def test_no_histories_are_no_profiles() -> None:
    for name in LINEAR:
        assert pool_profiles(profile_by_name(name), Pasts.of([], {}), vectors()).shape == (0, 5)
