"""What a person at the command line sees of tune, and of a shop that was tuned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.colours import ColourEncoder
from tests.evaluation.small_shop import make_shop
from tests.words import WordEncoder
from vlm4rec.evaluation import tune_shop
from vlm4rec.shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop to tune; the names of encoders stand for ones that need no weights."""
    monkeypatch.setattr(tune_shop, "load_encoder", lambda _name: WordEncoder())
    monkeypatch.setattr(tune_shop, "load_image_encoder", lambda _name: ColourEncoder())
    monkeypatch.setattr(tune_shop, "image_extra_installed", lambda: True)
    return make_shop(tmp_path)


def test_what_was_tried_and_chosen_is_told_and_used(vlm4rec: Command, shop: Shop) -> None:
    told = vlm4rec("tune", shop.folder.root, "--trials", "2", "--min-history", "2")
    assert told.code == 0, told.err
    step = shop.folder.step("tune")
    assert step.parameters["of_protocol"] == {"min_history": 2}
    assert "Choices tried: 2" in told.err
    for tried in step.results["tried"]:
        assert f"{tried['ndcg']:.4f}" in told.out
    assert f"the paper's recipe: {step.results['recipe_ndcg']:.4f}" in told.out
    lines = [line for line in told.out.splitlines() if "│" in line]
    weights = {each["signal"]: each["weight"] for each in step.results["weights"]}
    shown = [line.split("│")[1].strip() for line in lines]
    assert sorted(weights, key=lambda name: -weights[name]) == [s for s in shown if s in weights]
    assert f"{step.counts['cases']} validation cases of" in told.out

    tuned = vlm4rec("recommend", shop.folder.root, "--user", "u00", "-k", "3")
    plain = vlm4rec("recommend", shop.folder.root, "--user", "u00", "-k", "3", "--vectors-only")
    assert "Score from" in tuned.out
    assert "Score from" not in plain.out
    found = shop.recommend(user="u00", k=3)
    assert all(item.id in tuned.out and f"{item.score:.3f}" in tuned.out for item in found)

    status = vlm4rec("status", shop.folder.root).out
    assert "tuning" in status
    assert "NDCG@10" in status


def test_as_json(vlm4rec: Command, shop: Shop) -> None:
    told = vlm4rec("tune", shop.folder.root, "--trials", "1", "--variants", "id[:2]", "--json")
    found = json.loads(told.out)
    assert found["variants"] == "id[:2]"
    assert found["ndcg@10"] == found["tried"][0]["ndcg"]
    assert (found["profile"], found["seed"]) == ("mean", 0)
    assert {each["signal"] for each in found["weights"]} >= {"image", "title", "sold lately"}
    asked = ("recommend", shop.folder.root, "--user", "u00", "--json")
    assert json.loads(vlm4rec(*asked).out)["tuned"] == "profile mean, whitening 0.1"
    assert json.loads(vlm4rec(*asked, "--vectors-only").out)["tuned"] is None
    similar = vlm4rec("similar", shop.folder.root, "000", "--json")
    assert json.loads(similar.out)["tuned"] is None


def test_what_recommend_could_not_use_is_said(
    vlm4rec: Command, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    vlm4rec("tune", shop.folder.root, "--trials", "1")
    text = shop.folder.manifest_file.read_text()
    shop.folder.manifest_file.write_text(text.replace('"sold lately"', '"sold long ago"'))
    told = vlm4rec("recommend", shop.folder.root, "--user", "u00")
    assert told.code == 0
    assert "Ranked by the item vectors alone, not as tuned" in told.err
    assert "Score from" not in told.out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--protocol", "luck"), "There is no split 'luck'."),
        (("--protocol", "basket", "--cut", "2020-09-01"), "no parameter 'cut'"),
        (("--variants", "size"), "no attribute 'size'"),
    ],
)
def test_what_is_wrong_is_told(
    vlm4rec: Command, shop: Shop, given: tuple[str, ...], message: str
) -> None:
    told = vlm4rec("tune", shop.folder.root, *given)
    assert (told.code, told.out) == (1, "")
    assert message in told.err
    assert "tune" not in shop.folder.manifest().steps
