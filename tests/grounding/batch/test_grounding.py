"""Batches with the real judge, policy, ledger and till."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlm4rec.errors import DataError
from vlm4rec.grounding.batch.grounding import ground_in_batches
from vlm4rec.grounding.batch.patience import Patience
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Traits
from vlm4rec.grounding.money.prices import PriceTable
from vlm4rec.grounding.planning import plan_run
from vlm4rec.grounding.providers.anthropic import AnthropicLVLM
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.recorded import RecordedLVLM
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.problems import count_by_code

from ..conftest import MakeRequests
from ..fake_lvlm import FakeLVLM
from .batch_server import BatchServer
from .conftest import Time


class Bench:
    """What a test grounds with, each time with a new LVLM."""

    def __init__(self, provider: str, server: BatchServer, ledger: Ledger, table: Path) -> None:
        self.provider = provider
        self.server = server
        self.ledger = ledger
        self.prices = PriceTable.load(table)
        self.time = Time()

    def lvlm(self) -> LVLM:
        url = self.server.url(self.provider)
        kind = OpenAILVLM if self.provider == "openai" else AnthropicLVLM
        return kind("test-model", base_url=url, max_tokens=60)

    def ground(
        self, requests: list[GroundingRequest], *, wait: bool = True, **options: object
    ) -> GroundingReport:
        return ground_in_batches(
            requests,
            self.lvlm(),
            self.ledger,
            RunOptions(prices=self.prices, **options),  # type: ignore[arg-type]
            wait=wait,
            patience=Patience(tries=12, sleep=self.time.sleep, now=self.time.now),
        )


@pytest.fixture
def bench(
    provider: str, batch_server: BatchServer, ledger: Ledger, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:  # fmt: skip
    for kind in (OpenAILVLM, AnthropicLVLM):
        monkeypatch.setattr(kind, "traits", Traits(free=False, most_tokens_out=60, max_side=768))
    table = tmp_path / "prices.toml"
    table.write_text(
        '[models."test-model"]\ninput = 2.0\noutput = 8.0\nbatch = 0.5\n'
        'photo = { rule = "fixed", tokens = 80 }\n'
    )
    return Bench(provider, batch_server, ledger, table)


ONE = (2.0 * 100 + 8.0 * 20) / 1e6


def test_answers_are_checked_and_cost_half(bench: Bench, make_requests: MakeRequests) -> None:
    requests = make_requests(12)
    bench.server.mood = lambda number, before: "poor" if number == 3 and not before else "good"
    report = bench.ground(requests)
    assert (report.grounded, report.again, report.failed, report.waiting) == (12, 1, [], 0)
    assert report.batch is not None
    assert report.batch.at_once == 1
    assert report.spent == pytest.approx(ONE + 12 * ONE / 2)
    assert bench.ledger.counts().cost == pytest.approx(report.spent)
    assert (bench.ground(requests).reused, bench.ground(requests).asked) == (12, 0)


def test_what_stays_bad_is_given_up(bench: Bench, make_requests: MakeRequests) -> None:
    requests = make_requests(5)
    bench.server.mood = lambda number, _before: "poor" if number == 3 else "good"
    report = bench.ground(requests)
    assert count_by_code(report.failed) == {"malformed": 1}
    assert report.grounded == 4
    later = bench.ground(requests)
    assert (later.given_up, later.reused, later.asked) == (1, 4, 0)


def test_an_ordinary_run_leaves_out_what_waits_in_a_batch(
    bench: Bench, make_requests: MakeRequests
) -> None:
    requests = make_requests(8)
    bench.server.looks = 1000
    report = bench.ground(requests, wait=False, limit=6)
    assert (report.stopped_by, report.waiting, report.grounded) == ("not-waiting", 5, 1)

    lvlm = bench.lvlm()
    plan = plan_run(requests, lvlm, bench.ledger, RunOptions(prices=bench.prices))
    assert (plan.estimate.photos, plan.waiting, plan.known) == (2, 5, 1)
    asked = ground_photos(requests, bench.lvlm(), bench.ledger)
    assert (asked.asked, asked.waiting, asked.reused) == (2, 5, 1)

    bench.server.looks = 0
    report = bench.ground(requests)
    assert (report.stopped_by, report.waiting, report.grounded) == ("", 0, 5)
    assert bench.ledger.counts().items == 8


def test_the_budget_holds_for_batches(bench: Bench, make_requests: MakeRequests) -> None:
    requests = make_requests(40)
    plan = plan_run(requests, bench.lvlm(), bench.ledger, RunOptions(prices=bench.prices))
    assert plan.estimate.most is not None
    budget = plan.estimate.most / 40 * 1.5
    report = bench.ground(requests, budget=budget)
    assert report.stopped_by == "budget"
    assert 1 < report.grounded < 40
    assert report.spent <= budget
    assert bench.ground(requests).grounded == 40 - report.grounded


def test_only_some_providers_have_batches(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(
        '{"item_id": "a", "model": "m", "prompt_id": "paper-v1", "description": "A boot."}\n'
    )
    for lvlm in (RecordedLVLM(path), FakeLVLM()):
        with pytest.raises(DataError, match="no batch API"):
            ground_in_batches([], lvlm, ledger)
