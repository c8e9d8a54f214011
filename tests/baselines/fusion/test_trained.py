"""The trained methods on shops in which it is known what customers choose by."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np
import polars as pl
import pytest

from tests.baselines.fusion.planted import CHANCE, IDS, QUICK, planted, planted_blocks
from vlm4rec.baselines.fusion.trained import FUSIONS, LearnedRanker, TrainedBlocks, TrainedFusion
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import ItemFeatures, Method
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.validation import validation_score

Signal = Literal["text", "image", "both", "none"]
METHODS: dict[str, Method] = {
    **{
        name: TrainedFusion(name, "title", fusion=name, dimension=32, training=QUICK)
        for name in FUSIONS
    },
    "blocks": TrainedBlocks("blocks", ("title", "image"), rank=16, training=QUICK),
}


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> TrainedFusion | TrainedBlocks:
    chosen = METHODS[request.param]
    assert isinstance(chosen, TrainedFusion | TrainedBlocks)
    return chosen


@cache
def fitted(method: Method, signal: Signal, seed: int = 0) -> tuple[LearnedRanker, float]:
    """Return the ranker, and how well it does on the test."""
    data, split = planted(signal, seed=seed)
    ranker = method.fit(data)
    assert isinstance(ranker, LearnedRanker)
    return ranker, validation_score(ranker, data, split.cases)


def untrained(method: TrainedFusion | TrainedBlocks) -> TrainedFusion | TrainedBlocks:
    return replace(method, training=replace(QUICK, epochs=0))


@pytest.mark.parametrize("signal", ["text", "image", "both"])
def test_training_beats_its_start_and_chance(
    method: TrainedFusion | TrainedBlocks, signal: Signal
) -> None:
    learned, start = fitted(method, signal)[1], fitted(untrained(method), signal)[1]
    assert learned > start + 0.05
    assert learned > 8 * CHANCE


def test_where_customers_buy_at_random_nothing_is_found(
    method: TrainedFusion | TrainedBlocks,
) -> None:
    """Targets that leak would be found here too."""
    scores = [fitted(method, "none", seed)[1] for seed in range(2)]
    assert np.mean(scores) < 1.5 * CHANCE


@pytest.mark.slow
def test_what_was_learned_holds_for_items_that_nobody_bought(
    method: TrainedFusion | TrainedBlocks,
) -> None:
    data, split = planted("image", users=600)
    cold = set(IDS[::4])
    warm = data.interactions.frame.filter(~pl.col("item").is_in(cold))
    data = replace(data, interactions=Interactions(warm), validation=None)
    data = replace(data, candidates=tuple(sorted(cold)))
    cases = [
        replace(case, history=case.history.only([item not in cold for item in case.history.items]))
        for case in split.cases
        if cold.issuperset(case.targets)
    ]
    cases = [case for case in cases if len(case.history)]
    learned, start = (
        validation_score(one.fit(data), data, cases) for one in (method, untrained(method))
    )
    assert learned > start + 0.05


def test_the_epochs_found_on_validation_are_run_on_everything(
    method: TrainedFusion | TrainedBlocks,
) -> None:
    ranker = fitted(method, "both")[0]
    assert ranker.search is not None
    assert ranker.search.epochs == int(np.argmax(ranker.search.scores)) > 0
    assert ranker.learned.epochs == len(ranker.learned.losses) == ranker.search.epochs
    data = planted("both")[0]
    fixed = replace(method, training=replace(QUICK, epochs=ranker.search.epochs))
    again = fixed.fit(replace(data, validation=None))
    assert again.search is None
    np.testing.assert_array_equal(again.learned.vectors, ranker.learned.vectors)


def test_the_test_is_not_looked_at(method: TrainedFusion | TrainedBlocks) -> None:
    """Whatever the log holds, the vectors are the same: only interactions are learned from."""
    data = planted("text")[0]
    ranker = method.fit(replace(data, log=Interactions.empty(), validation=None))
    again = method.fit(replace(data, validation=None))
    np.testing.assert_array_equal(ranker.learned.vectors, again.learned.vectors)


def test_seeds_matter_and_are_kept(method: TrainedFusion | TrainedBlocks) -> None:
    data = planted("text", users=40)[0]
    first = method.fit(data).learned.vectors
    np.testing.assert_array_equal(method.fit(data).learned.vectors, first)
    other = method.fit(replace(data, seed=5)).learned.vectors
    assert np.abs(other - first).max() > 1e-3


def test_items_that_lack_text_or_image_are_ranked_by_the_other(
    method: TrainedFusion | TrainedBlocks,
) -> None:
    text, image = (block.copy() for block in planted_blocks())
    text[:30], image[20:40] = 0, 0
    features = ItemFeatures(IDS, {"title": lambda: text, "image": lambda: image})
    data, split = planted("both")
    data = replace(data, features=features)
    ranker = method.fit(data)
    bare = ~ranker.learned.vectors.any(axis=1)
    assert np.flatnonzero(bare).tolist() == list(range(20, 30))
    nothing, something = Request(History.of([IDS[25]])), Request(History.of([IDS[25], IDS[5]]))
    rankings = ranker.rank([nothing, something], 200)
    assert rankings[0] == []
    assert len(rankings[1]) == 118
    assert validation_score(ranker, data, split.cases) > 3 * CHANCE


def test_the_profile_is_that_of_the_method() -> None:
    data = planted("text")[0]
    history = History.of([IDS[0], IDS[50], IDS[90]])
    method = replace(METHODS["attention"], profile="last:1")  # type: ignore[type-var]
    ranker = method.fit(data)
    last = Request(History.of([IDS[90]]), mask=history.items)
    assert ranker.rank([Request(history)], 9) == ranker.rank([last], 9)


def test_weights_of_blocks_go_to_what_customers_choose_by() -> None:
    method = TrainedBlocks("weights", ("title", "image"), rank=0, pull=0, training=QUICK)
    by_text, by_image = (fitted(method, signal)[0].learned for signal in ("text", "image"))
    assert by_text.weights[0] > 0.55 > 0.45 > by_image.weights[0]
    assert sum(by_text.weights) == pytest.approx(1)


def test_blocks_start_as_plain_content() -> None:
    data = planted("text")[0]
    method = TrainedBlocks(
        "blocks", ("title", "image"), weights=(3, 1), training=replace(QUICK, epochs=0)
    )
    plain = Content("plain", {"title": 3, "image": 1}, whiten=0.1).fit(data).vectors.matrix
    ours = method.fit(data).learned.vectors
    np.testing.assert_allclose(ours @ ours.T, plain @ plain.T, atol=1e-5)


def test_a_pull_holds_items_where_they_are() -> None:
    data = replace(planted("text")[0], validation=None)
    blocks = TrainedBlocks("blocks", ("title", "image"), rank=16, training=QUICK)
    start = untrained(blocks).fit(data).learned.vectors
    free, held = (
        float((replace(blocks, pull=pull).fit(data).learned.vectors * start).sum(axis=1).mean())
        for pull in (0, 1000)
    )
    assert free < 0.8
    assert held > 0.99


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TrainedFusion("x", "title", fusion="magic"), "no trained fusion 'magic'"),
        (lambda: TrainedFusion("x", "title", dimension=1), "at least 2 dimensions"),
        (lambda: TrainedBlocks("x", ()), "at least one kind"),
        (lambda: TrainedBlocks("x", ("title",), weights=(1, 2)), "for 1 blocks"),
        (lambda: TrainedBlocks("x", ("title",), weights=(0,)), "above 0"),
        (lambda: TrainedBlocks("x", ("title",), rank=-1), "0 or more"),
        (lambda: TrainedFusion("x", "title", profile="best").fit(planted("text")[0]), "no profile"),
        (lambda: TrainedFusion("x", "taste").fit(planted("text")[0]), "'taste'"),
    ],
)
def test_what_can_not_be_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(DataError, match=message):
        make()
