from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.asking import Clock, Retrying
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer, Traits
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.runner import ground_photos, run
from vlm4rec.problems import Problem, count_by_code

from .conftest import MakeRequests
from .fake_lvlm import Behaviour, FakeLVLM, answer, raising


def test_each_photo_is_grounded(ledger: Ledger, make_requests: MakeRequests) -> None:
    async def slowly(request: GroundingRequest, _before: int) -> LVLMAnswer:
        await asyncio.sleep(0.01)
        return answer(request)

    lvlm = FakeLVLM(slowly)
    seen: list[tuple[int, int | None]] = []
    report = ground_photos(
        make_requests(20),
        lvlm,
        ledger,
        RunOptions(concurrency=3),
        watch=lambda state: seen.append((state.done, state.total)),
    )
    assert report == GroundingReport(
        asked=20, grounded=20, tokens_in=200, tokens_cached=80, tokens_out=40
    )
    assert lvlm.busiest == 3
    assert lvlm.closed
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)
    item, ordinal, grounding = next(iter(ledger.groundings()))
    assert (item, ordinal, grounding.answer.category) == ("item0000", 0, "boot")
    origin = grounding.provenance
    assert (origin.provider, origin.model, origin.prompt_id) == ("fake", "m-2026", "paper-v1")
    assert origin.parameters == {"seed": 1}


def test_only_what_is_missing_is_asked_for(ledger: Ledger, make_requests: MakeRequests) -> None:
    requests = make_requests(6)
    ground_photos(requests[:4], FakeLVLM(), ledger)
    lvlm = FakeLVLM()
    report = ground_photos(requests, lvlm, ledger)
    assert (report.asked, report.grounded, report.reused) == (2, 2, 4)
    assert set(lvlm.asked) == {request.photo_sha256 for request in requests[4:]}
    before = list(ledger.assigned())
    again = ground_photos(requests, FakeLVLM(), ledger)
    assert again == GroundingReport(reused=6)
    assert list(ledger.assigned()) == before


def test_a_new_prompt_asks_anew_and_keeps_the_old(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(2)
    ground_photos(requests, FakeLVLM(), ledger)
    other = [replace(request, prompt=Prompt("shoes", 1, "What shoe?")) for request in requests]
    assert ground_photos(other, FakeLVLM(), ledger).grounded == 2
    assert {g.provenance.prompt_id for *_, g in ledger.groundings()} == {"shoes-v1"}
    assert len(ledger.answers(requests[0].photo_sha256)) == 2


def test_a_photo_of_many_items_is_asked_about_once(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    first, second = make_requests(2)
    requests = [replace(first, item=f"copy{n}", ordinal=n % 2) for n in range(600)]
    lvlm = FakeLVLM()
    report = ground_photos([first, *requests, second], lvlm, ledger, RunOptions(concurrency=4))
    assert sum(lvlm.asked.values()) == 2
    assert report.asked == 2
    assert report.grounded + report.reused == 602
    assert ledger.counts().photos == 602


def test_the_same_photo_later_in_the_run_fails_alike(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    (first,) = make_requests(1)
    lvlm = FakeLVLM(raising(LVLMError("No.")))
    requests = [replace(first, item=f"copy{n}") for n in range(600)]
    report = ground_photos(requests, lvlm, ledger)
    assert sum(lvlm.asked.values()) == 1
    assert len(report.failed) == 600
    assert len(ledger.failures()) == 600


def test_photos_that_no_one_can_answer_are_counted(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(3)
    lvlm = FakeLVLM()
    lvlm.unknown = {requests[1].item}
    report = ground_photos(requests, lvlm, ledger)
    assert (report.grounded, report.unavailable, report.failed) == (2, 1, [])
    assert ledger.failures() == []


def test_what_may_help_is_tried_again(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock, naps: list[float]
) -> None:
    lvlm = FakeLVLM(raising(LVLMError("Busy.", retryable=True), times=3))
    report = ground_photos(make_requests(1), lvlm, ledger, clock=clock)
    assert (report.grounded, report.retried, report.asked) == (1, 3, 1)
    assert naps == [0.5, 1.0, 2.0]


def test_the_server_says_how_long_to_wait(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock, naps: list[float]
) -> None:
    lvlm = FakeLVLM(raising(LVLMError("Busy.", retryable=True, retry_after=20.0), times=1))
    ground_photos(make_requests(1), lvlm, ledger, clock=clock)
    assert sum(naps) >= 20.0  # no call before
    assert lvlm.asked.total() == 2


def test_a_wait_beyond_all_patience_ends_the_run(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock, naps: list[float]
) -> None:
    lvlm = FakeLVLM(raising(LVLMError("Full.", retryable=True, retry_after=86_400.0)))
    report = ground_photos(make_requests(3), lvlm, ledger, RunOptions(concurrency=1), clock=clock)
    assert report.stopped_by == "error"
    assert str(report.error) == (
        "Full. It asks to wait 86,400 seconds. "
        "Run the same command again later: what was grounded is kept."
    )
    assert lvlm.asked.total() == 1
    assert ledger.failures() == []


def test_tries_come_to_an_end(ledger: Ledger, make_requests: MakeRequests, clock: Clock) -> None:
    requests = make_requests(2)
    lvlm = FakeLVLM(raising(LVLMError("Down.", "Wake it.", retryable=True)))
    report = ground_photos(requests, lvlm, ledger, RunOptions(retries=2), clock=clock)
    assert list(lvlm.asked.values()) == [3, 3]
    expected = Problem("no-answer", "item item0000", "Down", "Wake it", "item0000")
    assert min(report.failed, key=str) == expected
    assert ledger.failures()[0] == expected
    assert report.stopped_by == ""


def test_what_can_not_help_is_not_tried_again(
    ledger: Ledger, make_requests: MakeRequests, naps: list[float], clock: Clock
) -> None:
    lvlm = FakeLVLM(raising(LVLMError("Too large.")))
    report = ground_photos(make_requests(3), lvlm, ledger, clock=clock)
    assert (len(report.failed), report.retried, naps) == (3, 0, [])


def test_full_jitter_stays_in_bounds() -> None:
    retrying = Retrying()
    waits = [retrying.wait(tried, lambda: 1.0) for tried in (0, 1, 5, 10, 10_000)]
    assert waits == [0.5, 1.0, 16.0, 60.0, 60.0]
    assert retrying.wait(5, lambda: 0.0) == 0.0


def test_a_fatal_error_stops_the_run_and_keeps_what_came(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if request.item == "item0004":
            raise LVLMError("Wrong key.", fatal=True)
        if request.item == "item0003":
            await asyncio.sleep(0.1)
        return answer(request)

    report = ground_photos(
        make_requests(100), FakeLVLM(behaviour), ledger, RunOptions(concurrency=2)
    )
    assert report.stopped_by == "error"
    assert str(report.error) == "Wrong key."
    assert report.failed == []
    grounded = [item for item, *_ in ledger.groundings()]
    assert "item0003" in grounded  # was in flight
    assert 4 <= report.grounded == len(grounded) < 10


def test_photos_that_vanished_or_changed_are_problems(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(4)
    Path(requests[1].photo).unlink()
    Path(requests[2].photo).write_bytes(b"other")
    requests[3] = replace(requests[3], ordinal=2)
    lvlm = FakeLVLM(raising(PhotoError("It is broken.", code="truncated")))
    lvlm.behaviour = None if lvlm.behaviour is None else _broken_for("item0003")
    report = ground_photos(requests, lvlm, ledger)
    assert report.grounded == 1
    codes = {problem.where: problem.code for problem in report.failed}
    assert codes == {
        "item item0001": "missing",
        "item item0002": "changed",
        "item item0003, photo 2": "truncated",
    }
    assert report.asked == 1


def _broken_for(item: str) -> Behaviour:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if request.item == item:
            raise PhotoError("It is broken.", code="truncated")
        return answer(request)

    return behaviour


def test_the_limit_is_on_photos_asked_about(ledger: Ledger, make_requests: MakeRequests) -> None:
    requests = make_requests(10)
    ground_photos(requests[5:], FakeLVLM(), ledger)
    report = ground_photos(requests, FakeLVLM(), ledger, RunOptions(limit=3))
    assert (report.asked, report.reused, report.stopped_by) == (3, 5, "limit")
    assert ground_photos(requests, FakeLVLM(), ledger, RunOptions(limit=2)).stopped_by == ""
    assert ground_photos(requests, FakeLVLM(), ledger, RunOptions(limit=0)).reused == 10


def test_beyond_the_limit_what_is_known_is_reused(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    requests = make_requests(600)
    ground_photos(requests[500:], FakeLVLM(), ledger)
    report = ground_photos(requests, FakeLVLM(), ledger, RunOptions(limit=3))
    assert (report.asked, report.reused, report.stopped_by) == (3, 100, "limit")
    assert len(requests) - report.done == 497


def test_requests_are_taken_as_they_are_needed(ledger: Ledger, make_requests: MakeRequests) -> None:
    (first,) = make_requests(1)
    taken = 0

    def endless() -> Iterator[GroundingRequest]:
        nonlocal taken
        while True:
            taken += 1
            yield replace(first, item=str(taken), prompt=Prompt("p", taken, "What?"))

    async def stop_soon() -> GroundingReport:
        stop = asyncio.Event()

        async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
            if sum(lvlm.asked.values()) >= 100:
                stop.set()
            return answer(request)

        lvlm = FakeLVLM(behaviour)
        report = await run(endless(), lvlm, ledger, RunOptions(concurrency=8), stop=stop)
        assert not lvlm.closed
        return report

    report = asyncio.run(stop_soon())
    assert report.stopped_by == "interrupt"
    assert 100 <= report.grounded <= 110
    assert taken <= 256


def test_nothing_to_do(ledger: Ledger) -> None:
    assert ground_photos([], FakeLVLM(), ledger) == GroundingReport()


@pytest.mark.parametrize("between", [0, 300])
def test_a_photo_whose_file_is_gone_is_taken_from_an_item_with_the_same(
    ledger: Ledger, make_requests: MakeRequests, between: int
) -> None:
    first, *others = make_requests(1 + between)
    copy = Path(first.photo).with_name("copy.png")
    Path(first.photo).rename(copy)
    twin = replace(first, item="twin", photo=str(copy))
    lvlm = FakeLVLM()
    report = ground_photos([first, *others, twin], lvlm, ledger)
    assert lvlm.asked[first.photo_sha256] == 1
    described = {item for item, *_ in ledger.groundings()}
    assert "twin" in described
    if not between:  # the twin was in line when the file was looked for
        assert (first.item in described, report.failed) == (True, [])
    else:
        assert count_by_code(report.failed) == {"missing": 1}
        assert ground_photos([first, *others, twin], lvlm, ledger).reused == len(others) + 2
        assert ledger.failures() == []


def test_a_photo_that_is_gone_everywhere_fails_for_all(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    (first,) = make_requests(1)
    requests = [replace(first, item=f"copy{n}", photo=f"{first.photo}.{n}") for n in range(600)]
    report = ground_photos(requests, FakeLVLM(), ledger)
    assert count_by_code(report.failed) == count_by_code(ledger.failures()) == {"missing": 600}
    assert (report.asked, report.done) == (0, 600)


def test_only_calls_that_went_out_are_counted(ledger: Ledger, make_requests: MakeRequests) -> None:
    async def stopping() -> GroundingReport:
        stop = asyncio.Event()

        async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
            stop.set()
            raise LVLMError("Busy.", retryable=True, retry_after=200.0)

        lvlm = FakeLVLM(behaviour)
        report = await run(make_requests(40), lvlm, ledger, stop=stop)
        assert report.asked == lvlm.asked.total()
        return report

    report = asyncio.run(stopping())
    assert (report.retried, report.stopped_by) == (0, "interrupt")


def test_a_call_that_its_library_cancels_is_made_again(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock
) -> None:
    async def behaviour(request: GroundingRequest, before: int) -> LVLMAnswer:
        if not before:
            raise asyncio.CancelledError
        return answer(request)

    options = RunOptions(concurrency=2)
    report = ground_photos(make_requests(40), FakeLVLM(behaviour), ledger, options, clock=clock)
    assert (report.grounded, report.retried, report.stopped_by) == (40, 40, "")


@pytest.mark.parametrize("hopeless", [{3}, {3, 50}, {60, 61, 62}, {10, 20, 30, 40, 50, 60}])
def test_photos_that_no_server_can_describe_do_not_keep_a_run_from_its_end(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock, hopeless: set[int]
) -> None:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if int(request.item.removeprefix("item")) in hopeless:
            raise LVLMError("Answered 500.", retryable=True)
        return answer(request)

    lvlm = FakeLVLM(behaviour, traits=Traits(free=True, max_side=768))
    report = ground_photos(make_requests(100), lvlm, ledger, clock=clock)
    assert (report.stopped_by, report.grounded) == ("", 100 - len(hopeless))
    assert count_by_code(ledger.failures()) == {"no-answer": len(hopeless)}
    assert clock.monotonic() < 120


def _in_vain(
    ledger: Ledger, requests: list[GroundingRequest], clock: Clock, hopeless: int
) -> FakeLVLM:
    """Ground all but so many, which get no answer; return an LVLM that has none of those either."""
    lost = {request.photo_sha256 for request in requests[: 5 * hopeless : 5]}

    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if request.photo_sha256 in lost:
            raise LVLMError("Answered 500.", "Look there.", retryable=True)
        return answer(request)

    traits = Traits(free=True, max_side=768)
    report = ground_photos(requests, FakeLVLM(behaviour, traits=traits), ledger, clock=clock)
    assert (len(report.failed), report.silent) == (hopeless, 0)
    return FakeLVLM(behaviour, traits=traits)


@pytest.mark.parametrize("hopeless", [1, 2, 20])
def test_photos_that_failed_before_do_not_pass_for_a_server_that_is_away(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock, hopeless: int
) -> None:
    requests = make_requests(100)
    lvlm = _in_vain(ledger, requests, clock, hopeless)
    began = clock.monotonic()
    report = ground_photos(requests, lvlm, ledger, clock=clock)
    assert (report.error, report.stopped_by) == (None, "")
    assert (report.reused, len(report.failed), report.silent) == (100 - hopeless, *[hopeless] * 2)
    assert {problem.what for problem in report.failed} == {"Answered 500"}
    assert set(lvlm.asked.values()) == {RunOptions().retries + 1}
    assert clock.monotonic() - began < 60 * hopeless


def test_a_photo_that_failed_before_and_is_described_now_is_no_failure(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock
) -> None:
    requests = make_requests(60)
    _in_vain(ledger, requests, clock, 9)
    lvlm = FakeLVLM(raising(LVLMError("Busy.", retryable=True), times=4))
    report = ground_photos(requests, lvlm, ledger, clock=clock)
    assert (report.grounded, report.failed, report.silent) == (9, [], 0)
    assert ledger.failures() == []


def test_a_server_that_is_away_is_seen_although_some_photos_failed_before(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock
) -> None:
    requests = make_requests(250)
    _in_vain(ledger, requests[:50], clock, 3)
    lvlm = FakeLVLM(raising(LVLMError("Down.", retryable=True)))
    report = ground_photos(requests, lvlm, ledger, clock=clock)
    assert report.stopped_by == "error"
    assert "It has not answered once." in str(report.error)


def test_the_last_photos_of_many_do_not_pass_for_a_server_that_is_away(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock
) -> None:
    requests = make_requests(50)
    ground_photos(requests[:40], FakeLVLM(), ledger)
    lvlm = FakeLVLM(raising(LVLMError("Answered 500.", retryable=True)))
    report = ground_photos(requests, lvlm, ledger, clock=clock)
    assert (report.error, report.stopped_by, report.reused) == (None, "", 40)
    assert len(report.failed) == len(ledger.failures()) == 10
    assert str(min(report.failed, key=str)) == (
        "item item0040: Answered 500. See that the server runs; if it does, look at the photo, "
        "or have another model describe it."
    )
    assert report.done == 50
    later = ground_photos(requests, lvlm, ledger, clock=clock)
    assert (later.error, len(later.failed), later.silent) == (None, 10, 10)


@pytest.mark.parametrize(("known", "left"), [(0, 10), (40, 300)])
def test_a_server_that_is_away_is_seen_where_it_never_answered_or_much_is_left(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock, known: int, left: int
) -> None:
    requests = make_requests(known + left)
    ground_photos(requests[:known], FakeLVLM(), ledger)
    lvlm = FakeLVLM(raising(LVLMError("Down.", retryable=True)))
    report = ground_photos(requests, lvlm, ledger, clock=clock)
    assert (report.stopped_by, report.failed, ledger.failures()) == ("error", [], [])
    assert str(report.error) == (
        "Down. It has not answered once. "
        "See that it runs, and check the address and the model's name."
    )


def test_a_server_that_never_answered_is_not_excused_by_photos_that_failed_before(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock
) -> None:
    requests = make_requests(3)
    nobody = RunOptions(concurrency=1)
    first = FakeLVLM(raising(LVLMError("Refused.")))
    assert len(ground_photos(requests, first, ledger, nobody, clock=clock).failed) == 3
    lvlm = FakeLVLM(raising(LVLMError("Down.", retryable=True)))
    report = ground_photos(requests, lvlm, ledger, clock=clock)
    assert "It has not answered once." in str(report.error)
    assert report.silent == 0


def test_a_server_that_is_away_for_minutes_costs_no_photo(
    ledger: Ledger, make_requests: MakeRequests, clock: Clock
) -> None:
    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        if lvlm.asked.total() > 30 and clock.monotonic() < 300:
            raise LVLMError("Down.", retryable=True)
        return answer(request)

    lvlm = FakeLVLM(behaviour)
    report = ground_photos(make_requests(100), lvlm, ledger, clock=clock)
    assert (report.grounded, report.failed, report.stopped_by) == (100, [], "")
    assert clock.monotonic() >= 300
