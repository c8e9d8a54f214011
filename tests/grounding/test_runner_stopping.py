from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vlm4rec.errors import LVLMError, ShopBusyError, ShopError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer, Traits
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.runner import ground_photos, run
from vlm4rec.grounding.watching import RunState

from .conftest import MakeRequests
from .fake_lvlm import FakeLVLM, PaidLVLM, answer, good

AT_ONCE = Traits(free=True, max_side=768)
"""Of one that looks at the photo itself, so that no thread does, which would mix the order."""


def test_ctrl_c_lets_what_is_in_flight_finish(ledger: Ledger, make_requests: MakeRequests) -> None:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if sum(lvlm.asked.values()) >= 10 and not pressed:
            pressed.append(True)
            signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0.05)
        return answer(request)

    lvlm = FakeLVLM(behaviour)
    pressed: list[bool] = []
    handler = signal.getsignal(signal.SIGINT)
    report = ground_photos(make_requests(50), lvlm, ledger, RunOptions(concurrency=4))
    assert report.stopped_by == "interrupt"
    assert report.asked == report.grounded == ledger.counts().photos
    assert 10 <= report.grounded < 20
    assert lvlm.closed
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_does_not_wait_for_another_try(ledger: Ledger, make_requests: MakeRequests) -> None:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGINT)
        raise LVLMError("Busy.", retryable=True, retry_after=200.0)

    report = ground_photos(make_requests(1), FakeLVLM(behaviour), ledger)
    assert report == GroundingReport(asked=1, stopped_by="interrupt")
    assert ledger.failures() == []


def test_a_second_ctrl_c_aborts(ledger: Ledger, make_requests: MakeRequests) -> None:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if request.item == "item0000":
            return answer(request)
        loop = asyncio.get_running_loop()
        for wait in (0.05, 0.1):
            loop.call_later(wait, signal.raise_signal, signal.SIGINT)
        await asyncio.sleep(60)
        raise AssertionError

    handler = signal.getsignal(signal.SIGINT)
    lvlm = FakeLVLM(behaviour, traits=AT_ONCE)
    with pytest.raises(KeyboardInterrupt):
        ground_photos(make_requests(2), lvlm, ledger, RunOptions(concurrency=1))
    assert lvlm.closed
    assert ledger.counts().photos == 1
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_fault_of_ours_is_raised_after_the_rest_is_kept(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if request.item == "item0001":
            raise ZeroDivisionError
        await asyncio.sleep(0.05)
        return answer(request)

    lvlm = FakeLVLM(behaviour, traits=AT_ONCE)
    with pytest.raises(ZeroDivisionError):
        ground_photos(make_requests(50), lvlm, ledger, RunOptions(concurrency=2))
    assert [item for item, *_ in ledger.groundings()] == ["item0000"]


def test_a_source_that_breaks_is_raised_after_the_rest_is_kept(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    def breaking() -> Iterator[GroundingRequest]:
        yield from (
            replace(request, prompt=Prompt("p", number, "What?"))
            for request in make_requests(1)
            for number in range(256)
        )
        raise OSError("gone")

    lvlm = FakeLVLM()
    with pytest.raises(OSError, match="gone"):
        ground_photos(breaking(), lvlm, ledger, RunOptions(concurrency=8))
    assert ledger.counts().answers == sum(lvlm.asked.values()) > 200


def test_a_ledger_that_can_not_be_written_stops_the_run(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(50)
    ledger._connection.execute("PRAGMA query_only = 1")
    lvlm = FakeLVLM()
    with pytest.raises(ShopError, match="can't be read or written"):
        ground_photos(requests, lvlm, ledger, RunOptions(concurrency=2))
    assert sum(lvlm.asked.values()) < 10
    assert lvlm.closed


def test_it_runs_in_a_thread_and_in_a_running_loop(
    tmp_path: Path, make_requests: MakeRequests
) -> None:
    requests = make_requests(3)

    def ground() -> int:
        with Ledger.open(tmp_path / "thread.sqlite") as ledger:
            return ground_photos(requests, FakeLVLM(), ledger).grounded

    async def in_thread() -> int:
        return await asyncio.to_thread(ground)

    assert asyncio.run(in_thread()) == 3


def test_a_disk_that_fills_up_half_way_loses_nothing_that_was_counted(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(150)
    (pages,) = ledger._connection.execute("PRAGMA page_count").fetchone()
    ledger._connection.execute(f"PRAGMA max_page_count = {pages + 12}")
    counted: list[int] = []
    with pytest.raises(ShopError, match="disk is full"):
        ground_photos(
            requests,
            FakeLVLM(),
            ledger,
            RunOptions(concurrency=8),
            watch=lambda state: counted.append(state.grounded),
        )
    kept = ledger.counts()
    assert 0 < kept.photos == kept.answers == counted[-1] < 150

    ledger._connection.execute("PRAGMA max_page_count = 1000000")
    rest = ground_photos(requests, FakeLVLM(), ledger)
    assert (rest.reused, rest.grounded) == (kept.photos, 150 - kept.photos)


def test_a_ledger_that_another_process_holds_is_told_before_anyone_is_asked(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    ledger._connection.execute("PRAGMA busy_timeout = 50")
    with contextlib.closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        lvlm = FakeLVLM()
        with pytest.raises(ShopBusyError):
            ground_photos(make_requests(3), lvlm, ledger)
        other.execute("ROLLBACK")
    assert not lvlm.log
    assert ground_photos(make_requests(3), FakeLVLM(), ledger).grounded == 3


def test_one_answer_that_can_not_be_written_costs_no_other(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    together = asyncio.Barrier(4)

    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        await together.wait()  # so that all are committed together
        came = answer(request)
        return replace(came, tokens_out=2**70) if request.item == "item0001" else came

    with pytest.raises(OverflowError):
        ground_photos(make_requests(4), FakeLVLM(behaviour), ledger)
    assert {item for item, *_ in ledger.groundings()} == {"item0000", "item0002", "item0003"}


def test_who_watches_badly_is_told_after_the_rest_is_kept(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    def watch(state: RunState) -> None:
        if state.grounded == 3:
            raise BrokenPipeError

    options = RunOptions(concurrency=1)
    with pytest.raises(BrokenPipeError):
        ground_photos(make_requests(40), FakeLVLM(), ledger, options, watch=watch)
    assert 3 <= ledger.counts().photos < 40


def _stopping(ledger: Ledger, requests: list[GroundingRequest], after: int, **how: object) -> str:
    async def go() -> str:
        stop = asyncio.Event()

        async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
            await asyncio.sleep(0.01)
            if lvlm.asked.total() == after:
                stop.set()
            return LVLMAnswer(good(request), "gpt-4.1-mini", "stop", 1000, 0, 100)

        lvlm = PaidLVLM(behaviour)
        options = RunOptions(**how)  # type: ignore[arg-type]
        going = run(requests, lvlm, ledger, options, stop=stop)
        return (await asyncio.wait_for(going, 20)).stopped_by

    return asyncio.run(go())


def test_ctrl_c_while_calls_wait_for_the_budget_is_an_interrupt(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    # The budget has room for one call at a time, and for no third one.
    assert _stopping(ledger, make_requests(9), 2, budget=0.0022) == "interrupt"
    assert _stopping(ledger, make_requests(9), 99, budget=0.0022) == "budget"


def test_ctrl_c_after_the_limit_is_an_interrupt(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(9)
    assert _stopping(ledger, requests, 1, limit=2, concurrency=1) == "interrupt"
    assert _stopping(ledger, requests, 99, limit=2, concurrency=1) == "limit"
