"""Whatever the moment a run is cut short at, nothing is submitted twice and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from vlm4rec.grounding.batch.seam import BatchFile, BatchLVLM
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest

from ..conftest import SENTINEL, MakeRequests
from .batch_server import BatchServer
from .conftest import Shop
from .simple_keeper import Broken


class Dying:
    """Behaves like another, until it is to submit: then it dies, before or after."""

    def __init__(self, lvlm: BatchLVLM, *, after: bool) -> None:
        self._lvlm = lvlm
        self._after = after

    def __getattr__(self, name: str) -> object:
        return getattr(self._lvlm, name)

    async def submit(self, batch_id: str, file: BatchFile) -> str:
        if self._after:
            await self._lvlm.submit(batch_id, file)
        raise Broken


def die(shop: Shop, requests: list[GroundingRequest], *, after: bool) -> None:
    shop.wrap = lambda lvlm: cast("BatchLVLM", Dying(lvlm, after=after))
    with pytest.raises(Broken):
        shop.run(requests)
    shop.wrap = lambda lvlm: lvlm


@pytest.mark.parametrize("held", [False, True])
def test_killed_after_submitting_before_it_was_noted(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests, held: bool
) -> None:
    requests = make_requests(6)
    batch_server.held = held
    die(shop, requests, after=True)
    assert shop.rows("SELECT remote, state FROM batches") == [(None, "sending")]
    report = shop.run(requests, wait=False)
    assert (report.found, report.submitted) == (1, 0)
    batch_server.held = False
    shop.run(requests)
    assert batch_server.submitted() == Counter(range(6))
    assert shop.grounded() == 6


def test_killed_before_submitting(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(6)
    die(shop, requests, after=False)
    report = shop.run(requests)
    assert (report.found, report.collected) == (0, 6)
    assert sum(shop.time.naps) >= 120  # it waited for what may have been on its way
    assert batch_server.submitted() == Counter(range(6))
    assert Counter(shop.rows("SELECT state FROM batches")) == {("lost",): 1, ("collected",): 1}


@pytest.mark.parametrize("theirs", ["before", "after"])
@pytest.mark.parametrize("arrived", [False, True])
def test_another_batch_of_the_account_is_not_taken_for_ours(
    shop: Shop,
    batch_server: BatchServer,
    make_requests: MakeRequests,
    tmp_path: Path,
    theirs: str,
    arrived: bool,
) -> None:
    requests = make_requests(8)
    other = Shop(tmp_path / "other.sqlite", shop.url, shop.provider)
    batch_server.held = True
    if theirs == "before":
        other.run(requests[4:], wait=False)
    die(shop, requests[:4], after=arrived)
    if theirs == "after":
        other.run(requests[4:], wait=False)
    # While they are worked on, two batches of Anthropic's look alike.
    shop.run(requests[:4], wait=False)
    batch_server.held = False
    report = shop.run(requests[:4])
    assert report.error is None
    assert (report.collected, report.returned) == (4, 0)
    assert other.run(requests[4:]).collected == 4
    assert batch_server.submitted() == Counter(range(8))


@pytest.mark.parametrize("crash_at", [0, 1, 99, 100, 150, 204])
def test_killed_in_the_middle_of_collecting(
    shop: Shop,
    batch_server: BatchServer,
    make_requests: MakeRequests,
    crash_at: int,
) -> None:
    requests = make_requests(205)
    shop.run(requests, wait=False)
    shop.crash_at = crash_at
    with pytest.raises(Broken):
        shop.run(requests)
    shop.crash_at = None
    assert shop.grounded() == crash_at // 100 * 100
    report = shop.run(requests)
    assert report.collected == 205 - crash_at // 100 * 100
    assert batch_server.submitted() == Counter(range(205))
    assert shop.rows("SELECT COUNT(*) FROM answers") == [(205,)]


def test_killed_between_the_last_answer_and_closing_the_batch(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(3)
    shop.run(requests)
    with Ledger.open(shop.path) as ledger:
        ledger.change("UPDATE batches SET state = 'waiting'", [()])
    batch_server.calls.clear()
    assert shop.run([*requests, *requests]).submitted == 0
    assert not batch_server.calls
    shop.run(requests[:1])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_killed_at_random_moments(
    batch_server: BatchServer,
    make_requests: MakeRequests,
    tmp_path: Path,
    provider: str,
    seed: int,
) -> None:
    requests = make_requests(60)
    batch_server.delay = 0.03
    batch_server.looks = 2
    batch_server.mood = lambda number, before: "error" if number % 7 == 0 and not before else "good"
    path = tmp_path / "requests.json"
    path.write_text(json.dumps([(one.item, one.photo, one.photo_sha256) for one in requests]))
    command = [
        *(sys.executable, "-m", "tests.grounding.batch.child", provider),
        *(batch_server.url(provider), str(tmp_path / "ledger.sqlite"), str(path)),
    ]
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(["src", "."])}
    chance, killed = random.Random(seed), 0
    for _ in range(40):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()  # it has loaded what it needs
            limit = 60.0 if killed >= 12 else chance.uniform(0.02, 0.7)
            try:
                code = child.wait(limit)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                killed += 1
                time.sleep(chance.choice((0.0, 0.1)))
                continue
        assert code == 0
        break
    else:
        pytest.fail("it never ended")
    wanted = Counter({number: 2 if number % 7 == 0 else 1 for number in range(60)})
    assert killed
    assert batch_server.submitted() == wanted
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.counts().items == 60
        assert list(ledger.rows("SELECT COUNT(*) FROM answers")) == [(60,)]
    assert SENTINEL.encode() not in (tmp_path / "ledger.sqlite").read_bytes()
