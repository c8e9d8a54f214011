"""All faults at once, over many photos: each is submitted as seldom as can be."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from vlm4rec.grounding.batch.keeping import PricedTill
from vlm4rec.grounding.batch.seam import BatchLimits
from vlm4rec.grounding.money.budget import Budget

from ..conftest import MakeRequests
from .batch_server import BatchServer
from .conftest import Shop
from .test_money import TRAITS, price

FAULTS = {
    "upload": ["429 1", "500", "reset", "after 500", "after reset"],
    "create": ["429 1", "503", "529", "500", "reset", "after 500", "after reset"],
    "state": ["429", "500", "reset", "529"],
    "list": ["429", "500", "reset"],
    "download": ["429", "500", "reset", "cut", "short"],
}
COUNT = 600


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_every_fault_at_once(
    shop: Shop, batch_server: BatchServer, make_requests: MakeRequests, seed: int
) -> None:
    chance = random.Random(seed)
    failures = {number: chance.choice((0, 0, 0, 1, 2)) for number in range(COUNT)}
    kinds = ["error", "expired"]

    def mood(number: int, before: int) -> str:
        return "good" if before >= failures[number] else kinds[(number + before) % 2]

    def fault(what: str, times: int) -> str:
        # Not too often in a row: what fails always is a matter of other tests.
        return chance.choice(FAULTS[what]) if times % 3 and chance.random() < 0.5 else ""

    def fate(_batches: int, _size: int) -> str:
        under_way = sum(not batch_server.over(batch) for batch in batch_server.batches)
        return "crowded" if shop.provider == "openai" and under_way >= 3 else "ended"

    batch_server.mood, batch_server.fault, batch_server.fate = mood, fault, fate
    batch_server.twice, batch_server.looks = True, 5
    budget = Budget(None)
    requests = make_requests(COUNT)
    runs = 0
    while shop.grounded() < COUNT:
        runs += 1
        till = PricedTill(price(), budget, TRAITS)
        wait = chance.random() < 0.7
        report = shop.run(requests, limits=BatchLimits(50, 10**7), till=till, wait=wait)
        assert report.error is None
        assert report.failed == 0
        assert runs < 20
    expected = Counter({number: failed + 1 for number, failed in failures.items()})
    assert batch_server.submitted() == expected
    assert shop.rows("SELECT COUNT(*), COUNT(DISTINCT key) FROM answers") == [(COUNT, COUNT)]
    assert budget.reserved == 0
    assert shop.provider == "anthropic" or any(b.fate == "crowded" for b in batch_server.batches)
