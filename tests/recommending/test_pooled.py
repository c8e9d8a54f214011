"""Recommending by profiles of several queries."""

from __future__ import annotations

import numpy as np
import pytest

from vlm4rec.encoding.encoder import normalise
from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.registry import profile_by_name
from vlm4rec.recommending.pooled import search_pooled
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.recommender import Recommender

IDS = tuple(f"i{row:02}" for row in range(50))
NAMES = ("max", "power:3", "interests:2", "last:2+max")


def recommender(profile: str, *, gone: tuple[str, ...] = ()) -> Recommender:
    matrix = normalise(np.random.default_rng(0).normal(size=(50, 9)))
    matrix[20:30] = matrix[20]  # ties
    blocks = (Block("a", 0, 4), Block("b", 4, 9))
    titles: dict[str, str | None] = {id_: None for id_ in IDS if id_ not in gone}
    vectors = ItemVectors(IDS, matrix, blocks, ("",) * 50)
    return Recommender(vectors, titles, {}, profile_by_name(profile))


@pytest.mark.parametrize("name", NAMES)
def test_the_best_are_those_of_a_full_sort(name: str) -> None:
    ours = recommender(name)
    history = History.of(["i01", "i22", "i40"])
    found = ours.recommend(history, k=15, exclude=["i05"])
    past = ours.vectors.matrix[[1, 22, 40]]
    scores = ours.profile.make(past, history).scores(ours.vectors.matrix).astype(float).round(5)
    rest = [row for row in range(50) if row not in (1, 5, 22, 40)]
    assert [item.id for item in found] == [
        IDS[row] for row in sorted(rest, key=lambda row: (-scores[row], row))[:15]
    ]
    ranking = ours.rank([Request(history, mask=("i01", "i05", "i22", "i40"))], 15)[0]
    assert ranking == [item.id for item in found]


@pytest.mark.parametrize("name", NAMES)
def test_a_score_splits_into_blocks(name: str) -> None:
    for item in recommender(name).recommend(History.of(["i01", "i07", "i40"]), k=46):
        assert item.blocks is not None
        assert sum(item.blocks.values()) == pytest.approx(item.score, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_what_left_the_catalog_is_not_found(name: str) -> None:
    gone = tuple(IDS[30:])
    ours = recommender(name, gone=gone)
    history = History.of(["i01", "i07", "i40"])
    assert not {item.id for item in ours.recommend(history, k=50)} & {*gone, "i01", "i07"}
    rankings = ours.rank([Request(history), Request(History.of(["i01"])), Request(history)], 50)
    assert [len(ranking) for ranking in rankings] == [28, 29, 28]


def test_nothing_is_left_or_asked_for() -> None:
    ours = recommender("max")
    profile = ours.profile.make(ours.vectors.matrix[:2], History.of(["i00", "i01"]))
    assert search_pooled(profile, IDS, ours.vectors.matrix, 3, exclude=range(50)).ids == ()
    with pytest.raises(DataError, match="at least 1"):
        search_pooled(profile, IDS, ours.vectors.matrix, 0)
