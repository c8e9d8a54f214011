from __future__ import annotations

import pytest

from tests.baselines.fusion.planted import QUICK
from tests.baselines.small_data import CANDIDATES, day, training_data
from vlm4rec.baselines.fusion.seeds import SeedRankers, Seeds
from vlm4rec.baselines.fusion.trained import FUSIONS, TrainedFusion
from vlm4rec.baselines.paper import (
    ABLATION,
    PAPER_ROWS,
    Recipe,
    ablation_methods,
    paper_methods,
)
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import Method
from vlm4rec.recommending.ranker import Request

RECIPE = Recipe(dimension=4, seeds=2, training=QUICK)
ROWS = {method.name: method for method in paper_methods(RECIPE)}


def test_the_twelve_rows_of_the_paper_and_three_more() -> None:
    assert len(PAPER_ROWS) == len(set(PAPER_ROWS)) == 12
    assert set(ROWS) - set(PAPER_ROWS) == {
        "title + vision, cross-modal",
        "LVLM text + vision, cross-modal",
        "LVLM text + vision, gating",
    }


def test_each_text_is_fused_in_every_way() -> None:
    for text in ("title", "LVLM text"):
        ways = {name.split(", ")[1] for name in ROWS if name.startswith(f"{text} + vision")}
        assert ways == {"average", "concatenation", *FUSIONS}


@pytest.mark.parametrize(
    "method", [*ROWS.values(), *ablation_methods(RECIPE)], ids=lambda m: m.name
)
def test_every_row_ranks_the_same_candidates(method: Method) -> None:
    ranker = method.fit(training_data())
    history = History.of(["i00", "i02"])
    (ranking,) = ranker.rank([Request(history, day(15))], 99)
    assert set(ranking) == set(CANDIDATES) - set(history.items)


def test_what_learns_is_learned_with_several_seeds() -> None:
    learning = {name for name, method in ROWS.items() if isinstance(method, Seeds)}
    assert learning == {name for name in ROWS if name.endswith(FUSIONS)}
    ranker = ROWS["title + vision, gating"].fit(training_data())
    assert isinstance(ranker, SeedRankers)
    assert len(ranker.rankers) == 2


def test_the_recipe_reaches_every_row() -> None:
    recipe = Recipe("metadata", "title+description", "facet:style", "recency:30", whiten=0.2)
    rows = {method.name: method for method in paper_methods(recipe)}
    assert rows["title"] == Content("title", ("metadata",), "recency:30", 0.2)
    gating = rows["LVLM text + vision, gating"]
    assert isinstance(gating, Seeds)
    assert isinstance(gating.method, TrainedFusion)
    assert (gating.method.text, gating.method.image) == ("title+description", "facet:style")
    assert gating.method.profile == "recency:30"


def test_the_ablation_of_texts() -> None:
    methods = ablation_methods()
    assert tuple(method.name for method in methods) == ABLATION
    assert methods[-1] == Content("all", ("title", "description", "attributes"))
