from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.baselines.small_data import CANDIDATES, day, interactions_of, training_data
from vlm4rec.baselines.popularity import Popularity, RecentPopularity
from vlm4rec.baselines.random_ranking import Random
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.recommending.ranker import Request

ALL = len(CANDIDATES)
NOBODY = History.of([])


def descending(counts: Counter[str], ranking: list[str]) -> bool:
    values = [counts[item] for item in ranking]
    return values == sorted(values, reverse=True)


def test_popularity_counts_training_interactions() -> None:
    data = training_data()
    counts = Counter(data.interactions.frame["item"])
    ranking = Popularity().fit(data).rank([Request(NOBODY)], ALL)[0]
    assert descending(counts, ranking)
    assert ranking[-1] == CANDIDATES[-1]
    assert len(set(counts.values())) > 2


def test_popularity_does_not_look_at_the_log() -> None:
    data = training_data()
    blind = replace(data, log=Interactions.empty())
    requests = [Request(NOBODY, day(9))]
    assert Popularity().fit(blind).rank(requests, ALL) == Popularity().fit(data).rank(requests, ALL)


def test_recent_popularity_counts_the_days_before_the_request() -> None:
    data = training_data()
    ranker = RecentPopularity(5).fit(data)
    for now in (6, 12, 18):
        rows = data.log.frame.filter(
            (data.log.frame["time"] >= day(now - 5)) & (data.log.frame["time"] < day(now))
        )
        ranking = ranker.rank([Request(NOBODY, day(now))], ALL)[0]
        assert descending(Counter(rows["item"]), ranking)
        assert rows["item"].n_unique() > 3


def test_a_half_life_prefers_what_sold_last() -> None:
    log = interactions_of([("u", "i00", 1), ("v", "i00", 1), ("w", "i01", 9)])
    data = replace(training_data(), log=log)
    request = Request(NOBODY, day(10))
    plain = RecentPopularity(None).fit(data).rank([request], 2)[0]
    decayed = RecentPopularity(None, 2).fit(data).rank([request], 2)[0]
    assert (plain, decayed) == (["i00", "i01"], ["i01", "i00"])


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (Popularity(), "popularity"),
        (RecentPopularity(), "popularity of the last 14 days"),
        (RecentPopularity(2.5), "popularity of the last 2.5 days"),
        (RecentPopularity(None, 7), "popularity of all days before, half-life 7"),
    ],
)
def test_names_tell_the_window(method: Popularity | RecentPopularity, name: str) -> None:
    assert method.name == name


def test_a_window_must_be_positive() -> None:
    with pytest.raises(DataError, match="days must be a positive number, not 0"):
        RecentPopularity(0).fit(training_data())


def test_lots_depend_on_seed_and_history() -> None:
    requests = [Request(History.of([item]), mask=()) for item in ("i00", "i01")]
    one, other = (Random().fit(training_data(seed)).rank(requests, ALL) for seed in (0, 1))
    assert len({tuple(ranking) for ranking in [*one, *other]}) == 4
