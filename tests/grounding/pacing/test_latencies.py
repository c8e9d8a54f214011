from __future__ import annotations

import math
import random

import pytest

from vlm4rec.grounding.pacing.latencies import Latencies


def seen(chance: random.Random, seconds_at: dict[int, float], each: int = 40) -> Latencies:
    latencies = Latencies()
    call = 0
    for in_flight, seconds in seconds_at.items():
        for _ in range(each):
            call += 1
            latencies.began(call, in_flight)
            latencies.ended(call, seconds * math.exp(0.5 * chance.gauss(0, 1)))
    return latencies


def test_the_least_level_that_gives_as_much_is_enough() -> None:
    latencies = seen(random.Random(1), {3: 1.0, 6: 1.0, 12: 2.0, 24: 4.0, 48: 10.0})
    assert latencies.enough(200, 48) == pytest.approx(6)


def test_what_was_seen_above_the_level_does_not_matter() -> None:
    latencies = seen(random.Random(1), {3: 1.0, 6: 1.0, 48: 60.0})
    assert latencies.enough(120, 7) is None
    assert latencies.enough(120, 48) is not None


def test_what_is_long_ago_does_not_count() -> None:
    latencies = seen(random.Random(1), {6: 1.0, 48: 10.0})
    assert latencies.enough(80, 48) is not None
    assert latencies.enough(560, 48) is None


def test_a_few_calls_prove_nothing() -> None:
    assert seen(random.Random(1), {6: 1.0, 48: 10.0}, each=5).enough(10, 48) is None


@pytest.mark.parametrize("seed", range(20))
def test_chance_is_not_taken_for_a_queue(seed: int) -> None:
    latencies = seen(random.Random(seed), {4: 1.0, 8: 1.0, 16: 1.0, 32: 1.0, 64: 1.0}, each=12)
    assert latencies.enough(60, 64) is None


@pytest.mark.parametrize("seed", range(20))
def test_levels_that_are_nearly_the_same_are_not_told_apart_by_chance(seed: int) -> None:
    latencies = seen(random.Random(seed), {30: 1.0, 34: 1.0}, each=12)
    assert latencies.enough(24, 34) is None


def test_a_slower_answer_that_still_gives_more_is_not_enough() -> None:
    latencies = seen(random.Random(1), {8: 1.0, 16: 1.5, 32: 2.5, 64: 3.5})
    assert latencies.enough(160, 64) is None
