"""Tuning a shop: what is chosen, by what, and what is stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.colours import ColourEncoder
from tests.evaluation.small_shop import ROWS, USERS, make_shop, tune, write_interactions
from tests.words import WordEncoder
from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.evaluation import tune_shop as module
from vlm4rec.evaluation.tune_shop import Tuned, TuneOptions, tune_shop
from vlm4rec.interactions.splits.registry import splitter_by_name
from vlm4rec.shop import InitOptions, Shop
from vlm4rec.shop.tuned_choice import tune_inputs, tuned_choice
from vlm4rec.storage import content_hash


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def tuned(made: Shop) -> Tuned:
    return tune(made, 3, seed=4, parameters={"min_history": 2})


@pytest.fixture
def fresh(tmp_path: Path) -> Shop:
    return make_shop(tmp_path)


def with_interactions(shop: Shop, rows: list[tuple[str, str, str]]) -> None:
    source = shop.folder.root.parent / "source"
    write_interactions(source / "interactions.csv", rows)
    options = InitOptions("csv", str(source / "items.csv"), (str(source / "interactions.csv"),))
    Shop.create(shop.folder.root, options)
    shop.refresh()


def test_what_was_chosen_is_stored_with_how_it_was_found(made: Shop, tuned: Tuned) -> None:
    step = made.folder.step("tune")
    assert step.parameters == {
        "protocol": "leave-last-out",
        "of_protocol": {"min_history": 2},
        "trials": 3,
        "seed": 4,
        "variants": None,
        "encoder": "words",
        "image_encoder": "colours",
    }
    assert step.inputs == tune_inputs(made.folder)
    assert tuned_choice(made.folder) == tuned.choice
    assert step.counts["cases"] == tuned.cases > 10
    assert len(json.dumps(step.results)) < 10_000
    assert tuned.protocol == splitter_by_name("leave-last-out", min_history=2).told


def test_the_best_of_what_was_tried_is_chosen(tuned: Tuned) -> None:
    choice = tuned.choice
    reached = [tried.ndcg for tried in choice.tried]
    assert reached == sorted(reached, reverse=True)
    assert 1 < len(reached) <= 3
    best = choice.tried[0]
    assert (choice.profile, choice.shrinkage, choice.nearest) == (
        best.profile,
        best.shrinkage,
        best.nearest,
    )
    assert ("mean", 0.1, False) in {(t.profile, t.shrinkage, t.nearest) for t in choice.tried}
    assert 0 < choice.recipe_ndcg < 1


def test_there_is_a_signal_of_everything(tuned: Tuned) -> None:
    names = {each.signal for each in tuned.choice.weights}
    kinds = {"title", "metadata", "metadata:model", "image", "description", "title+description"}
    beyond = {"sales of 30 days", "sold lately", "new on sale", "bought together"}
    assert names >= kinds | beyond | {"facet:category", "facet:colour"}
    assert tuned.choice.image_encoder is not None
    assert tuned.choice.image_encoder.dimension == ColourEncoder.dimension


def test_the_same_seed_finds_the_same(made: Shop, tuned: Tuned, fresh: Shop) -> None:
    assert tune(fresh, 3, seed=4, parameters={"min_history": 2}).choice == tuned.choice


def test_what_is_tested_is_not_looked_at(fresh: Shop) -> None:
    """Leave-last-out tests each customer's last purchase: another one changes no choice."""
    before = tune(fresh)
    moved = [_moved(row) for row in ROWS]
    assert sum(row != other for row, other in zip(ROWS, moved, strict=True)) >= USERS / 3
    with_interactions(fresh, moved)
    assert tune(fresh).choice == before.choice


def _moved(row: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return a customer's last purchase with another item, neither bought before; or the row."""
    user, item, day = row
    earlier = {other for who, other, when in ROWS if who == user and when < day}
    later = [when for who, _, when in ROWS if who == user and when >= day]
    new = "300" if item != "300" else "000"
    return (user, new, day) if later == [day] and not {item, new} & earlier else row


def test_progress_is_told(made: Shop) -> None:
    seen: list[tuple[int, int]] = []
    given = TuneOptions(trials=2, encoder=WordEncoder(), image_encoder=ColourEncoder())
    tune_shop(made.folder, given, watch=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_variants_can_be_left_out(fresh: Shop) -> None:
    bought = {item[:2] for item in fresh.history("u03").items}
    counted_in = tune(fresh, 1, variant_key="none").choice
    assert counted_in.variants is None
    assert bought & {item.id[:2] for item in fresh.recommend(user="u03", k=36)}
    left_out = tune(fresh, 1, variant_key="id[:2]").choice
    assert left_out.variants == "id[:2]"
    assert left_out.weights != counted_in.weights
    assert not bought & {item.id[:2] for item in fresh.recommend(user="u03", k=36)}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"protocol": "luck"}, "There is no split 'luck'"),
        ({"variant_key": "size"}, "no attribute 'size' to tell variants by"),
        ({"protocol": "global-time", "parameters": {"cut": "2030-01-01"}}, "2030-01-01"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_stored(
    fresh: Shop, options: dict[str, object], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        tune(fresh, 1, **options)
    assert "tune" not in fresh.folder.manifest().steps


def test_too_few_interactions_can_not_be_tuned_by(fresh: Shop) -> None:
    with_interactions(fresh, [row for row in ROWS if row[0] < "u04"])
    with pytest.raises(
        DataError, match=r"can't be tuned by this protocol\. There is no validation"
    ):
        tune(fresh, 1)


def test_without_interactions_there_is_nothing_to_tune_by(fresh: Shop) -> None:
    items = fresh.folder.step("init").parameters["source"]
    Shop.create(fresh.folder.root, InitOptions("csv", items))
    with pytest.raises(DataError, match="no interactions to tune by"):
        tune(fresh, 1)


def test_there_must_be_a_budget() -> None:
    with pytest.raises(DataError, match="at least 1 trial, not 0"):
        TuneOptions(trials=0)


@pytest.mark.parametrize("missing", ["load_optuna", "scipy_sparse"])
def test_a_missing_extra_is_told_before_any_work(
    made: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def fail() -> None:
        raise MissingExtraError("Tuning", "evaluate")

    copy = Shop.open(shutil.copytree(made.folder.root, tmp_path / "copy"))
    monkeypatch.setattr(module, missing, fail)
    monkeypatch.setattr(module, "covered_items", fail)
    before = content_hash(copy.folder.manifest().model_dump(mode="json"))
    with pytest.raises(MissingExtraError, match="vlm4rec\\[evaluate\\]"):
        tune(copy)
    assert content_hash(copy.folder.manifest().model_dump(mode="json")) == before
