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
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Traits
from vlm4rec.grounding.money.prices import PriceTable
from vlm4rec.grounding.providers.anthropic import AnthropicLVLM
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.report import RunOptions
from vlm4rec.grounding.runner import ground_photos

from .conftest import SENTINEL, MakeRequests
from .model_server import ModelServer, Spend, description

MIXED = 1_200
PASSING = (
    "429",
    "429 0.01",
    "429 ms=5",
    "429 date=1",
    "500",
    "503",
    "529",
    "reset",
    "reset-late",
    "cut",
    "not-json",
    "no-choices",
)
USELESS = ("refusal", "schema", "length", "filter", "empty")
ODD = ("trickle", "twice", "duplicate", "fenced", "prose")
"""Good answers in odd ways, and in other forms."""


def faulty(number: int, before: int) -> str:
    """Fail up to twice in a way that passes, then in one photo of 25 once, of 50 always."""
    chance = random.Random(number * 1_000 + before)
    if number % 200 == 1 and not before:
        return "stall"
    if before < number % 3:
        return chance.choice(PASSING)
    if number % 50 == 0 or (number % 25 == 0 and before == number % 3):
        return chance.choice(USELESS)
    if number % 40 == 7 and before == number % 3:
        return chance.choice(ODD)
    return "good"


def described(ledger: Ledger) -> dict[str, str]:
    return {item: grounding.answer.description for item, _, grounding in ledger.groundings()}


def asked_of(api: str, server: ModelServer) -> LVLM:
    if api == "openai":
        return OpenAILVLM("test-model", base_url=server.url, timeout=3.0)
    return AnthropicLVLM("test-model", base_url=server.root, timeout=3.0)


@pytest.mark.slow
@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_every_fault_mixed_over_thousands_of_photos(
    server: ModelServer, ledger: Ledger, make_requests: MakeRequests, clock: Clock, api: str
) -> None:
    server.mood, server.latency, server.stall = faulty, 0.01, 4.0
    server.early = lambda number: number % 97 == 5
    requests = make_requests(MIXED)
    quick = replace(clock, draw=lambda: 0.0)
    report = ground_photos(requests, asked_of(api, server), ledger, clock=quick)
    hopeless = {f"item{number:04}" for number in range(0, MIXED, 50)}
    assert report.stopped_by == ""
    assert {problem.item for problem in report.failed} == hopeless
    assert report.grounded == MIXED - len(hopeless)
    assert report.again == MIXED // 25
    assert server.busiest > 4
    assert server.busiest > 4
    expected = {f"item{n:04}": description(n) for n in range(MIXED)}
    assert described(ledger) == {i: text for i, text in expected.items() if i not in hopeless}

    answered = server.answered()
    assert set(answered.values()) == {1}  # nothing was asked again after success
    assert len(answered) == report.grounded
    assert server.lost.answers > 50
    counts = ledger.counts()
    for spent in (report, counts):
        assert spent.tokens_in == server.charged.tokens_in
        assert spent.tokens_cached == server.charged.tokens_cached
        assert spent.tokens_out == server.charged.tokens_out

    length = len(server.log)
    assert ground_photos(requests, asked_of(api, server), ledger).given_up == len(hopeless)
    assert len(server.log) == length


class Paid(OpenAILVLM):
    """One that charges though it is on loopback."""

    @property
    def traits(self) -> Traits:
        return replace(super().traits, free=False)


@pytest.mark.slow
def test_no_budget_is_passed_whatever_goes_wrong(
    server: ModelServer,
    ledger: Ledger,
    make_requests: MakeRequests,
    clock: Clock,
    tmp_path: Path,
) -> None:
    server.mood = lambda number, before: faulty(number, before).replace("twice", "good")
    server.stall = 4.0
    table = tmp_path / "prices.toml"
    table.write_text(
        '[models."test-model"]\ninput = 2.0\noutput = 8.0\nbatch = 0.5\n'
        'photo = { rule = "fixed", tokens = 80 }\n'
    )
    requests = make_requests(400)
    quick = replace(clock, draw=lambda: 0.0)
    budget, stops = 0.05, 0
    for _ in range(100):
        before = price(server.charged), price(server.lost)
        lvlm = Paid("test-model", base_url=server.url, timeout=3.0, max_tokens=60)
        options = RunOptions(budget=budget, prices=PriceTable.load(table))
        report = ground_photos(requests, lvlm, ledger, options, clock=quick)
        charged, lost = price(server.charged) - before[0], price(server.lost) - before[1]
        assert report.spent == pytest.approx(charged)
        assert lost <= report.uncertain
        assert charged + lost <= report.spent + report.uncertain <= budget
        if not report.stopped_by:
            break
        assert report.stopped_by == "budget"
        stops += 1
    assert stops >= 5
    assert ledger.counts().photos == 400 - 8
    assert ledger.counts().cost == pytest.approx(price(server.charged))


def price(spend: Spend) -> float:
    return (2.0 * spend.tokens_in + 8.0 * spend.tokens_out) / 1e6


@pytest.mark.parametrize("mood", ["401", "404", "429 insufficient_quota"])
def test_what_every_photo_would_meet_stops_the_run(
    server: ModelServer, ledger: Ledger, make_requests: MakeRequests, mood: str
) -> None:
    server.mood = lambda number, _before: mood if number == 5 else "good"
    lvlm = OpenAILVLM("test-model", base_url=server.url)
    report = ground_photos(make_requests(60), lvlm, ledger, RunOptions(concurrency=2))
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
    lasting = ("400", "422", "refusal", "schema")
    server.mood = lambda number, before: (
        moods[number] if moods[number] in lasting or not before else "good"
    )
    lvlm = OpenAILVLM("test-model", base_url=server.url)
    requests = make_requests(len(moods))
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        report = ground_photos(
            requests, lvlm, ledger, RunOptions(concurrency=1, retries=1), clock=clock
        )
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        shown = f"{report} {report.error!r} {lvlm!r} {ledger.failures()} {ledger!r}"
    assert len(report.failed) == len(lasting)
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
from vlm4rec.grounding.report import RunOptions
from vlm4rec.grounding.runner import ground_photos

path, url = sys.argv[1:]
requests = [
    GroundingRequest(**(fields | {"prompt": Prompt(**fields["prompt"])}))
    for fields in json.load(sys.stdin)
]
with Ledger.open(pathlib.Path(path)) as ledger:
    lvlm = OpenAILVLM("test-model", base_url=url)
    report = ground_photos(requests, lvlm, ledger, RunOptions(concurrency=4))
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
    time.sleep(random.uniform(0, 0.03))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    time.sleep(0.2)  # what was on its way comes to the log


@pytest.mark.slow
def test_after_kill_9_twenty_times_nothing_committed_is_lost_or_asked_for_again(
    server: ModelServer, tmp_path: Path, make_requests: MakeRequests
) -> None:
    server.latency = 0.02
    job = make_requests(500)
    path = tmp_path / "ledger.sqlite"
    chance = random.Random(3)
    kept: list[tuple[dict[str, str], int]] = []
    for _ in range(20):
        kill_after(server.answered().total() + chance.randint(0, 30), path, server, job)
        if path.exists():
            with Ledger.open(path) as ledger:
                kept.append((described(ledger), len(server.log)))

    process = start(path, server, job)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(output)["stopped_by"] == ""
    with Ledger.open(path) as ledger:
        final = described(ledger)
    assert final == {f"item{number:04}": description(number) for number in range(500)}
    assert len(kept) >= 15
    assert len({len(committed) for committed, _ in kept}) > 10  # they were killed all along
    for committed, length in kept:
        asked_after = {f"item{asked.number:04}" for asked in server.log[length:]}
        assert not committed.keys() & asked_after
        assert committed.items() <= final.items()
    # Beyond one question a photo, only what each kill caught in flight: one for each worker.
    assert len(server.log) <= 500 + 4 * 20
