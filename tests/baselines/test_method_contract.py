"""What every `Method`, and the ranker that it gives, must do.

A new method is one line in `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import polars as pl
import pytest

from tests.baselines.small_data import CANDIDATES, day, interactions_of, training_data
from vlm4rec.baselines.blends import LoggedScores
from vlm4rec.baselines.ease import EASE
from vlm4rec.baselines.fusion.seeds import Seeds
from vlm4rec.baselines.fusion.trained import FUSIONS, TrainedFusion
from vlm4rec.baselines.fusion.training import Training
from vlm4rec.baselines.fusion.untrained import AveragedBlocks
from vlm4rec.baselines.item_knn import ItemKNN
from vlm4rec.baselines.matrix_factorisation import ALS, BPR
from vlm4rec.baselines.popularity import Popularity, RecentPopularity
from vlm4rec.baselines.random_ranking import Random
from vlm4rec.baselines.tuned import Tuned
from vlm4rec.evaluation.methods import Renamed
from vlm4rec.evaluation.tuning import TunedBlend
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.blend import Blend
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import Method
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.time_rankers import Newness, RecentSales, StillSold
from vlm4rec.recommending.variants import Variants


@dataclass(frozen=True)
class Kind:
    """A method, and whether it ranks by the history, or for everyone alike, or by lot."""

    make: Callable[[], Method]
    personal: bool = True
    by_lot: bool = False


def _fusion(name: str) -> TrainedFusion:
    """Return a fusion that is trained for a moment."""
    training = Training(epochs=2, device="cpu")
    return TrainedFusion(name, "title", "image", fusion=name, dimension=8, training=training)


_SIGNALS: dict[str, Method] = {"title": Content("t", "title"), "sales": RecentSales(None)}
METHODS = {
    "random": Kind(Random, personal=False, by_lot=True),
    "popularity": Kind(Popularity, personal=False),
    "recent popularity": Kind(lambda: RecentPopularity(7), personal=False),
    "recent popularity, half-life": Kind(lambda: RecentPopularity(None, 3), personal=False),
    "item KNN": Kind(lambda: ItemKNN(4, 1)),
    "item KNN, Jaccard": Kind(lambda: ItemKNN(4, 0, "jaccard")),
    "EASE": Kind(lambda: EASE(5)),
    "ALS": Kind(lambda: ALS(4, iterations=3)),
    "BPR": Kind(lambda: BPR(4, iterations=10)),
    "BPR, mean": Kind(lambda: BPR(4, iterations=10, fold_in="mean")),
    "tuned": Kind(lambda: Tuned("tuned", [ItemKNN(2, 0), EASE(1)])),
    "content": Kind(lambda: Content("content", ["title", "image"], whiten=0.5)),
    "content, nearest": Kind(lambda: Content("content", "title", "max")),
    "average": Kind(lambda: AveragedBlocks("average", ("title", "image"))),
    **{f"fusion, {name}": Kind(partial(_fusion, name)) for name in FUSIONS},
    "fusion, seeds": Kind(lambda: Seeds(_fusion("gating"), 2)),
    "blend": Kind(lambda: Blend("blend", {"title": Content("t", "title"), "KNN": ItemKNN(4, 1)})),
    "blend, sales": Kind(lambda: Blend("blend", _SIGNALS), personal=False),
    "tuned blend": Kind(lambda: TunedBlend("tuned", ("title", "facet:*"), beyond=False, trials=2)),
    "tuned blend, all": Kind(lambda: TunedBlend("tuned", ("title",), trials=2), personal=False),
    "sales": Kind(lambda: RecentSales(7), personal=False),
    "still sold": Kind(StillSold, personal=False),
    "newness": Kind(Newness, personal=False),
    "logged": Kind(lambda: LoggedScores("logged", ItemKNN(4, 1)), personal=False),
    "renamed": Kind(lambda: Renamed("other", EASE(5))),
}
NOW = day(15)
REQUESTS = [
    Request(History.of(["i00", "i02"]), NOW),
    Request(History.of(["i01"]), NOW),
    Request(History.of(["i05", "i03", "i05", "i13"]), day(9)),
    Request(History.of(["i04", "i06"]), NOW, mask=("i04", "i06", "i07", "i08")),
    Request(History.of(["i08"]), None),
    Request(History.of(["i08"]), NOW, mask=()),
]
ALL = len(CANDIDATES)


@pytest.fixture(params=METHODS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return METHODS[request.param]


@pytest.fixture
def ranker(kind: Kind) -> Ranker:
    return fitted(kind)


@cache
def fitted(kind: Kind) -> Ranker:
    return kind.make().fit(training_data())


def test_a_method_has_a_name(kind: Kind) -> None:
    assert kind.make().name


def test_rankings_are_full_and_hold_each_candidate_once(ranker: Ranker) -> None:
    for request, ranking in zip(REQUESTS, ranker.rank(REQUESTS, ALL + 5), strict=True):
        assert len(ranking) == len(set(ranking))
        assert set(ranking) == set(CANDIDATES) - set(request.masked)


def test_a_longer_ranking_begins_with_the_shorter(ranker: Ranker) -> None:
    longer = ranker.rank(REQUESTS, 7)
    assert [ranking[:3] for ranking in longer] == ranker.rank(REQUESTS, 3)


def test_company_does_not_matter(ranker: Ranker) -> None:
    alone = [ranker.rank([request], ALL)[0] for request in REQUESTS]
    assert alone == ranker.rank(REQUESTS, ALL)
    assert alone[::-1] == ranker.rank(REQUESTS[::-1], ALL)


def test_no_request_gives_no_ranking(ranker: Ranker) -> None:
    assert ranker.rank([], 3) == []


def test_the_same_seed_gives_the_same_rankings(kind: Kind, ranker: Ranker) -> None:
    again = kind.make().fit(training_data())
    assert again.rank(REQUESTS, ALL) == ranker.rank(REQUESTS, ALL)


def test_variants_of_the_history_are_masked(kind: Kind) -> None:
    variants = Variants({"i00": "shirt", "i03": "shirt", "i05": "shirt"})
    data = replace(training_data(), variants=variants)
    request = Request(History.of(["i00"]), NOW, data.mask(History.of(["i00"])))
    ranking = kind.make().fit(data).rank([request], ALL)[0]
    assert set(ranking) == set(CANDIDATES) - {"i00", "i03", "i05"}


def test_nothing_to_go_by_gives_an_empty_ranking_or_one_for_all(kind: Kind, ranker: Ranker) -> None:
    nothing = [Request(History.of(items), NOW, mask=()) for items in ([], ["nobody"])]
    for ranking in ranker.rank([nothing[0], REQUESTS[0], nothing[1]], ALL)[::2]:
        assert len(ranking) == (0 if kind.personal else ALL)


@pytest.mark.parametrize(
    "kind", [name for name, kind in METHODS.items() if not kind.by_lot], indirect=True
)
def test_ids_that_nobody_knows_are_passed_over(ranker: Ranker) -> None:
    with_stranger = Request(History.of(["nobody", "i00", "i02"]), NOW, mask=("i00", "stranger"))
    without = Request(History.of(["i00", "i02"]), NOW, mask=("i00",))
    rankings = ranker.rank([with_stranger, without], ALL)
    assert rankings[0] == rankings[1]


def test_what_happens_later_is_not_known(kind: Kind, ranker: Ranker) -> None:
    data = training_data()
    later = [("z", item, when) for item in CANDIDATES[3:9] for when in (15.0, 15.5, 40.0)] * 5
    log = Interactions(pl.concat([data.log.frame, interactions_of(later).frame]))
    informed = kind.make().fit(replace(data, log=log))
    timed = [request for request in REQUESTS if request.time is not None]
    assert informed.rank(timed, ALL) == ranker.rank(timed, ALL)
