"""What every `Ranker` must do."""

from __future__ import annotations

import pytest

from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.recommender import Recommender

REQUESTS = [Request(History.of(items)) for items in (["b1", "b2"], ["t1"], ["b1"])]


@pytest.fixture(params=["vlm4rec"])
def ranker(request: pytest.FixtureRequest, recommender: Recommender) -> Ranker:
    return {"vlm4rec": recommender}[request.param]


def masking(*masks: tuple[str, ...]) -> list[Request]:
    pairs = zip(REQUESTS, masks, strict=True)
    return [Request(request.history, mask=mask) for request, mask in pairs]


def test_one_ranking_a_request_each_id_once(ranker: Ranker) -> None:
    rankings = ranker.rank(REQUESTS, 3)
    assert len(rankings) == 3
    for ranking in rankings:
        assert len(ranking) == len(set(ranking)) == 3


def test_the_history_is_masked_unless_told_otherwise(ranker: Ranker) -> None:
    for request, ranking in zip(REQUESTS, ranker.rank(REQUESTS, 10), strict=True):
        assert not set(ranking) & set(request.history.items)
    unmasked = ranker.rank(masking((), (), ()), 10)
    assert all(len(ranking) == 5 for ranking in unmasked)


def test_the_mask_holds(ranker: Ranker) -> None:
    rankings = ranker.rank(masking(("t1",), ("t1", "t2"), ("nobody",)), 10)
    assert [len(ranking) for ranking in rankings] == [4, 3, 5]
    assert "t1" not in rankings[0] + rankings[1]


def test_company_does_not_matter(ranker: Ranker) -> None:
    alone = [ranker.rank([request], 4)[0] for request in REQUESTS]
    assert alone == ranker.rank(REQUESTS, 4)


def test_a_longer_ranking_begins_with_the_shorter(ranker: Ranker) -> None:
    for short, long in zip(ranker.rank(REQUESTS, 2), ranker.rank(REQUESTS, 4), strict=True):
        assert long[:2] == short


def test_nothing_to_go_by_gives_an_empty_ranking(ranker: Ranker) -> None:
    nobody = Request(History.of(["nobody"]))
    rankings = ranker.rank([nobody, REQUESTS[1], Request(History.of([]))], 3)
    assert [len(ranking) for ranking in rankings] == [0, 3, 0]
    assert ranker.rank([], 3) == []
