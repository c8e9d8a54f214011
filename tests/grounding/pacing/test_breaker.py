from __future__ import annotations

import math

from vlm4rec.grounding.pacing.breaker import Breaker


def opened(**options: float) -> Breaker:
    breaker = Breaker(after=3, **options)
    for _ in range(3):
        assert not breaker.open
        breaker.failed(0.0)
    assert breaker.open
    return breaker


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(after=3)
    for now in range(50):
        breaker.failed(now)
        breaker.failed(now)
        breaker.succeeded()
    assert not breaker.open
    assert breaker.wait(50) == 0


def test_pauses_double_up_to_the_longest() -> None:
    breaker = opened(pause=5, longest=30)
    now, pauses = 0.0, []
    for _ in range(6):
        pauses.append(breaker.wait(now))
        now += pauses[-1]
        assert breaker.wait(now) == 0
        breaker.probe()
        assert breaker.wait(now) == math.inf
        breaker.failed(now)
    assert pauses == [5, 10, 20, 30, 30, 30]


def test_a_success_closes_it_and_all_begins_anew() -> None:
    breaker = opened(pause=5)
    breaker.probe()
    breaker.failed(5)
    breaker.probe()
    breaker.succeeded()
    assert not breaker.open
    for now in (100, 101, 102):
        assert not breaker.open
        breaker.failed(now)
    assert breaker.wait(102) == 5


def test_it_is_given_up_when_a_probe_fails_after_the_patience() -> None:
    breaker = opened(pause=40, longest=60, patience=100)
    now = 0.0
    probes = []
    while not breaker.given_up:
        now += breaker.wait(now)
        breaker.probe()
        breaker.failed(now)
        probes.append(now)
    assert probes == [40, 100]


def test_a_probe_that_tells_nothing_may_be_followed_by_another() -> None:
    breaker = opened(pause=5)
    breaker.probe()
    breaker.dropped()
    assert breaker.open
    assert breaker.wait(6) == 0
