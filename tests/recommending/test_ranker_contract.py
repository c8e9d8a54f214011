"""What every `Ranker` must do."""

from __future__ import annotations

import pytest

from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.ranker import Ranker
from vlm4rec.recommending.recommender import Recommender

HISTORIES = [History.of(["b1", "b2"]), History.of(["t1"]), History.of(["b1"])]


@pytest.fixture(params=["vlm4rec"])
def ranker(request: pytest.FixtureRequest, recommender: Recommender) -> Ranker:
    return {"vlm4rec": recommender}[request.param]


def test_one_ranking_a_history_each_id_once(ranker: Ranker) -> None:
    rankings = ranker.rank(HISTORIES, 3)
    assert len(rankings) == 3
    for ranking in rankings:
        assert len(ranking) == len(set(ranking)) == 3


def test_the_history_is_masked_unless_told_otherwise(ranker: Ranker) -> None:
    for history, ranking in zip(HISTORIES, ranker.rank(HISTORIES, 10), strict=True):
        assert not set(ranking) & set(history.items)
    unmasked = ranker.rank(HISTORIES, 10, mask=[[], [], []])
    assert all(len(ranking) == 5 for ranking in unmasked)


def test_the_mask_holds(ranker: Ranker) -> None:
    rankings = ranker.rank(HISTORIES, 10, mask=[["t1"], ["t1", "t2"], ["nobody"]])
    assert [len(ranking) for ranking in rankings] == [4, 3, 5]
    assert "t1" not in rankings[0] + rankings[1]


def test_company_does_not_matter(ranker: Ranker) -> None:
    alone = [ranker.rank([history], 4)[0] for history in HISTORIES]
    assert alone == ranker.rank(HISTORIES, 4)


def test_a_longer_ranking_begins_with_the_shorter(ranker: Ranker) -> None:
    for short, long in zip(ranker.rank(HISTORIES, 2), ranker.rank(HISTORIES, 4), strict=True):
        assert long[:2] == short


def test_nothing_to_go_by_gives_an_empty_ranking(ranker: Ranker) -> None:
    nobody = History.of(["nobody"])
    rankings = ranker.rank([nobody, HISTORIES[1], History.of([])], 3)
    assert [len(ranking) for ranking in rankings] == [0, 3, 0]
    assert ranker.rank([], 3) == []
