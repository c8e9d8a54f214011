from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vlm4rec.errors import LVLMError, ShopError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.runner import ground_photos

from .conftest import MakeRequests
from .fake_lvlm import FakeLVLM, answer


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
    lvlm = FakeLVLM(behaviour)
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

    with pytest.raises(ZeroDivisionError):
        ground_photos(make_requests(50), FakeLVLM(behaviour), ledger, RunOptions(concurrency=2))
    kept = {item for item, *_ in ledger.groundings()}
    assert "item0000" in kept
    assert "item0001" not in kept
    assert len(kept) < 10


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
