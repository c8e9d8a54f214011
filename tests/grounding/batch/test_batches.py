"""Both batch APIs, with their official clients, against a server that misbehaves."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from vlm4rec.errors import DataError, GroundingError
from vlm4rec.grounding.batch.choosing import batches_of
from vlm4rec.grounding.batch.jobs import pending_keys
from vlm4rec.grounding.batch.report import BatchReport
from vlm4rec.grounding.batch.seam import BatchLimits
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.providers.recorded import RecordedLVLM

from ..conftest import SENTINEL, MakeRequests
from .batch_server import BatchServer
from .conftest import Shop

SMALL = BatchLimits(4, 10**6)


def once_each(count: int) -> Counter[int]:
    return Counter(range(count))


def states(shop: Shop) -> Counter[object]:
    return Counter(state for (state,) in shop.rows("SELECT state FROM batches"))


def test_every_photo_is_described_once(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(10)
    told: list[tuple[int, int]] = []
    tell = lambda report: told.append((report.waiting, report.collected))  # noqa: E731
    batch_server.looks = 3
    report = shop.run(requests, limits=SMALL, progress=tell)
    assert batch_server.submitted() == once_each(10)
    assert [len(batch.requests) for batch in batch_server.batches] == [4, 4, 2]
    assert report == BatchReport(
        submitted=10, batches=3, collected=10, unpriced=10, waiting=0, processed=0
    )
    assert shop.grounded() == 10
    assert told[0] == (4, 0)
    assert told[-1] == (0, 10)
    assert states(shop) == {"collected": 3}
    answer = shop.keeper.kept[0]
    assert (answer.model, answer.tokens_in, answer.tokens_out) == ("test-model-2026", 100, 20)
    assert (answer.seconds, answer.finish_reason, dict(answer.varied)) == (None, "stop", {})


def test_a_line_is_what_would_be_asked_at_once(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    (request,) = make_requests(1)
    shop.run([request])
    ((key, _, body),) = batch_server.batches[0].requests
    assert len(key) == 64
    assert body["model"] == "test-model"
    assert request.prompt.text in str(body["messages"])
    structured = {"openai": "response_format", "anthropic": "output_config"}[shop.provider]
    assert "json_schema" in str(body[structured])


def test_nothing_to_do_asks_nobody(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(3)
    shop.run(requests)
    batch_server.calls.clear()
    assert shop.run(requests) == BatchReport()
    assert shop.keeper.reused == 3
    assert not batch_server.calls


def test_photos_that_items_share_are_submitted_once(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(2)
    twins = [dataclasses.replace(request, item=f"twin of {request.item}") for request in requests]
    report = shop.run([*requests, *twins])
    assert batch_server.submitted() == once_each(2)
    assert report.submitted == 2
    assert shop.grounded() == 4


def test_a_batch_is_limited_in_bytes(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(9)
    shop.run(requests[:1])
    size = max(len(line) for line in batch_server.texts()) + 500
    shop.run(requests, limits=BatchLimits(100, 3 * size))
    assert batch_server.submitted() == once_each(9)
    sizes = [len(batch.requests) for batch in batch_server.batches[1:]]
    assert max(sizes) <= 3
    assert sum(sizes) == 8


def test_what_no_batch_can_hold_fails(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    report = shop.run(make_requests(2), limits=BatchLimits(100, 200))
    assert report.failed == 2
    assert "more than a batch may hold" in shop.keeper.failed["item0000"]
    assert not batch_server.batches


def test_a_photo_that_changed_is_not_submitted(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(3)
    requests[1] = dataclasses.replace(requests[1], photo_sha256="0" * 64)
    report = shop.run(requests)
    assert batch_server.submitted() == Counter([0, 2])
    assert (report.collected, report.failed) == (2, 1)
    assert "has changed" in shop.keeper.failed["item0001"]


@pytest.mark.parametrize("trial", [False, True])
def test_a_photo_whose_file_is_gone_is_taken_from_an_item_with_the_same(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests, *, trial: bool
) -> None:
    requests = make_requests(3)
    first = requests[0]
    copies = [Path(first.photo).with_name(f"copy{n}.png") for n in range(3)]
    copies[1].write_bytes(b"another photo by now")
    Path(first.photo).rename(copies[2])
    twins = [
        dataclasses.replace(first, item=f"twin{n}", photo=str(copy))
        for n, copy in enumerate(copies)
    ]
    report = shop.run([*requests, *twins], trial=trial)
    assert batch_server.submitted().total() + len(batch_server.asked) == 3
    assert (report.collected, report.failed, shop.keeper.failed) == (3, 0, {})
    assert shop.grounded() == 6


def test_a_photo_that_is_gone_everywhere_fails_for_all(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    first, other = make_requests(2)
    Path(first.photo).unlink()
    twins = [
        dataclasses.replace(first, item=f"twin{n}", photo=f"{first.photo}.{n}") for n in range(3)
    ]
    Path(twins[1].photo).write_bytes(b"another photo by now")
    report = shop.run([first, *twins, other])
    assert batch_server.submitted() == Counter([1])
    assert (report.collected, report.failed) == (1, 1)
    assert shop.keeper.failed.keys() == {"item0000", "twin0", "twin1", "twin2"}
    assert shop.run([first, *twins, other]).failed == 1


def test_failed_requests_go_back_in_line_twice(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    fates = {1: ["error", "good"], 2: ["expired", "error", "good"], 3: ["error"] * 9, 4: ["bad"]}
    batch_server.mood = lambda number, before: fates.get(number, ["good"] * 9)[before]
    report = shop.run(make_requests(6))
    assert batch_server.submitted() == Counter({0: 1, 1: 2, 2: 3, 3: 3, 4: 1, 5: 1})
    assert (report.collected, report.returned, report.failed) == (4, 5, 2)
    assert set(shop.keeper.failed) == {"item0003", "item0004"}
    assert "It can't be read" in shop.keeper.failed["item0004"]


def test_after_failing_for_good_the_next_run_begins_anew(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(1)
    batch_server.mood = lambda _number, before: "error" if before < 4 else "good"
    assert shop.run(requests).failed == 1
    report = shop.run(requests)
    assert (report.collected, report.returned, report.failed) == (1, 1, 0)
    assert batch_server.submitted()[0] == 5


def test_tries_are_counted_over_runs(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(1)
    batch_server.mood = lambda _number, _before: "error"
    runs = 0
    while not (report := shop.run(requests, wait=False)).failed:
        runs += 1
        assert report.stopped_by == "not-waiting"
        batch_server.looks = 0
    assert batch_server.submitted()[0] == 3
    assert runs


def test_a_poor_answer_is_asked_for_once_more(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.mood = lambda number, before: "poor" if number == 1 and not before else "good"
    report = shop.run(make_requests(3))
    assert batch_server.submitted() == Counter({0: 1, 1: 2, 2: 1})
    assert (report.collected, report.again) == (4, 1)
    first, second = (text for batch in batch_server.batches for text in [str(batch.requests)])
    assert len(second) < len(first)
    assert [dict(came.varied).get("again") for came in shop.keeper.kept] == [None] * 3 + [1]
    assert shop.grounded() == 3


def test_results_that_come_twice_count_once(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.twice = True
    batch_server.mood = lambda number, before: "error" if number == 2 and not before else "good"
    report = shop.run(make_requests(250))
    assert (report.collected, report.returned) == (250, 1)
    assert len(shop.keeper.kept) == 250
    assert shop.rows("SELECT COUNT(*) FROM answers") == [(250,)]


@pytest.mark.parametrize("fault", ["cut", "short", "429 3", "500", "reset"])
def test_a_download_that_fails_is_repeated(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests, fault: str
) -> None:
    batch_server.fault = lambda what, times: fault if what == "download" and times < 2 else ""
    report = shop.run(make_requests(8))
    assert report.collected == 8
    assert batch_server.submitted() == once_each(8)
    assert batch_server.calls["download"] == 3


def test_results_that_never_come_are_asked_for_again(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.mood = lambda number, before: "missing" if number == 1 and not before else "good"
    report = shop.run(make_requests(4))
    assert (report.collected, report.returned) == (4, 1)
    assert batch_server.submitted() == Counter({0: 1, 1: 2, 2: 1, 3: 1})


@pytest.mark.parametrize("provider", ["openai"], indirect=True)
def test_a_garbled_result_is_none(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.mood = lambda number, before: "garbled" if number == 1 and not before else "good"
    report = shop.run(make_requests(3))
    assert (report.collected, report.returned) == (3, 1)


@pytest.mark.parametrize("what", ["upload", "create", "state", "download"])
@pytest.mark.parametrize("fault", ["429 7", "429", "503", "529"])
def test_an_overloaded_server_is_waited_for(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests, what: str, fault: str
) -> None:
    if (what, shop.provider) == ("upload", "anthropic"):
        pytest.skip("Anthropic takes no files")
    batch_server.fault = lambda called, times: fault if called == what and times < 3 else ""
    report = shop.run(make_requests(5), limits=SMALL)
    assert report.error is None
    assert report.collected == 5
    assert batch_server.submitted() == once_each(5)
    if fault == "429 7":
        assert max(shop.time.naps) >= 7
        assert sum(shop.time.naps) >= 21


@pytest.mark.parametrize("fault", ["500", "after 500", "after reset", "reset"])
def test_what_may_have_arrived_is_looked_for_first(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests, fault: str
) -> None:
    batch_server.fault = lambda what, times: fault if what == "create" and times < 1 else ""
    report = shop.run(make_requests(5))
    assert report.error is None
    assert report.collected == 5
    assert batch_server.submitted() == once_each(5)
    assert report.found == (1 if fault.startswith("after") else 0)
    assert batch_server.calls["list"] >= 1


def test_it_is_found_on_a_later_page(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(10)
    batch_server.page = 2
    batch_server.held = True
    batch_server.fault = lambda what, times: "after 500" if what == "create" and not times else ""
    shop.run(requests[:2], wait=False)
    for count in (4, 7, 9):
        shop.run(requests[:count], wait=False)
    batch_server.held = False
    assert shop.run(requests).error is None
    assert batch_server.submitted() == once_each(10)


def test_a_wrong_key_ends_the_run(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.fault = lambda _what, _times: "401"
    report = shop.run(make_requests(5))
    assert report.stopped_by == "error"
    assert "401" in str(report.error)
    assert report.left == 5
    assert batch_server.calls.total() == 1


def test_a_server_that_stays_down_ends_the_run(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(5)
    batch_server.fault = lambda what, _times: "503" if what == "state" else ""
    report = shop.run(requests)
    assert (report.stopped_by, report.waiting) == ("error", 5)
    batch_server.fault = lambda _what, _times: ""
    assert shop.run(requests).collected == 5
    assert batch_server.submitted() == once_each(5)


@pytest.mark.parametrize("provider", ["openai"], indirect=True)
def test_a_batch_that_is_refused_says_why(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(5)
    batch_server.fate = lambda batches, _size: "failed" if batches == 0 else "ended"
    report = shop.run(requests)
    assert report.stopped_by == "error"
    assert "A batch was refused: line 7: This can't be done." in str(report.error)
    assert (report.left, report.waiting, report.collected) == (5, 0, 0)
    assert states(shop) == {"refused": 1}
    assert shop.run(requests).collected == 5
    assert batch_server.submitted() == once_each(5)


@pytest.mark.parametrize("provider", ["openai"], indirect=True)
def test_a_full_queue_is_waited_for(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.looks = 2
    batch_server.fate = lambda batches, _size: "crowded" if batches in (1, 2) else "ended"
    report = shop.run(make_requests(12), limits=SMALL)
    assert report.error is None
    assert report.collected == 12
    assert batch_server.submitted() == once_each(12)


@pytest.mark.parametrize("provider", ["openai"], indirect=True)
def test_a_batch_that_fits_in_no_queue_ends_the_run(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.fate = lambda _batches, _size: "crowded"
    report = shop.run(make_requests(4))
    assert "when other batches of the account have ended" in str(report.error)
    assert report.left == 4


@pytest.mark.parametrize("provider", ["openai"], indirect=True)
def test_a_batch_that_is_too_large_for_the_queue_is_halved(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.fate = lambda _batches, size: "crowded" if size > 20 else "ended"
    report = shop.run(make_requests(70))
    assert report.error is None
    assert batch_server.submitted() == once_each(70)
    sizes = [len(batch.requests) for batch in batch_server.batches]
    assert sorted(set(sizes), reverse=True)[:3] == [70, 35, 17]
    assert sum(size for size in sizes if size <= 20) == 70


@pytest.mark.parametrize("provider", ["openai"], indirect=True)
def test_what_an_expired_batch_has_is_kept(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.fate = lambda batches, _size: "expired" if batches == 0 else "ended"
    batch_server.mood = lambda number, before: "expired" if number > 2 and not before else "good"
    report = shop.run(make_requests(6))
    assert (report.collected, report.returned) == (6, 3)
    assert batch_server.submitted() == Counter({0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 2})


def test_a_cancelled_batch_is_not_submitted_again_at_once(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(4)
    batch_server.fate = lambda batches, _size: "cancelled" if not batches else "ended"
    batch_server.mood = lambda number, before: "cancelled" if number and not before else "good"
    report = shop.run(requests)
    assert (report.collected, report.failed, report.batches) == (1, 3, 1)
    assert set(shop.keeper.failed) == {"item0001", "item0002", "item0003"}
    assert shop.run(requests).collected == 3


def test_without_waiting_it_returns_and_the_next_run_collects(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(10)
    batch_server.looks = 4
    report = shop.run(requests, limits=SMALL, wait=False)
    assert (report.submitted, report.waiting, report.stopped_by) == (10, 10, "not-waiting")
    assert not shop.time.naps
    with Ledger.open(shop.path) as ledger:
        keys = [key for batch in batch_server.batches for key in batch.keys]
        assert pending_keys(ledger, [*keys, "0" * 64]) == set(keys)
    report = shop.run(requests)
    assert (report.submitted, report.collected, report.stopped_by) == (0, 10, "")
    assert batch_server.submitted() == once_each(10)


def test_stopping_leaves_the_batch_to_the_next_run(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(6)
    batch_server.held = True
    stop = asyncio.Event()

    def tell(_report: BatchReport) -> None:
        if len(shop.time.naps) > 5:
            stop.set()

    report = shop.run(requests, stop=stop, progress=tell)
    assert (report.stopped_by, report.waiting) == ("interrupt", 6)
    naps = shop.time.naps[:3]
    assert naps == sorted(naps)
    batch_server.held = False
    report = shop.run(requests)
    assert (report.collected, report.submitted) == (6, 0)
    assert batch_server.submitted() == once_each(6)


def test_waiting_batches_of_other_photos_stay_for_them(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(6)
    shop.run(requests[:3], wait=False)
    report = shop.run(requests[3:])
    assert (report.collected, report.unclaimed) == (3, 3)
    report = shop.run(requests)
    assert (report.collected, report.submitted) == (3, 0)
    assert batch_server.submitted() == once_each(6)


def test_a_batch_that_is_read_for_some_stays_open_for_the_rest(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(6)
    shop.run(requests, wait=False)
    report = shop.run(requests[:2])
    assert (report.collected, report.unclaimed) == (2, 4)
    report = shop.run(requests)
    assert (report.collected, report.submitted) == (4, 0)
    assert states(shop) == {"collected": 1}


def test_a_batch_that_the_provider_does_not_know_ends_the_run(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(2)
    shop.run(requests, wait=False)
    batch_server.batches.clear()
    report = shop.run(requests)
    assert "knows no batch batch_0" in str(report.error)
    assert not batch_server.batches
    shop.time.moment += timedelta(days=40)
    assert shop.run(requests).collected == 2


def test_the_key_is_shown_nowhere(
    shop: Shop,
    batch_server: BatchServer,
    make_requests: MakeRequests,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    requests = make_requests(3)
    batch_server.fault = lambda what, times: "400" if what == "create" and not times else ""
    error = shop.run(requests).error
    shop.run(requests)
    assert any(SENTINEL in str(headers) for headers in batch_server.headers)
    assert error is not None
    assert "***" in str(error)
    assert error.__context__ is None
    assert SENTINEL not in caplog.text + str(error) + repr(error)
    for file in shop.path.parent.glob("ledger*"):
        assert SENTINEL.encode() not in file.read_bytes()


def test_a_provider_without_batches_says_so(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"item_id": "a", "model": "m", "prompt_id": "p", "description": "A dress."}')
    with pytest.raises(DataError, match=r"^The recorded provider has no batch API\. Leave --batch"):
        batches_of(RecordedLVLM(str(path)))


def test_without_a_place_for_the_file_it_says_so(
    shop: Shop,
    batch_server: BatchServer,
    make_requests: MakeRequests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests = make_requests(2)
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(shop.path.parent / "missing"))
        with pytest.raises(GroundingError, match=r"no place for the file.* Set TMPDIR"):
            shop.run(requests)
    assert not batch_server.batches
    assert shop.run(requests).collected == 2
