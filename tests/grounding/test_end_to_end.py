"""Whole runs over many photos, against a server with every fault, and killed half way."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from vlm4rec.grounding.asking import Clock
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.problems import count_by_code

from .conftest import SENTINEL, MakeRequests
from .model_server import ModelServer, description

PASSING = ("429", "429 0.01", "500", "503", "reset", "cut", "not-json", "no-choices")
LASTING = ("refusal", "schema", "length", "filter")


def faulty(number: int, before: int) -> str:
    """Fail up to twice in some way that passes; one photo in 25 then gets no usable answer."""
    chance = random.Random(number * 1_000 + before)
    if number % 60 == 1 and not before:
        return "stall"
    if before < number % 3:
        return chance.choice(PASSING)
    if number % 25 == 0 and before < 3:
        return chance.choice(LASTING)
    return "good"


def described(ledger: Ledger) -> dict[str, str]:
    return {item: grounding.answer.description for item, _, grounding in ledger.groundings()}


def test_every_fault_mixed_over_300_photos(
    server: ModelServer, ledger: Ledger, make_requests: MakeRequests, clock: Clock
) -> None:
    server.mood, server.latency = faulty, 0.01
    requests = make_requests(300)
    lvlm = OpenAILVLM("test-model", base_url=server.url, timeout=2.0)
    quick = replace(clock, draw=lambda: 0.0)
    first = ground_photos(requests, lvlm, ledger, concurrency=16, clock=quick)
    assert first.stopped_by == ""
    assert first.grounded == 300 - len(first.failed)
    assert set(count_by_code(first.failed)) <= {"refused", "malformed", "truncated"}
    assert server.busiest > 4
    while ledger.failures():
        again = ground_photos(requests, lvlm, ledger, concurrency=16, clock=quick)
        assert again.asked == len(again.failed) + again.grounded
    assert described(ledger) == {f"item{n:04}": description(n) for n in range(300)}

    answered = server.answered()
    assert set(answered.values()) == {1}
    assert len(answered) == 300
    last = {asked.number: asked.mood for asked in server.log}
    assert set(last.values()) == {"good"}  # nothing was asked again after success
    charged = sum(asked.mood in ("good", *LASTING) for asked in server.log)
    assert ledger.counts().tokens_in == 100 * charged


@pytest.mark.parametrize("mood", ["401", "404", "429 insufficient_quota"])
def test_what_every_photo_would_meet_stops_the_run(
    server: ModelServer, ledger: Ledger, make_requests: MakeRequests, mood: str
) -> None:
    server.mood = lambda number, _before: mood if number == 5 else "good"
    lvlm = OpenAILVLM("test-model", base_url=server.url)
    report = ground_photos(make_requests(60), lvlm, ledger, concurrency=2)
    assert report.stopped_by == "error"
    assert report.error is not None
    assert mood.split()[0] in str(report.error)
    assert report.grounded == ledger.counts().photos < 20


def test_the_key_is_in_no_output_and_no_file(
    server: ModelServer,
    tmp_path: Path,
    make_requests: MakeRequests,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    moods = ("400", "500", "422", "429", "refusal", "schema", "good", "401")
    server.mood = lambda number, _before: moods[number]
    lvlm = OpenAILVLM("test-model", base_url=server.url)
    requests = make_requests(len(moods))
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        report = ground_photos(requests, lvlm, ledger, concurrency=1, retries=1, clock=clock)
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        shown = f"{report} {report.error!r} {lvlm!r} {ledger.failures()} {ledger!r}"
    assert len(report.failed) == 6
    assert {asked.headers["authorization"] for asked in server.log} == {f"Bearer {SENTINEL}"}
    outputs = capfd.readouterr()
    assert SENTINEL not in shown + caplog.text + outputs.out + outputs.err
    assert not any(SENTINEL.encode() in content for content in files)
    assert not any(b"QUJDQUJD" in content for content in files)


GROUND = """
import json, pathlib, sys
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.runner import ground_photos

path, url = sys.argv[1:]
requests = [
    GroundingRequest(**(fields | {"prompt": Prompt(**fields["prompt"])}))
    for fields in json.load(sys.stdin)
]
with Ledger.open(pathlib.Path(path)) as ledger:
    lvlm = OpenAILVLM("test-model", base_url=url)
    report = ground_photos(requests, lvlm, ledger, concurrency=4)
print(json.dumps({"grounded": report.grounded, "stopped_by": report.stopped_by}))
"""


def start(
    ledger: Path, server: ModelServer, requests: list[GroundingRequest]
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", GROUND, str(ledger), server.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    assert process.stdin
    json.dump([asdict(request) for request in requests], process.stdin)
    process.stdin.close()
    process.stdin = None  # so that communicate() leaves it alone
    return process


def wait_for_answers(server: ModelServer, count: int) -> None:
    deadline = time.monotonic() + 30
    while server.answered().total() < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def kill_after(
    answers: int, ledger: Path, server: ModelServer, job: list[GroundingRequest]
) -> None:
    process = start(ledger, server, job)
    wait_for_answers(server, answers)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    time.sleep(0.2)  # what was on its way comes to the log


@pytest.mark.slow
def test_after_kill_9_nothing_committed_is_lost_or_asked_for_again(
    server: ModelServer, tmp_path: Path, make_requests: MakeRequests
) -> None:
    server.latency = 0.02
    job = make_requests(150)
    path = tmp_path / "ledger.sqlite"
    kept: list[tuple[dict[str, str], int]] = []
    for answers in (10, 35, 60, 90):
        kill_after(answers, path, server, job)
        with Ledger.open(path) as ledger:
            kept.append((described(ledger), len(server.log)))

    process = start(path, server, job)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(output)["stopped_by"] == ""
    with Ledger.open(path) as ledger:
        final = described(ledger)
    assert final == {f"item{number:04}": description(number) for number in range(150)}
    for committed, length in kept:
        asked_after = {f"item{asked.number:04}" for asked in server.log[length:]}
        assert committed
        assert not committed.keys() & asked_after
        assert committed.items() <= final.items()
    # Beyond one question a photo, only what each kill caught in flight: one for each worker.
    assert len(server.log) <= 150 + 4 * len(kept)
