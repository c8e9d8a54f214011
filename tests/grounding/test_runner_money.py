from __future__ import annotations

import json
from pathlib import Path

import pytest

from vlm4rec.errors import DataError, LVLMError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer
from vlm4rec.grounding.money.prices import PriceTable
from vlm4rec.grounding.planning import plan_run
from vlm4rec.grounding.report import RunOptions
from vlm4rec.grounding.runner import ground_photos

from .conftest import MakeRequests
from .fake_lvlm import CACHED, IN, MODEL, OUT, Behaviour, FakeLVLM, PaidLVLM, charging, good


def price_of_one(model: str = MODEL, cached: int = CACHED) -> float:
    price = PriceTable.load().price("openai", model)
    assert price is not None
    assert price.cached is not None
    return ((IN - cached) * price.input + cached * price.cached + OUT * price.output) / 1e6


def test_the_cost_is_that_of_the_usage(ledger: Ledger, make_requests: MakeRequests) -> None:
    report = ground_photos(make_requests(7), PaidLVLM(), ledger)
    assert report.spent == pytest.approx(7 * price_of_one())
    assert report.uncertain == report.unpriced == 0
    assert ledger.counts().cost == pytest.approx(report.spent)
    costs = [grounding.provenance.cost for _, _, grounding in ledger.groundings()]
    assert costs == [pytest.approx(price_of_one())] * 7


def test_what_the_server_says_it_charged_counts(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    async def priced(request: GroundingRequest, _before: int) -> LVLMAnswer:
        return LVLMAnswer(good(request), MODEL, "stop", IN, 0, OUT, cost=0.25)

    assert ground_photos(make_requests(2), PaidLVLM(priced), ledger).spent == 0.5


def test_a_budget_is_never_passed(ledger: Ledger, make_requests: MakeRequests) -> None:
    requests = make_requests(60)
    budget = 20.5 * price_of_one()
    lvlm = PaidLVLM()
    report = ground_photos(requests, lvlm, ledger, RunOptions(budget=budget))
    assert report.stopped_by == "budget"
    assert 0 < report.spent == pytest.approx(report.grounded * price_of_one())
    assert report.spent <= budget
    assert sum(lvlm.asked.values()) == report.grounded == report.asked

    bound = plan_run(requests[:1], PaidLVLM(), Ledger.open(Path(":memory:")), RunOptions())
    assert bound.estimate.most is not None
    assert budget - report.spent < bound.estimate.most  # it stopped no sooner than it must

    rest = ground_photos(requests, PaidLVLM(), ledger, RunOptions(budget=100.0))
    assert (rest.stopped_by, rest.reused + rest.grounded) == ("", 60)


def test_second_asks_and_retries_are_in_the_budget(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    async def bad(request: GroundingRequest, before: int) -> LVLMAnswer:
        return LVLMAnswer("Sorry.", MODEL, "stop", IN, CACHED, OUT)

    budget = 30.5 * price_of_one()
    lvlm = PaidLVLM(bad)
    report = ground_photos(make_requests(60), lvlm, ledger, RunOptions(budget=budget))
    assert report.stopped_by == "budget"
    assert report.spent == pytest.approx(sum(lvlm.asked.values()) * price_of_one())
    assert 0 < report.spent <= budget


def test_what_got_lost_counts_against_the_budget(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    async def lost(request: GroundingRequest, before: int) -> LVLMAnswer:
        if not before:
            raise LVLMError("Reset.", retryable=True, charged=True)
        return await charging(request, before)

    sure = ground_photos(make_requests(1), PaidLVLM(lost), ledger)
    assert sure.spent == pytest.approx(price_of_one())
    assert sure.uncertain > sure.spent / 2  # the bound of one call

    other = [*make_requests(40)][1:]
    budget = 10 * sure.uncertain
    report = ground_photos(other, PaidLVLM(lost), ledger, RunOptions(budget=budget))
    assert report.stopped_by == "budget"
    assert report.spent + report.uncertain <= budget
    assert report.uncertain > 0


def test_a_budget_wants_a_price_and_a_bound(ledger: Ledger, make_requests: MakeRequests) -> None:
    options = RunOptions(budget=1.0)
    with pytest.raises(DataError, match="none for no-such-model"):
        ground_photos(make_requests(1), PaidLVLM(model="no-such-model"), ledger, options)
    with pytest.raises(DataError, match="--max-tokens"):
        ground_photos(make_requests(1), PaidLVLM(most_tokens_out=None), ledger, options)
    assert ledger.counts().answers == 0


def test_a_model_without_a_price_runs_and_says_so(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    report = ground_photos(make_requests(3), PaidLVLM(model="no-such-model"), ledger)
    assert (report.grounded, report.spent, report.unpriced) == (3, 0.0, 3)
    costs = [grounding.provenance.cost for _, _, grounding in ledger.groundings()]
    assert costs == [None] * 3


@pytest.mark.parametrize("budget", [0.0, -1.0, float("inf"), float("nan")])
def test_a_budget_is_a_sum_of_money(budget: float) -> None:
    with pytest.raises(DataError, match="budget"):
        RunOptions(budget=budget)


def test_a_dry_run_counts_what_a_run_would_ask(ledger: Ledger, make_requests: MakeRequests) -> None:
    requests = make_requests(10)
    ground_photos(requests[:4], PaidLVLM(), ledger)
    lvlm = PaidLVLM()
    plan = plan_run([*requests, requests[9]], lvlm, ledger, RunOptions())
    assert (plan.estimate.photos, plan.known, plan.twins, plan.free) == (6, 4, 1, False)
    assert plan.estimate.cost is not None
    assert plan.estimate.most is not None
    assert 0 < plan.estimate.cost <= plan.estimate.most
    assert not lvlm.log
    assert plan_run(requests, lvlm, ledger, RunOptions(limit=2)).estimate.photos == 2
    report = ground_photos(requests, PaidLVLM(), ledger)
    assert report.asked == plan.estimate.photos
    assert report.spent <= plan.estimate.most


def cutting(model: str) -> Behaviour:
    """Stop in mid-sentence, so that another is asked."""

    async def behaviour(request: GroundingRequest, _before: int) -> LVLMAnswer:
        text = f"A brown leather boot with laces, the number {request.photo_sha256[:8]} and a"
        return LVLMAnswer(json.dumps({"description": text}), model, "stop", IN, 0, OUT)

    return behaviour


def test_a_budget_wants_a_price_of_the_second_model_before_the_first_is_asked(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    options = RunOptions(budget=1.0)
    for first in (PaidLVLM(cutting(MODEL)), FakeLVLM(cutting("m"))):
        for second, said in (
            (PaidLVLM(model="no-such-model"), "none for no-such-model"),
            (PaidLVLM(most_tokens_out=None), "--max-tokens"),
        ):
            with pytest.raises(DataError, match=said):
                ground_photos(make_requests(3), first, ledger, options, second=second)
            with pytest.raises(DataError, match=said):
                plan_run(make_requests(3), first, ledger, options, second=second)
            assert not first.log
            assert not second.log


def test_a_model_without_a_price_is_not_asked_on_a_budget_whenever_it_turns_up(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    class TwoModels(PaidLVLM):
        def identity(self, request: GroundingRequest) -> Identity:
            known = request.item == "item0000"
            return Identity("openai", MODEL if known else "no-such-model")

    lvlm = TwoModels()
    options = RunOptions(budget=1.0, concurrency=1)
    with pytest.raises(DataError, match="none for no-such-model"):
        ground_photos(make_requests(3), lvlm, ledger, options)
    assert [request.item for request in lvlm.log] == ["item0000"]
    assert ledger.counts().answers == 1


@pytest.mark.parametrize("free", [True, False])
def test_the_second_model_is_in_the_budget_at_its_own_price(
    ledger: Ledger, make_requests: MakeRequests, free: bool
) -> None:
    async def charging_more(request: GroundingRequest, _before: int) -> LVLMAnswer:
        return LVLMAnswer(good(request), "gpt-4.1", "stop", IN, CACHED, OUT)

    first = FakeLVLM(cutting("m")) if free else PaidLVLM(cutting(MODEL))
    second = PaidLVLM(charging_more, model="gpt-4.1")
    budget = 0.05
    report = ground_photos(
        make_requests(60), first, ledger, RunOptions(budget=budget), second=second
    )
    assert report.stopped_by == "budget"
    assert 0 < report.spent <= budget
    assert report.spent == pytest.approx(
        second.asked.total() * price_of_one("gpt-4.1")
        + (0 if free else first.asked.total() * (price_of_one(cached=0)))
    )
    assert ledger.counts().cost == pytest.approx(report.spent)


def test_where_the_second_can_not_be_asked_the_first_is_and_at_its_price(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    class Blind(PaidLVLM):
        def identity(self, request: GroundingRequest) -> Identity | None:  # type: ignore[override]
            return None

    first, second = PaidLVLM(cutting(MODEL)), Blind(model="gpt-4.1")
    report = ground_photos(make_requests(2), first, ledger, second=second)
    assert (first.asked.total(), second.asked.total()) == (4, 0)
    assert report.spent == pytest.approx(4 * price_of_one(cached=0))


@pytest.mark.parametrize("options", [{"limit": -1}, {"retries": -1}])
def test_counts_are_not_below_nothing(options: dict[str, int]) -> None:
    with pytest.raises(DataError, match="Give 0 or more"):
        RunOptions(**options)  # type: ignore[arg-type]


def test_a_dry_run_has_the_price_of_whom_the_run_would_ask(
    ledger: Ledger, make_requests: MakeRequests
) -> None:
    async def killed(request: GroundingRequest, before: int) -> LVLMAnswer:
        if before:
            raise SystemExit
        return await cutting(MODEL)(request, before)

    with pytest.raises(SystemExit):
        ground_photos(make_requests(1), PaidLVLM(killed), ledger)
    second = PaidLVLM(model="gpt-4.1")
    alone = plan_run(make_requests(1), PaidLVLM(), ledger, RunOptions())
    both = plan_run(make_requests(1), PaidLVLM(), ledger, RunOptions(), second=second)
    assert alone.estimate.photos == both.estimate.photos == 1
    assert alone.estimate.most is not None
    assert both.estimate.most is not None
    assert both.estimate.most > 2 * alone.estimate.most
    report = ground_photos(make_requests(1), PaidLVLM(), ledger, second=second)
    assert (report.asked, report.again, second.asked.total()) == (1, 0, 1)
