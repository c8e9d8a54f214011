from __future__ import annotations

from datetime import date

import pytest

from vlm4rec.errors import DataError
from vlm4rec.interactions.splits.basket import BasketCompletion
from vlm4rec.interactions.splits.cold import ColdItems
from vlm4rec.interactions.splits.global_time import GlobalTime
from vlm4rec.interactions.splits.registry import SPLITTERS, splitter_by_name


def test_each_rule_is_found_by_its_name() -> None:
    assert list(SPLITTERS) == [
        "basket",
        "leave-last-out",
        "per-user",
        "global-time",
        "rolling",
        "cold-items",
    ]
    for name, rule in SPLITTERS.items():
        assert splitter_by_name(name) == rule()
        assert splitter_by_name(name).name == name


def test_parameters_reach_the_rule() -> None:
    assert splitter_by_name("basket", days=7, test_share=0.3) == BasketCompletion(7, 0.3)
    assert splitter_by_name("rolling", cut=None) == splitter_by_name("rolling")
    cut = splitter_by_name("global-time", cut="2020-09-01")
    assert cut == GlobalTime(cut=date(2020, 9, 1)) == splitter_by_name("global-time", cut=cut.cut)  # type: ignore[attr-defined]
    assert splitter_by_name("cold-items", base="basket", by="items") == ColdItems(
        BasketCompletion(), by="items"
    )


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("random", {}, r"no split 'random'\. Choose from: basket, leave-last-out, per-user"),
        ("basket", {"cut": None}, r"'basket' has no parameter 'cut'\. It has: days, test_share"),
        ("rolling", {"cut": "1/9/2020"}, "'1/9/2020', which is not a day"),
        ("rolling", {"test_share": -1}, "test_share is -1"),
        ("cold-items", {"base": "cold"}, "no split 'cold'"),
    ],
)
def test_what_is_not_there_is_told(name: str, parameters: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        splitter_by_name(name, **parameters)
