"""What is left out of a shop's evaluation before the split is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.words import WordEncoder
from vlm4rec.errors import DataError
from vlm4rec.evaluation.of_shop import EvaluateOptions, evaluate_shop
from vlm4rec.shop import InitOptions, Shop

BOUGHT = [
    ("ann", "a", 1),
    ("ann", "b", 2),
    ("ben", "a", 1),
    ("ben", "b", 2),
    ("cleo", "c", 1),  # nobody else has it: no 2-core
    ("cleo", "a", 2),
    ("ann", "x", 3),  # not described
]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Four items of which one has no grounding, and three customers."""
    monkeypatch.setattr("vlm4rec.shop.features.load_encoder", lambda name: WordEncoder())
    for number, item in enumerate("abcx"):
        Image.new("RGB", (20, 20), (60 * number, 90, 200)).save(tmp_path / f"{item}.jpg")
    rows = [f"{item},{item} of the shop,{item}.jpg" for item in "abcx"]
    (tmp_path / "items.csv").write_text("\n".join(["id,title,photo", *rows]) + "\n")
    bought = [f"{user},{item},2026-01-0{day}" for user, item, day in BOUGHT]
    (tmp_path / "bought.csv").write_text("\n".join(["user,item,time", *bought]) + "\n")
    answers = [
        {"item_id": item, "model": "m", "prompt_id": "paper-v1", "description": f"a red {item}"}
        for item in "abc"
    ]
    (tmp_path / "groundings.jsonl").write_text("\n".join(map(json.dumps, answers)) + "\n")
    options = InitOptions("csv", str(tmp_path / "items.csv"), (str(tmp_path / "bought.csv"),))
    made = Shop.create(tmp_path / "shop", options)
    made.ground(f"recorded:{tmp_path / 'groundings.jsonl'}")
    return made


def left_out(shop: Shop, core: int | None) -> dict[str, int]:
    options = EvaluateOptions(methods=("popularity",), core=core)
    return dict(evaluate_shop(shop.folder, options).evaluation.facts.left_out)


def test_what_is_not_covered_is_counted(shop: Shop) -> None:
    found = left_out(shop, None)
    assert found["items without a grounding"] == 1
    assert found["interactions with items that are not covered"] == 1
    assert "interactions that k-core filtering took out" not in found


def test_what_k_core_takes_out_is_counted(shop: Shop) -> None:
    # Cleo goes with both of her interactions; ann's with x is counted elsewhere.
    found = left_out(shop, 2)
    assert found["interactions that k-core filtering took out"] == 2
    assert found["interactions with items that are not covered"] == 1


def test_a_core_that_there_is_none_of_is_told(shop: Shop) -> None:
    with pytest.raises(DataError, match="at least 9 of each other"):
        left_out(shop, 9)
