"""What batches may cost, do cost, and a budget; and the photo that is asked about first."""

from __future__ import annotations

import pytest

from vlm4rec.grounding.batch.keeping import PricedTill
from vlm4rec.grounding.batch.seam import BatchLimits
from vlm4rec.grounding.lvlm import Traits
from vlm4rec.grounding.money.budget import Budget
from vlm4rec.grounding.money.prices import Price, PriceTable

from ..conftest import MakeRequests
from .batch_server import BatchServer
from .conftest import Shop

TRAITS = Traits(free=False, most_tokens_out=1000, max_side=768)


def price() -> Price:
    found = PriceTable.load().lookup("gpt-4.1-mini")
    assert found is not None
    return found


def full(tokens_in: int, cached: int, tokens_out: int) -> float:
    one = price()
    fresh = (tokens_in - cached) * one.input + cached * one.cached_input
    return (fresh + tokens_out * one.output) / 1e6


def test_an_answer_costs_half(shop: Shop, make_requests: MakeRequests) -> None:
    budget = Budget(None)
    report = shop.run(make_requests(3), till=PricedTill(price(), budget, TRAITS))
    each = full(100, 10 if shop.provider == "openai" else 0, 20) * price().batch
    assert price().batch == 0.5
    assert report.cost == pytest.approx(3 * each)
    assert budget.spent == pytest.approx(3 * each)
    assert (budget.reserved, budget.uncertain, report.unpriced) == (0, 0, 0)
    assert shop.rows("SELECT SUM(cost) FROM answers")[0][0] == pytest.approx(3 * each)
    assert shop.rows("SELECT COUNT(*) FROM batch_requests WHERE most > 0") == [(3,)]


def test_no_batch_goes_out_that_the_budget_might_not_cover(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(40)
    one = PricedTill(price(), Budget(None), TRAITS)
    shop.run(requests[:1], till=one)
    (most,) = shop.rows("SELECT most FROM batch_requests")[0]
    assert isinstance(most, float)
    budget = Budget(most * 10.5)
    told: list[float] = []
    report = shop.run(
        requests,
        till=PricedTill(price(), budget, TRAITS),
        progress=lambda _report: told.append(budget.spent + budget.reserved),
    )
    assert len(batch_server.batches[1].requests) == 10
    assert max(told) <= most * 10.5
    assert report.stopped_by in ("", "budget")
    assert report.submitted + report.left == 39
    assert budget.reserved == 0
    report = shop.run(requests, till=PricedTill(price(), Budget(0.0), TRAITS))
    if report.left:
        assert (report.stopped_by, report.submitted) == ("budget", 0)


def test_what_has_no_place_in_a_batch_is_not_set_aside(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(30)
    shop.run(requests[:1])
    size = max(len(line) for line in batch_server.texts()) + 500
    budget = Budget(None)
    till = PricedTill(price(), budget, TRAITS)
    report = shop.run(requests, till=till, limits=BatchLimits(100, 3 * size), wait=False)
    assert report.waiting > 3
    (most,) = shop.rows("SELECT SUM(most) FROM batch_requests WHERE state = 'waiting'")[0]
    assert budget.reserved == pytest.approx(most)


def test_failures_cost_nothing_and_lost_answers_may(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    fates = {1: ["bad"], 2: ["error", "good"], 3: ["missing"] * 3}
    batch_server.mood = lambda number, before: fates.get(number, ["good"])[before]
    budget = Budget(None)
    report = shop.run(make_requests(4), till=PricedTill(price(), budget, TRAITS))
    assert (report.collected, report.failed) == (2, 2)
    assert budget.spent == pytest.approx(report.cost)
    assert budget.reserved == 0
    mosts = shop.rows("SELECT most FROM batch_requests ORDER BY most")
    assert budget.uncertain == pytest.approx(3 * float(str(mosts[0][0])))


def test_what_an_earlier_run_submitted_was_on_its_budget(
    shop: Shop, make_requests: MakeRequests
) -> None:
    requests = make_requests(4)
    shop.run(requests, wait=False)
    budget = Budget(0.0)
    report = shop.run(requests, till=PricedTill(price(), budget, TRAITS))
    assert (report.collected, report.stopped_by) == (4, "")
    assert report.cost > 0
    assert (budget.spent, budget.reserved) == (0, 0)


def test_the_first_photo_is_asked_about_at_once(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    budget = Budget(None)
    till = PricedTill(price(), budget, TRAITS)
    report = shop.run(make_requests(5), trial=True, till=till, limits=BatchLimits(2, 10**6))
    assert len(batch_server.asked) == 1
    assert sorted(batch_server.submitted()) == [1, 2, 3, 4]
    assert (report.at_once, report.collected, report.submitted) == (1, 5, 4)
    each = full(100, 10 if shop.provider == "openai" else 0, 20)
    assert budget.spent == pytest.approx(each + 4 * each / 2)


def test_so_a_batch_asks_only_for_what_the_model_takes(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.refuses = "response_format" if shop.provider == "openai" else "output_config"
    report = shop.run(make_requests(4), trial=True)
    assert report.collected == 4
    assert len(batch_server.asked) == 2
    assert not any(batch_server.refuses in body for body in batch_server.texts())
    assert batch_server.texts()


def test_the_first_photo_may_be_refused_or_broken(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    requests = make_requests(4)
    with open(requests[0].photo, "wb") as file:  # noqa: PTH123 - it is to be damaged
        file.write(b"no photo")
    batch_server.mood = lambda number, _before: "bad" if number == 1 else "good"
    report = shop.run(requests, trial=True)
    assert (report.collected, report.failed) == (2, 2)
    assert set(shop.keeper.failed) == {"item0000", "item0001"}


def test_a_wrong_key_shows_before_a_batch_is_made(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests
) -> None:
    batch_server.fault = lambda what, _times: "401" if what == "ask" else ""
    report = shop.run(make_requests(4), trial=True)
    assert "401" in str(report.error)
    assert (report.left, report.stopped_by) == (4, "error")
    assert batch_server.calls == {"ask": 1}
