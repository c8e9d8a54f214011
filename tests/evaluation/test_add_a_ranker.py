"""The example of the page on adding a ranker, run as it stands and held to the contract."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.baselines import test_method_contract as contract
from tests.baselines.small_data import training_data
from tests.words import WordEncoder
from vlm4rec.encoding.encoder import Floats
from vlm4rec.evaluation.evaluate import VARIANTS_IN
from vlm4rec.shop import InitOptions, Shop

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-ranker.md"
PROMISES = {
    name: test
    for name, test in vars(contract).items()
    if name.startswith("test_") and set(inspect.signature(test).parameters) <= {"kind", "ranker"}
}
ITEMS = [f"i{number:02}" for number in range(24)]
KINDS = ("leather boot for the hills", "porcelain cup for the table")


@pytest.fixture(scope="module")
def blocks() -> list[str]:
    """The page's Python, block by block."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def my_method(monkeypatch: pytest.MonkeyPatch, blocks: list[str]) -> ModuleType:
    """What the page has the reader save as my_method.py."""
    module = ModuleType("my_method")
    exec(compile(blocks[0], str(PAGE), "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "my_method", module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a shop of two tastes, twelve customers and four shopping days each."""
    source = tmp_path / "source"
    source.mkdir()
    rows, answers = ["id,title,photo"], []
    for number, item in enumerate(ITEMS):
        Image.new("RGB", (20, 20), (10 * number, 90, 200)).save(source / f"{item}.jpg")
        rows.append(f"{item},SKU {number},{item}.jpg")
        said = {"category": KINDS[number % 2].split()[1], "description": KINDS[number % 2]}
        answers.append({"item_id": item, "model": "m", "prompt_id": "paper-v1", **said})
    rng = np.random.default_rng(0)
    bought = ["user,item,time"]
    for user in range(12):
        for day, item in enumerate(rng.choice(ITEMS[user % 2 :: 2], size=4, replace=False)):
            bought.append(f"u{user},{item},{date(2026, 1, 1) + timedelta(days=day)}")
    (source / "items.csv").write_text("\n".join(rows) + "\n")
    (source / "bought.csv").write_text("\n".join(bought) + "\n")
    (source / "groundings.jsonl").write_text("\n".join(map(json.dumps, answers)) + "\n")
    options = InitOptions("csv", str(source / "items.csv"), (str(source / "bought.csv"),))
    Shop.create(tmp_path / "my-shop", options).ground(f"recorded:{source / 'groundings.jsonl'}")
    return tmp_path


@pytest.fixture
def ran(
    my_method: ModuleType, folder: Path, blocks: list[str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The names that there are after the whole page was run, in the folder of the shop."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("vlm4rec.shop.features.load_encoder", lambda name: WordEncoder())
    space: dict[str, Any] = {}
    for block in blocks[1:]:
        exec(compile(block, str(PAGE), "exec"), space)
    return space


def test_the_page_runs_to_its_end(ran: dict[str, Any], folder: Path) -> None:
    setting = ran["evaluation"][VARIANTS_IN]
    assert list(setting.methods) == ["title", "description", "popularity", "popular nearby"]
    assert len(setting.cases) == 12
    assert (folder / "my-evaluation" / "index.html").is_file()
    tuned = ran["found"][VARIANTS_IN].methods["popular nearby, tuned"].chosen
    assert tuned["choice"].startswith("popular nearby, power ")


def test_the_example_knows_what_the_customer_likes(ran: dict[str, Any]) -> None:
    evaluation = ran["evaluation"]
    setting = evaluation[VARIANTS_IN]
    kind = {item: number % 2 for number, item in enumerate(ITEMS)}
    rankings = setting.methods["popular nearby"].rankings
    for case, columns in zip(setting.cases, rankings, strict=True):
        first = {kind[evaluation.candidates[column]] for column in columns[:5]}
        assert first == {kind[case.history.items[0]]}


@pytest.mark.parametrize("promise", sorted(PROMISES))
def test_the_example_keeps_each_promise(promise: str, my_method: ModuleType) -> None:
    test = PROMISES[promise]
    kind = contract.Kind(my_method.PopularNearby)
    given = {"kind": kind, "ranker": my_method.PopularNearby().fit(training_data())}
    test(**{name: given[name] for name in inspect.signature(test).parameters})


def test_a_promise_that_is_broken_is_seen(my_method: ModuleType) -> None:
    class Unmasked(my_method.NearbyRanker):  # type: ignore[name-defined,misc]
        def _masked(self, requests: list[Any]) -> Floats:
            return np.asarray(self.scores(requests))

    broken: Callable[..., None] = PROMISES["test_rankings_are_full_and_hold_each_candidate_once"]
    with pytest.raises(AssertionError):
        broken(ranker=Unmasked(training_data()))
