from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vlm4rec.errors import DataError
from vlm4rec.grounding.pacing.concurrency import AdaptiveLimit


def fill(limit: AdaptiveLimit) -> list[int]:
    calls = []
    while limit.has_room:
        calls.append(limit.began())
    return calls


class Server:
    """Keeps a limit full, one call ending after the other, first come, first served."""

    def __init__(
        self, limit: AdaptiveLimit, seconds: Callable[[int], float] = lambda _busy: 1.0
    ) -> None:
        self.limit = limit
        self.seconds = seconds
        self.calls: deque[tuple[int, float]] = deque()

    def fill(self) -> None:
        while self.limit.has_room:
            call = self.limit.began()
            self.calls.append((call, self.seconds(self.limit.in_flight)))

    def succeed(self, count: int) -> None:
        for _ in range(count):
            self.fill()
            self.limit.succeeded(*self.calls.popleft())
        self.fill()

    def overload(self) -> bool:
        self.fill()
        return self.limit.overloaded(self.calls.pop()[0])


def test_it_doubles_each_round_until_the_first_trouble() -> None:
    server = Server(AdaptiveLimit(start=4, most=64))
    levels = []
    for count in (4, 8, 16, 32, 64):
        server.succeed(count)
        levels.append(server.limit.level)
    assert levels == [8, 16, 32, 64, 64]


def test_trouble_halves_it_once_a_round() -> None:
    server = Server(AdaptiveLimit(start=32))
    assert [server.overload() for _ in range(10)] == [True] + 9 * [False]
    assert server.limit.level == 16
    server.succeed(32)
    assert server.overload()


def test_after_trouble_it_climbs_to_just_below_it_and_stays() -> None:
    limit = AdaptiveLimit(start=20)
    server = Server(limit)
    server.overload()
    assert limit.level == 10
    server.calls.clear()
    limit.in_flight = 0
    server.succeed(9)
    assert limit.level == 19
    server.succeed(3 * 19)
    assert limit.level == 19  # for four levels of successes
    server.succeed(19)
    assert limit.level == 20
    server.succeed(20)
    assert limit.level == 21  # and then by one a level


def test_trouble_at_the_same_level_makes_it_stay_longer() -> None:
    server = Server(AdaptiveLimit(start=10))
    stays = []
    for _ in range(5):
        server.overload()
        count = 0
        while server.limit.level < 10:
            server.succeed(1)
            count += 1
        stays.append(count)
    assert stays[0] < stays[1] < stays[2]
    assert max(stays) < 10 * 20


def test_trouble_that_stays_does_not_lower_where_it_climbs_back_to() -> None:
    server = Server(AdaptiveLimit(start=64))
    while server.limit.level > 1:
        server.overload()
    server.overload()
    for call, _ in server.calls:
        server.limit.ended(call)
    server.calls.clear()
    server.succeed(62)
    assert server.limit.level == 63


def test_after_a_restart_it_climbs_back_at_once() -> None:
    server = Server(AdaptiveLimit(start=40, most=40))
    server.succeed(1)
    server.limit.restart()
    assert server.limit.level == 20
    server.succeed(40 + 20)
    assert server.limit.level == 40


def test_it_does_not_grow_where_it_does_not_limit() -> None:
    limit = AdaptiveLimit(start=8, most=64)
    for _ in range(500):
        calls = [limit.began() for _ in range(5)]
        for call in calls:
            limit.succeeded(call, 1.0)
    assert limit.level == 8


def test_answers_from_before_the_cut_do_not_raise_it() -> None:
    limit = AdaptiveLimit(start=32)
    calls = fill(limit)
    limit.overloaded(calls.pop())
    for call in calls:
        limit.succeeded(call, 1.0)
    assert limit.level == 16


def test_a_cut_goes_by_what_was_really_under_way() -> None:
    limit = AdaptiveLimit(start=64)
    calls = [limit.began() for _ in range(10)]
    limit.overloaded(calls[0])
    assert limit.level == 5


@pytest.mark.parametrize("places", [1, 3, 6, 12])
def test_it_falls_back_where_more_calls_bring_no_more_answers(places: int) -> None:
    limit = AdaptiveLimit(start=4, most=64)
    server = Server(limit, lambda busy: max(1.0, busy / places))
    levels = []
    for _ in range(3_000):
        server.succeed(1)
        levels.append(limit.level)
    settled = sorted(levels[500:])[1_250]
    assert places <= settled <= max(7, 2.7 * places)


def test_it_stays_high_where_more_calls_bring_some_more_answers() -> None:
    """A GPU that works in batches: the more at a time, the slower each, yet the more in all."""
    limit = AdaptiveLimit(start=4, most=64)
    server = Server(limit, lambda busy: 1 + busy / 16)
    server.succeed(2_000)
    assert limit.level >= 56


@pytest.mark.parametrize(("start", "most"), [(0, 8), (4, 0), (-1, -1)])
def test_less_than_one_call_is_refused(start: int, most: int) -> None:
    with pytest.raises(DataError, match="at least 1"):
        AdaptiveLimit(start, most)


class LimitMachine(RuleBasedStateMachine):
    """Whatever becomes of calls, in whatever order, the counts are right and the level sane."""

    def __init__(self) -> None:
        super().__init__()
        self.limit = AdaptiveLimit(start=4, most=20)
        self.calls: list[int] = []
        self.last_cut = 0

    @rule()
    @precondition(lambda self: self.limit.has_room)
    def begin(self) -> None:
        self.calls.append(self.limit.began())

    @rule()
    def begin_many(self) -> None:
        self.calls += fill(self.limit)

    @rule(which=st.integers(0, 100), seconds=st.floats(0, 1e3))
    @precondition(lambda self: self.calls)
    def succeed(self, which: int, seconds: float) -> None:
        before = self.limit.level
        self.limit.succeeded(self.calls.pop(which % len(self.calls)), seconds)
        assert self.limit.level <= before + 1

    @rule(which=st.integers(0, 100))
    @precondition(lambda self: self.calls)
    def overload(self, which: int) -> None:
        before = self.limit.level
        call = self.calls.pop(which % len(self.calls))
        is_news = self.limit.overloaded(call)
        assert is_news == (call > self.last_cut)
        assert self.limit.level == before or is_news
        assert self.limit.level <= max(1, before // 2) or not is_news
        if is_news:
            self.last_cut = self.limit._begun

    @rule(which=st.integers(0, 100))
    @precondition(lambda self: self.calls)
    def end(self, which: int) -> None:
        before = self.limit.level
        self.limit.ended(self.calls.pop(which % len(self.calls)))
        assert self.limit.level == before

    @rule()
    def restart(self) -> None:
        self.limit.restart()
        self.last_cut = self.limit._begun

    @invariant()
    def counts_are_right(self) -> None:
        assert self.limit.in_flight == len(self.calls)
        assert 1 <= self.limit.level <= 20
        assert self.limit._latencies._under_way.keys() == set(self.calls)


TestLimit = LimitMachine.TestCase
TestLimit.settings = settings(max_examples=60, stateful_step_count=80, deadline=None)
