from __future__ import annotations

import asyncio
from collections import Counter
from statistics import median

import pytest

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.pacing.breaker import Breaker
from vlm4rec.grounding.pacing.concurrency import AdaptiveLimit
from vlm4rec.grounding.pacing.pacer import Pacer

from .simulated_server import Job, SimulatedServer
from .virtual_time import now, run


@pytest.mark.parametrize("capacity", [1, 3, 8, 20, 50])
def test_the_level_settles_at_what_the_server_takes(capacity: int) -> None:
    async def main() -> None:
        server = SimulatedServer(capacity)
        photos = 1_500 + 150 * capacity
        job = Job(server, Pacer(AdaptiveLimit(), monotonic=now), photos)
        await job.work()
        used = server.served / (now() - server.started) / capacity
        assert used >= 0.9
        [(most_often, _)] = Counter(job.levels[1_000:]).most_common(1)
        assert most_often == capacity
        assert server.rejected < len(server.came) / max(5, capacity)

    run(main())


def test_a_healthy_server_is_used_to_the_full_at_once() -> None:
    async def main() -> None:
        server = SimulatedServer()
        job = Job(server, Pacer(AdaptiveLimit(most=64), monotonic=now), 12_000)
        await job.work(workers=80)
        assert job.levels.index(64) < 200
        assert min(job.levels[job.levels.index(64) :]) == 64
        assert server.busiest == 64
        assert server.served / (now() - server.started) / 64 >= 0.97

    run(main())


@pytest.mark.parametrize("places", [2, 8, 16])
def test_a_server_that_queues_is_not_queued_at_more_than_needed(places: int) -> None:
    async def main() -> None:
        server = SimulatedServer(places=places)
        job = Job(server, Pacer(AdaptiveLimit(most=64), monotonic=now), 4_000)
        await job.work()
        settled = sorted(job.levels[1_000:])[1_500]
        assert places <= settled <= max(16, 4 * places)
        assert server.served / (now() - server.started) / places >= 0.95

    run(main())


def test_the_level_follows_a_server_that_shrinks_and_grows() -> None:
    async def main() -> None:
        server = SimulatedServer(40)
        job = Job(server, Pacer(AdaptiveLimit(), monotonic=now), 6_000)
        working = asyncio.create_task(job.work())
        for capacity, seconds in ((40, 40), (5, 60), (40, 60)):
            server.capacity = capacity
            await asyncio.sleep(seconds)
            assert median(job.levels[-5 * capacity :]) in (capacity - 1, capacity, capacity + 1)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    run(main())


def test_an_outage_is_waited_out_with_few_probes() -> None:
    async def main() -> None:
        server = SimulatedServer(away=lambda time: 20 <= time < 80)
        pacer = Pacer(AdaptiveLimit(), monotonic=now)
        job = Job(server, pacer, 4_000)
        await job.work()
        assert len(job.levels) == 4_000
        probes = [time for time in server.missed if time > 21]
        assert 3 <= len(probes) <= 6  # after 5, 10, 20 seconds, and so on
        assert job.most_burnt <= 2  # of the first few failures, before it opens
        assert pacer.level == 64
        back = next(time for time in server.came if time >= 80)
        assert back < 80 + 60
        assert sum(back <= time < back + 10 for time in server.came) > 300

    run(main())


def test_a_server_that_stays_away_is_given_up() -> None:
    async def main() -> None:
        server = SimulatedServer(away=lambda time: time >= 5)
        job = Job(server, Pacer(AdaptiveLimit(), monotonic=now), 4_000)
        working = [asyncio.create_task(job.work(1)) for _ in range(64)]
        ends = await asyncio.gather(*working, return_exceptions=True)
        assert {type(end) for end in ends} == {LVLMError}
        assert all(end.fatal for end in ends if isinstance(end, LVLMError))
        assert "no call for 10 minutes" in str(ends[0])
        assert 605 <= now() - server.started <= 607
        assert len([time for time in server.missed if time > 7]) < 20
        assert job.pacer.given_up
        assert job.pacer.in_flight == 0

    run(main())


def test_calls_that_hang_do_not_keep_the_probe_out() -> None:
    async def main() -> None:
        pacer = Pacer(AdaptiveLimit(start=4, most=4), breaker=Breaker(after=2), monotonic=now)
        started = now()

        async def hang(seconds: float) -> None:
            async with pacer.slot() as slot:
                await asyncio.sleep(seconds)
                slot.failed()

        hanging = [asyncio.create_task(hang(seconds)) for seconds in (1, 1, 60, 60)]
        await asyncio.sleep(2)
        broken = [pacer.broken]
        async with pacer.slot() as slot:
            assert now() - started == pytest.approx(6)
            slot.succeeded()
        broken.append(pacer.broken)
        await asyncio.gather(*hanging)
        broken.append(pacer.broken)
        assert broken == [True, False, False]  # what began before it closed is old news
        assert pacer.in_flight == 0

    run(main())


@pytest.mark.parametrize("per_minute", [20, 90, 1_200])
def test_no_minute_has_more_requests_than_allowed(per_minute: int) -> None:
    async def main() -> None:
        server = SimulatedServer()
        pacer = Pacer(AdaptiveLimit(), requests_per_minute=per_minute, monotonic=now)
        working = asyncio.create_task(Job(server, pacer, 100_000).work())
        await asyncio.sleep(301)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        at = server.came
        busiest = max(sum(start <= time < start + 60 for time in at) for start in at[::7])
        assert busiest <= per_minute + max(1, per_minute / 60)
        assert len(at) >= 5 * per_minute * 0.98
        assert pacer.level < 64 or per_minute > 1_000  # what doesn't limit doesn't grow

    run(main())


def test_tokens_are_counted_as_they_were_used() -> None:
    """Each call uses three times what was thought: the limit holds for what was used."""

    async def main() -> None:
        pacer = Pacer(AdaptiveLimit(), tokens_per_minute=60_000, monotonic=now)
        started, used = now(), 0

        async def work() -> None:
            nonlocal used
            while now() - started < 300:
                async with pacer.slot(tokens=500) as slot:
                    await asyncio.sleep(1)
                    used += 1_500
                    slot.succeeded(tokens=1_500)

        await asyncio.gather(*(work() for _ in range(8)))
        assert 0.95 * 300_000 <= used <= 300_000 + 10 * 1_500

    run(main())
