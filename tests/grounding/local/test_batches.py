"""Questions that come at the same time, and the thread that answers them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.providers.local_batches import Batches, Waiting


class Doubler:
    """Doubles numbers, each time when it is let; notes what came together, on which thread."""

    def __init__(self, *, let: bool = True) -> None:
        self.together: list[list[int]] = []
        self.given_up: list[bool] = []
        self.threads: set[str] = set()
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(1000 if let else 0)

    def __call__(self, waiting: Sequence[Waiting[int]]) -> list[int | Exception]:
        self.together.append([each.question for each in waiting])
        self.threads.add(threading.current_thread().name)
        self.began.release()
        assert self.go_on.acquire(timeout=30)
        self.given_up += [each.given_up() for each in waiting]
        return [ValueError("13") if each.question == 13 else 2 * each.question for each in waiting]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "local-model" in thread.name]


def test_what_comes_while_it_is_busy_is_answered_together() -> None:
    doubler = Doubler(let=False)

    async def ask() -> list[int]:
        batches = Batches(lambda: doubler, 4)
        first = asyncio.create_task(batches.ask(0))
        await asyncio.to_thread(doubler.began.acquire)
        # That we get here while it is busy shows that it doesn't hold up the event loop.
        others = [asyncio.create_task(batches.ask(number)) for number in range(1, 8)]
        await asyncio.sleep(0)
        doubler.go_on.release(3)
        try:
            return await asyncio.gather(first, *others)
        finally:
            await batches.close()

    assert asyncio.run(ask()) == [2 * number for number in range(8)]
    assert doubler.together == [[0], [1, 2, 3, 4], [5, 6, 7]]
    assert doubler.threads == {"vlm4rec-local-model"}
    assert not threads()


def test_an_error_is_that_question_s_own() -> None:
    async def ask() -> list[int | BaseException]:
        batches = Batches(Doubler, 4)
        try:
            asked = (batches.ask(number) for number in (12, 13, 14))
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await batches.close()

    first, error, last = asyncio.run(ask())
    assert (first, str(error), last) == (24, "13", 28)


def test_who_gave_up_is_not_asked_for_and_can_be_told() -> None:
    doubler = Doubler(let=False)

    async def ask() -> list[int]:
        batches = Batches(lambda: doubler, 4)
        first = asyncio.create_task(batches.ask(0))
        await asyncio.to_thread(doubler.began.acquire)
        left, leaves, left_early = (asyncio.create_task(batches.ask(n)) for n in (1, 2, 3))
        await asyncio.sleep(0)
        left_early.cancel()
        await asyncio.sleep(0)
        doubler.go_on.release()
        await asyncio.to_thread(doubler.began.acquire)
        leaves.cancel()
        await asyncio.sleep(0)
        doubler.go_on.release()
        try:
            return [await first, await left]
        finally:
            await batches.close()

    assert asyncio.run(ask()) == [0, 2]
    assert doubler.together == [[0], [1, 2]]
    assert doubler.given_up == [False, False, True]


def test_what_can_t_be_made_fails_every_question_alike() -> None:
    made = []

    def make() -> Doubler:
        made.append(1)
        raise LVLMError("It is not there.", fatal=True)

    async def ask() -> None:
        batches = Batches(make, 2)
        for number in range(3):
            with pytest.raises(LVLMError, match="not there"):
                await batches.ask(number)
        await batches.close()

    asyncio.run(ask())
    assert len(made) == 1
    assert not threads()


def test_closing_lets_go_of_who_waits_and_of_the_thread() -> None:
    began = threading.Event()
    stopped = []

    def work(waiting: Sequence[Waiting[int]]) -> list[int | Exception]:
        began.set()
        while not waiting[0].given_up():
            time.sleep(0.001)
        stopped.append(True)
        return [LVLMError("It was stopped.")] * len(waiting)

    async def ask() -> list[object]:
        batches = Batches(lambda: work, 1)
        tasks = [asyncio.create_task(batches.ask(number)) for number in range(3)]
        await asyncio.to_thread(began.wait)
        await batches.close()
        await batches.close()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    failures = asyncio.run(ask())
    assert stopped == [True]
    assert [type(failure) for failure in failures] == [LVLMError] * 3
    assert not threads()


def test_it_starts_again_after_it_was_closed() -> None:
    made = []

    def make() -> Doubler:
        made.append(1)
        return Doubler()

    async def ask() -> list[int]:
        batches = Batches(make, 1)
        answers = []
        for number in (1, 2):
            answers.append(await batches.ask(number))
            await batches.close()
        return answers

    assert asyncio.run(ask()) == [2, 4]
    assert len(made) == 2


def test_two_event_loops_may_ask_at_once() -> None:
    doubler = Doubler()
    batches = Batches(lambda: doubler, 4)
    came: dict[int, list[int]] = {}

    async def ask(start: int) -> list[int]:
        asked = (batches.ask(number) for number in range(start, start + 50))
        return list(await asyncio.gather(*asked))

    def run(start: int) -> None:
        came[start] = asyncio.run(ask(start))

    others = [threading.Thread(target=run, args=(start,)) for start in (100, 200)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    asyncio.run(batches.close())
    assert came == {
        start: [2 * number for number in range(start, start + 50)] for start in (100, 200)
    }
    assert len(doubler.threads) == 1
