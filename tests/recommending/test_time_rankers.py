from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from tests.baselines.small_data import day, interactions_of
from vlm4rec.encoding.encoder import Floats
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker
from vlm4rec.recommending.time_rankers import Newness, RecentSales, StillSold

IDS = ("new", "old", "soon", "steady", "undated", "unsold")
LOG = interactions_of(
    [
        ("u", "old", -3000),
        ("u", "old", 1),
        ("v", "old", 1),
        *[("w", "steady", float(n)) for n in range(2, 10)],
        ("u", "new", 9),
        ("u", "soon", 12),
        ("v", "soon", 13),
        ("u", "undated", None),
        ("u", "not a candidate", 9.5),
    ]
)
METHODS: list[Method] = [RecentSales(None), RecentSales(7), StillSold(), Newness()]


def fitted(method: Method, log: Interactions = LOG) -> ScoreRanker:
    data = TrainingData(Interactions.empty(), ItemFeatures(IDS, {}), IDS, log)
    ranker = method.fit(data)
    assert isinstance(ranker, ScoreRanker)
    return ranker


def scores(method: Method, *times: datetime | None, log: Interactions = LOG) -> Floats:
    requests = [Request(History.of(["old"]), time) for time in times]
    return fitted(method, log).scores(requests)


def by_id(method: Method, time: datetime | None, log: Interactions = LOG) -> dict[str, float]:
    return dict(zip(IDS, scores(method, time, log=log)[0].tolist(), strict=True))


def test_sales_are_counted_in_the_days_before() -> None:
    week = by_id(RecentSales(7), day(10))
    assert {item: round(np.expm1(value)) for item, value in week.items()} == {
        "new": 1, "old": 0, "soon": 0, "steady": 7, "undated": 0, "unsold": 0,
    }  # fmt: skip
    ever = by_id(RecentSales(None), day(10))
    assert ever["steady"] == pytest.approx(np.log(9))
    assert ever["old"] == pytest.approx(np.log(4))


def test_what_has_not_sold_for_long_falls_behind() -> None:
    found = by_id(StillSold(), day(10))
    assert found["steady"] == found["new"] == pytest.approx(-np.log(2))
    assert found["old"] == pytest.approx(-np.log(10))
    assert found["unsold"] == found["undated"] == found["soon"] == pytest.approx(-np.log(731))
    ranking = fitted(StillSold()).rank([Request(History.of([]), day(10))], 3)[0]
    assert set(ranking[:2]) == {"steady", "new"}
    assert ranking[2] == "old"


def test_what_is_new_comes_first() -> None:
    found = by_id(Newness(), day(10))
    assert found["new"] == pytest.approx(-np.log(2))
    assert found["steady"] == pytest.approx(-np.log(9))
    assert found["old"] == pytest.approx(-np.log(731))  # 3,010 days are as good as two years
    assert found["unsold"] == found["undated"] == 0


@pytest.mark.parametrize("method", METHODS)
def test_only_what_lies_strictly_before_is_known(method: Method) -> None:
    now = day(9)
    time = LOG.frame["time"]
    before = Interactions(LOG.frame.filter((time < now) | time.is_null()))
    np.testing.assert_array_equal(scores(method, now), scores(method, now, log=before))
    later = scores(method, day(9.001))
    assert (later != scores(method, now)).any()


@pytest.mark.parametrize("method", METHODS)
def test_that_an_item_will_sell_is_not_known(method: Method) -> None:
    found = by_id(method, day(12))
    assert found["soon"] == found["unsold"]


@pytest.mark.parametrize("method", METHODS)
def test_without_a_time_all_of_the_log_is_known(method: Method) -> None:
    found = scores(method, None)
    assert np.isfinite(found).all()
    values = by_id(method, None)
    assert values["soon"] != values["unsold"] or isinstance(method, Newness)
    if isinstance(method, RecentSales):
        assert round(np.expm1(values["old"])) == 3
    else:
        assert values["soon"] > values["old"]


@pytest.mark.parametrize("method", METHODS)
def test_times_in_any_order_and_none_among_them(method: Method) -> None:
    times = [day(12.5), None, day(0), day(9), None, day(12.5), day(40)]
    together = scores(method, *times)
    assert together.dtype == np.float32
    assert together.shape == (7, len(IDS))
    for row, time in enumerate(times):
        np.testing.assert_array_equal(together[row], scores(method, time)[0])


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_log_gives_every_item_the_same(method: Method) -> None:
    found = scores(method, day(3), None, log=Interactions.empty())
    assert np.isfinite(found).all()
    assert (found == found[:, :1]).all()


@pytest.mark.parametrize("method", METHODS[1:])
def test_rows_without_a_time_tell_nothing_of_one(method: Method) -> None:
    found = scores(method, day(3), log=interactions_of([("u", "old", None)]))
    assert np.isfinite(found).all()
    assert (found == found[:, :1]).all()


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_a_new_array(method: Method) -> None:
    ranker = fitted(method)
    request = [Request(History.of([]), day(10))]
    first = ranker.scores(request)
    kept = first.copy()
    first[:] = 7
    np.testing.assert_array_equal(ranker.scores(request), kept)


def test_names() -> None:
    names = [method.name for method in METHODS]
    assert names == [
        "sales so far",
        "sales of 7 days",
        "sold lately",
        "new on sale",
    ]
