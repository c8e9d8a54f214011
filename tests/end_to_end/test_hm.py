"""The H&M sample, end to end: a real shop, real purchases, groundings by a real LVLM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.end_to_end.conftest import vlm4rec, vlm4rec_json
from vlm4rec import History, Shop
from vlm4rec.recommending.ranker import Request

pytestmark = [pytest.mark.hm, pytest.mark.slow]


@pytest.fixture(scope="module")
def shop(hm_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hm") / "shop"
    vlm4rec("init", place, "--format", "hm", "--source", hm_folder)
    vlm4rec("ground", place, "--lvlm", f"recorded:{hm_folder / 'groundings.jsonl'}")
    vlm4rec("encode", place, "--whiten")
    return place


def test_what_came_in(shop: Path) -> None:
    opened = Shop.open(shop)
    step = opened.folder.step("init")
    assert step.counts["items"] == step.counts["photos"] == 17_033
    assert step.counts["interactions"] == 23_759
    assert step.counts["problems"] == 0
    assert opened.catalog["0108775015"].title == "Strap top"
    assert opened.catalog["0108775015"].attributes["product_code"] == "0108775"
    assert len(opened.answers) == len(opened.vectors) == 4_000


def test_nothing_left_to_do(shop: Path, hm_folder: Path) -> None:
    init = vlm4rec_json("init", shop)
    assert init["counts"]["items"] == 17_033
    ground = vlm4rec_json("ground", shop, "--lvlm", f"recorded:{hm_folder / 'groundings.jsonl'}")
    assert (ground["asked"], ground["reused"]) == (0, 4_000)
    before = Shop.open(shop).folder.step("encode")
    vlm4rec("encode", shop, "--whiten")
    assert Shop.open(shop).folder.step("encode") == before


def test_a_new_customer_by_history_alone(shop: Path) -> None:
    found = vlm4rec_json("recommend", shop, "--history", "0108775015,0111586001", "-k", "10")
    ids = [item["id"] for item in found["items"]]
    assert len(set(ids)) == 10
    assert not {"0108775015", "0111586001"} & set(ids)
    assert all(item["reasons"][0]["item"] in found["history"] for item in found["items"])


def test_the_whole_history_is_masked_for_everybody(shop: Path) -> None:
    opened = Shop.open(shop)
    histories = [history for _, history in opened.interactions.histories()]
    rankings = opened.recommender.rank([Request(history) for history in histories], 20)
    for history, ranking in zip(histories, rankings, strict=True):
        assert not set(history.items) & set(ranking)
        assert len(ranking) in (0, 20)


def test_it_completes_baskets_far_better_than_chance(shop: Path, hm_folder: Path) -> None:
    """One article of a week's basket is hidden: chance finds it in the first ten 1 time in 400."""
    recommender = Shop.open(shop).recommender
    week = pl.read_csv(
        hm_folder / "transactions_week.csv", schema_overrides={"article_id": pl.String}
    )
    covered = set(recommender.vectors.ids)
    histories, hidden = [], []
    for (items,) in (
        week.group_by("customer_id", maintain_order=True).agg("article_id")[:, 1:].iter_rows()
    ):
        known = [item for item in dict.fromkeys(items) if item in covered]
        if len(known) > 1:
            histories.append(History.of(known[:-1]))
            hidden.append(known[-1])
    rankings = recommender.rank([Request(history) for history in histories[:2000]], 10)
    found = np.mean([item in ranking for item, ranking in zip(hidden, rankings, strict=False)])
    assert found > 0.08
