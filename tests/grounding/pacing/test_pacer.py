from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlm4rec.errors import DataError, LVLMError
from vlm4rec.grounding.pacing.breaker import Breaker
from vlm4rec.grounding.pacing.concurrency import AdaptiveLimit
from vlm4rec.grounding.pacing.pacer import Pacer, Slot, Stopped

from .virtual_time import now, run


def fixed(level: int) -> AdaptiveLimit:
    return AdaptiveLimit(start=level, most=level)


async def entered(pacer: Pacer, tokens: int = 0) -> Slot:
    """Enter a slot and stay inside."""
    return await pacer.slot(tokens).__aenter__()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_calls_begin_in_the_order_in_which_they_came() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(3), requests_per_minute=600, monotonic=now)
        order: list[int] = []

        async def call(number: int) -> None:
            async with pacer.slot() as slot:
                order.append(number)
                await asyncio.sleep((number * 7) % 5)
                slot.succeeded()

        await asyncio.gather(*map(call, range(50)))
        assert order == list(range(50))

    run(main())


def test_a_newcomer_does_not_pass_those_who_wait() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(2), tokens_per_minute=6_000, monotonic=now)
        (await entered(pacer, 100)).succeeded()
        large = asyncio.create_task(entered(pacer, 100))
        await settle()
        small = asyncio.create_task(entered(pacer, 0))
        await settle()
        assert not small.done()
        (await large).succeeded()
        (await small).succeeded()

    run(main())


def test_no_more_calls_at_a_time_than_the_level() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(4), monotonic=now)
        slots = [await entered(pacer) for _ in range(4)]
        fifth = asyncio.create_task(entered(pacer))
        await settle()
        assert not fifth.done()
        assert pacer.in_flight == pacer.level == 4
        slots[2].refused()
        (await fifth).refused()
        assert pacer.in_flight == 3

    run(main())


def test_retry_after_holds_all_back_and_the_longest_counts() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(3), monotonic=now)
        start = now()
        slots = [await entered(pacer) for _ in range(3)]
        for slot, seconds in zip(slots, (30.0, 10.0, None), strict=True):
            slot.overloaded(seconds)
        assert pacer.pause_left == 30
        await entered(pacer)
        assert now() - start == pytest.approx(30)
        assert pacer.pause_left == 0

    run(main())


def test_retry_after_is_waited_for_up_to_the_patience() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(3), patience=40, monotonic=now)
        for seconds in (math.inf, 1e9, math.nan, -3.0, 0.0):
            (await entered(pacer)).overloaded(seconds)
            assert pacer.pause_left == (40 if seconds > 0 else 0)
            await asyncio.sleep(40)

    run(main())


@pytest.mark.parametrize("report", ["succeeded", "overloaded", "failed", "refused", None])
def test_a_place_is_free_again_whatever_is_reported(report: str | None) -> None:
    async def main() -> None:
        pacer = Pacer(fixed(1), monotonic=now)
        for _ in range(3):
            async with pacer.slot() as slot:
                if report:
                    getattr(slot, report)()
                    assert pacer.in_flight == 0
            assert pacer.in_flight == 0

    run(main())


def test_an_exception_inside_frees_the_place_and_is_not_lost() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(1), monotonic=now)
        with pytest.raises(KeyError):
            async with pacer.slot():
                raise KeyError
        assert pacer.in_flight == 0

    run(main())


def test_a_second_report_is_a_defect() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(1), monotonic=now)
        async with pacer.slot() as slot:
            slot.succeeded()
            with pytest.raises(RuntimeError, match="once"):
                slot.failed()
        with pytest.raises(RuntimeError, match="once"):
            pacer.slot().succeeded()
        assert pacer.in_flight == 0

    run(main())


def test_stop_wakes_all_that_wait_and_lets_those_inside_finish() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(2), requests_per_minute=60, monotonic=now)
        start = now()
        slot = await entered(pacer)
        waiting = [asyncio.create_task(entered(pacer)) for _ in range(20)]
        await asyncio.sleep(0.5)
        pacer.stop()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(end) for end in ends} == {Stopped}
        assert now() - start == 0.5
        with pytest.raises(Stopped):
            await entered(pacer)
        pacer.stop()
        slot.succeeded()
        assert pacer.in_flight == 0

    run(main())


def test_stop_ends_a_pause() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(2), monotonic=now)
        (await entered(pacer)).overloaded(200.0)
        start = now()
        asyncio.get_running_loop().call_later(1, pacer.stop)
        with pytest.raises(Stopped):
            await entered(pacer)
        assert now() - start == 1

    run(main())


@pytest.mark.parametrize(("retry_after", "broken"), [(2.0, False), (None, True)])
def test_many_told_together_to_come_back_later_are_one_failure(
    retry_after: float | None, broken: bool
) -> None:
    async def main() -> None:
        pacer = Pacer(fixed(12), breaker=Breaker(after=8), monotonic=now)
        for slot in [await entered(pacer) for _ in range(12)]:
            slot.overloaded(retry_after)
        assert pacer.broken == broken

    run(main())


def test_told_to_come_back_later_again_and_again_it_breaks() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(4), breaker=Breaker(after=8), monotonic=now)
        for tried in range(8):
            assert not pacer.broken, tried
            (await entered(pacer)).overloaded(2.0)
        assert pacer.broken

    run(main())


def test_after_an_outage_it_begins_with_half_as_many_and_climbs_back() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(12), breaker=Breaker(after=3), monotonic=now)
        for slot in [await entered(pacer) for _ in range(12)]:
            slot.failed()
        assert pacer.level == 6
        (await entered(pacer)).succeeded()
        for _ in range(6):
            for slot in [await entered(pacer) for _ in range(pacer.level)]:
                slot.succeeded()
        assert pacer.level == 12

    run(main())


def test_a_probe_is_alone_until_it_has_told() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(8), breaker=Breaker(after=1, pause=5), monotonic=now)
        (await entered(pacer)).failed()
        assert pacer.broken
        assert pacer.pause_left == 5
        tasks = [asyncio.create_task(entered(pacer)) for _ in range(4)]
        await asyncio.sleep(6)
        assert [task.done() for task in tasks] == [True, False, False, False]
        assert pacer.pause_left == math.inf
        tasks[0].result().refused()  # tells nothing, so the next is the probe
        await settle()
        assert [task.done() for task in tasks] == [True, True, False, False]
        assert pacer.broken
        tasks[1].result().succeeded()
        await settle()
        assert all(task.done() for task in tasks)
        assert not pacer.broken

    run(main())


def test_a_probe_that_is_cancelled_lets_the_next_through() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(8), breaker=Breaker(after=1, pause=5), monotonic=now)
        (await entered(pacer)).failed()

        async def hang() -> None:
            async with pacer.slot():
                await asyncio.sleep(1_000)

        probe = asyncio.create_task(hang())
        await asyncio.sleep(6)
        second = asyncio.create_task(entered(pacer))
        await settle()
        assert not second.done()
        probe.cancel()
        (await second).succeeded()
        assert not pacer.broken

    run(main())


def test_an_overloaded_probe_keeps_it_open_and_the_level_as_it_was() -> None:
    async def main() -> None:
        pacer = Pacer(AdaptiveLimit(start=8), breaker=Breaker(after=1), monotonic=now)
        (await entered(pacer)).failed()
        level = pacer.level
        (await entered(pacer)).overloaded()
        assert pacer.broken
        assert pacer.pause_left == 10
        assert pacer.level == level

    run(main())


def test_an_answer_from_before_does_not_close_it() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(8), breaker=Breaker(after=1), monotonic=now)
        early, late = await entered(pacer), await entered(pacer)
        late.failed()
        early.succeeded()
        assert pacer.broken

    run(main())


def test_those_who_wait_when_it_is_given_up_are_told() -> None:
    async def main() -> None:
        breaker = Breaker(after=1, pause=5, patience=5)
        pacer = Pacer(fixed(1), breaker=breaker, monotonic=now)
        (await entered(pacer)).failed()
        tasks = [asyncio.create_task(entered(pacer)) for _ in range(3)]
        await asyncio.sleep(5.5)
        tasks[0].result().failed()
        assert pacer.given_up
        ends = await asyncio.gather(*tasks[1:], return_exceptions=True)
        assert [type(end) for end in ends] == [LVLMError, LVLMError]
        with pytest.raises(LVLMError, match="Run the same command again") as caught:
            await entered(pacer)
        assert caught.value.fatal

    run(main())


@pytest.mark.parametrize("rates", [{"requests_per_minute": 0}, {"tokens_per_minute": math.nan}])
def test_a_rate_that_is_none_is_refused(rates: dict[str, float]) -> None:
    with pytest.raises(DataError, match="a minute"):
        Pacer(AdaptiveLimit(), **rates)  # type: ignore[arg-type]


def test_by_default_the_clock_is_the_real_one() -> None:
    async def main() -> None:
        pacer = Pacer(AdaptiveLimit(), requests_per_minute=60_000)
        for _ in range(1_030):  # a second's worth at once, and a few that wait
            async with pacer.slot() as slot:
                slot.succeeded()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


DOINGS = st.lists(
    st.tuples(
        st.sampled_from(["succeeded", "overloaded", "failed", "refused", "nothing", "raise"]),
        st.floats(0, 20),  # when it comes
        st.floats(0, 10),  # how long it takes
        st.none() | st.floats(0, 30),  # when it is cancelled
        st.integers(0, 3_000),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(doings=DOINGS, level=st.integers(1, 6), rate=st.none() | st.integers(30, 600))
def test_nothing_leaks_whatever_happens(
    doings: list[tuple[str, float, float, float | None, int]], level: int, rate: int | None
) -> None:
    async def main() -> None:
        pacer = Pacer(
            AdaptiveLimit(start=level, most=8),
            requests_per_minute=rate,
            tokens_per_minute=None if rate is None else 1_000 * rate,
            breaker=Breaker(after=3, patience=math.inf),
            monotonic=now,
        )
        most = 0

        async def call(report: str, seconds: float, tokens: int) -> None:
            nonlocal most
            async with pacer.slot(tokens) as slot:
                most = max(most, pacer.in_flight)
                await asyncio.sleep(seconds)
                if report == "raise":
                    raise KeyError
                if report != "nothing":
                    getattr(slot, report)()

        async def later(report: str, at: float, takes: float, cut: float | None, use: int) -> None:
            await asyncio.sleep(at)
            task = asyncio.create_task(call(report, takes, use))
            if cut is not None:
                asyncio.get_running_loop().call_later(cut, task.cancel)
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*(later(*doing) for doing in doings))
        assert pacer.in_flight == 0
        assert most <= 8 + 1  # the probe needs no place
        # All places are still there: so many calls can be inside at once.
        while pacer.broken:
            async with pacer.slot() as slot:
                slot.succeeded()
        slots = [await entered(pacer) for _ in range(pacer.level)]
        assert pacer.in_flight == len(slots)
        for slot in slots:
            slot.refused()
        assert pacer.in_flight == 0

    run(main())


def test_a_call_cancelled_in_the_moment_it_may_begin_takes_nothing() -> None:
    async def main() -> None:
        pacer = Pacer(fixed(1), requests_per_minute=120, tokens_per_minute=6_000, monotonic=now)
        first = await entered(pacer, 50)
        second = asyncio.create_task(entered(pacer, 50))
        third = asyncio.create_task(entered(pacer, 50))
        await settle()
        first.refused()  # lets the second begin, which has not run yet
        second.cancel()
        await settle()
        assert second.cancelled()
        assert pacer.in_flight == 1
        assert third.done()  # at once: what the second took was given back

    run(main())
