from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import DataError
from vlm4rec.grounding.pacing.rates import RateLimit


@given(
    per_minute=st.floats(1, 1e6),
    calls=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1e4)), min_size=1, max_size=60),
)
def test_no_span_has_more_than_its_share_and_a_burst(
    per_minute: float, calls: list[tuple[float, float]]
) -> None:
    limit = RateLimit(per_minute)
    now = 50.0
    taken: list[tuple[float, float]] = []
    for idle, amount in calls:
        now += idle
        now += limit.wait(amount, now)
        assert limit.wait(amount, now) == pytest.approx(0, abs=1e-6)
        limit.take(amount, now)
        taken.append((now, amount))
    burst = max(1.0, per_minute / 60, max(amount for _, amount in calls))
    for first in range(len(taken)):
        total = 0.0
        for at, amount in taken[first:]:
            total += amount
            allowed = burst + (at - taken[first][0]) * per_minute / 60
            assert total <= allowed * (1 + 1e-6) + 1e-3


def test_it_is_used_to_the_full() -> None:
    limit = RateLimit(90)
    now = 0.0
    for _ in range(901):
        now += limit.wait(1, now)
        limit.take(1, now)
    assert now == pytest.approx(600, abs=1)


def test_a_call_larger_than_a_minute_is_made_and_paid_off() -> None:
    limit = RateLimit(600)
    assert limit.wait(6_000, 0) == 0
    limit.take(6_000, 0)
    assert limit.wait(1, 0) == pytest.approx((5_990 + 1) / 10)


def test_what_was_used_beyond_the_estimate_is_waited_for() -> None:
    limit = RateLimit(600)
    limit.take(5, 0)
    limit.settle(25, 0)
    assert limit.wait(0, 0) == pytest.approx(2)
    assert limit.wait(10, 0) == pytest.approx(3)


def test_what_is_given_back_is_no_more_than_a_second_s_worth() -> None:
    limit = RateLimit(600)
    limit.settle(-1_000, 0)
    limit.take(10, 0)
    assert limit.wait(10, 0) == pytest.approx(1)


def test_a_clock_that_steps_back_does_no_harm() -> None:
    limit = RateLimit(60)
    limit.take(1, 100)
    assert limit.wait(1, 90) == pytest.approx(1)


@pytest.mark.parametrize("per_minute", [0, -1, math.nan, math.inf])
def test_a_rate_must_be_a_number_above_0(per_minute: float) -> None:
    with pytest.raises(DataError, match="above 0"):
        RateLimit(per_minute)
