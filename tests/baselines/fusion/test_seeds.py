from __future__ import annotations

from dataclasses import replace

import pytest

from tests.baselines.fusion.planted import IDS, QUICK, planted
from vlm4rec.baselines.fusion.seeds import Seeds
from vlm4rec.baselines.fusion.trained import TrainedFusion
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.ranker import Request

REQUESTS = [Request(History.of([item])) for item in IDS[:5]]


def test_each_seed_gives_a_ranker_and_the_first_ranks() -> None:
    method = TrainedFusion("gating", "title", fusion="gating", dimension=8, training=QUICK)
    data = replace(planted("text", users=40)[0], seed=7)
    several = Seeds(method, 3).fit(data)
    rankings = [ranker.rank(REQUESTS, 10) for ranker in several.rankers]
    assert len(rankings) == 3
    assert rankings[0] == several.rank(REQUESTS, 10) == method.fit(data).rank(REQUESTS, 10)
    assert rankings[2] == method.fit(replace(data, seed=9)).rank(REQUESTS, 10) != rankings[0]


def test_the_name_is_that_of_the_method() -> None:
    assert Seeds(TrainedFusion("gating", "title", fusion="gating")).name == "gating"


def test_no_seed_is_refused() -> None:
    with pytest.raises(DataError, match="at least one seed"):
        Seeds(TrainedFusion("gating", "title"), 0)
