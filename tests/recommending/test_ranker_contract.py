"""What every `Ranker` must do."""

from __future__ import annotations

import numpy as np
import pytest

from tests.recommending.conftest import TEXTS
from tests.words import WordEncoder
from vlm4rec.encoding.encoder import normalise
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending.blend import Blend
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.recommender import Recommender

REQUESTS = [Request(History.of(items)) for items in (["b1", "b2"], ["t1"], ["b1"])]


METHODS: dict[str, Method] = {
    "content": Content("content", "text"),
    "content, nearest": Content("content", "text", "max"),
    "content, whitened": Content("content", ["text", "length"], whiten=0.5, consistency=1),
    "blend": Blend("blend", {"text": Content("t", "text"), "near": Content("n", "text", "max")}),
}


@pytest.fixture(params=["vlm4rec", *METHODS])
def ranker(request: pytest.FixtureRequest, recommender: Recommender) -> Ranker:
    return recommender if request.param == "vlm4rec" else METHODS[request.param].fit(data())


def data() -> TrainingData:
    ids = tuple(sorted(TEXTS))
    encoder = WordEncoder()
    text = normalise(encoder.encode([TEXTS[id_] for id_ in ids]))
    length = normalise(np.array([[len(TEXTS[id_]), 20] for id_ in ids], dtype=np.float32))
    none = Interactions.empty()
    cases = (Case("u", History.of(["b1"]), ("b2",)), Case("v", History.of(["t1"]), ("t2",)))
    features = ItemFeatures(ids, {"text": lambda: text, "length": lambda: length})
    return TrainingData(none, features, ids, validation=Split(none, cases, none))


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
