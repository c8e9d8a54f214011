"""Recommending by what tune found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.colours import ColourEncoder
from tests.evaluation.small_shop import ROWS, make_shop, tune, write_interactions
from tests.words import WordEncoder
from vlm4rec.baselines.blends import BlendChoice, blend_signals
from vlm4rec.errors import EncoderError, MissingExtraError
from vlm4rec.recommending.blend import BlendRanker, signal_rankers
from vlm4rec.recommending.blocks import whitened_features
from vlm4rec.recommending.choice_model import ChoiceModel
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.shop import InitOptions, Shop
from vlm4rec.shop.features import shop_features
from vlm4rec.shop.tuned_choice import tuned_choice

_USERS = ("u00", "u03", "u07", "u21")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    tune(make_shop(folder), 3)
    return folder


@pytest.fixture
def shop(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A tuned shop that may be changed; no encoder can be loaded."""
    shutil.copytree(original, tmp_path / "copy")

    def load(_name: str) -> None:
        raise EncoderError("No encoder was to be loaded.")

    monkeypatch.setattr("vlm4rec.shop.tuned_features.load_encoder", load)
    monkeypatch.setattr("vlm4rec.shop.tuned_features.load_image_encoder", load)
    return Shop.open(tmp_path / "copy" / "shop")


def rankings(shop: Shop) -> list[list[str]]:
    return [[item.id for item in shop.recommend(user=user, k=12)] for user in _USERS]


def add(
    shop: Shop, rows: Sequence[tuple[str, str, str]] = (), *, items: Path | None = None
) -> None:
    """Add purchases to the shop, or give it another catalog."""
    more = shop.folder.root.parent / "source" / "interactions.csv"
    write_interactions(more, [*ROWS, *rows])
    catalog = items or Path(shop.folder.step("init").parameters["source"])
    options = InitOptions("csv", str(catalog), (str(more),))
    Shop.create(shop.folder.root, options, replace=True)
    shop.refresh()


def test_the_ranking_is_that_of_the_signals_learned_anew_on_all_interactions(shop: Shop) -> None:
    choice = tuned_choice(shop.folder)
    assert choice is not None
    raw = shop_features(shop, encoder=WordEncoder(), image_encoder=ColourEncoder())
    features = raw if choice.shrinkage is None else whitened_features(raw, choice.shrinkage)
    data = TrainingData(shop.interactions, features, features.ids, log=shop.interactions)
    how = BlendChoice(choice.profile, choice.shrinkage, choice.nearest)
    signals = signal_rankers(blend_signals(choice.features, how, beyond=True), data)
    held = {each.signal: each for each in choice.weights}
    columns = np.array([[held[s].weight, held[s].centre, held[s].scale] for s in signals]).T
    blend = BlendRanker(signals, ChoiceModel(*columns), choice.penalty)
    last = max(datetime.fromisoformat(day) for _, _, day in ROWS)
    for user in _USERS:
        request = Request(shop.history(user), last + timedelta(days=1))
        scores = dict(zip(blend.candidates, blend.scores([request])[0].tolist(), strict=True))
        found = shop.recommend(user=user, k=12)
        assert [item.id for item in found] == blend.rank([request], 12)[0]
        for item in found:
            assert item.score == pytest.approx(scores[item.id], abs=1e-4)


def test_a_score_splits_into_what_the_signals_gave(shop: Shop) -> None:
    for item in shop.recommend(user="u00"):
        assert item.blocks is not None
        assert sum(item.blocks.values()) == pytest.approx(item.score, abs=1e-4)
        given = [abs(share) for share in item.blocks.values()]
        assert given == sorted(given, reverse=True)
        assert {"image", "facet:category", "sold lately", "bought together"} <= item.blocks.keys()


def test_reasons_are_those_of_the_vectors(shop: Shop) -> None:
    found = shop.recommend(user="u00", k=36)
    plain = shop.recommend(user="u00", k=36, vectors_only=True)
    assert {item.id: item.reasons for item in found} == {item.id: item.reasons for item in plain}
    assert [item.id for item in found] != [item.id for item in plain]
    assert not {item.id for item in found} & set(shop.history("u00").items)
    assert len(found) == 36 - len(set(shop.history("u00").items))


def test_one_and_many_are_ranked_alike(shop: Shop) -> None:
    requests = [Request(shop.history(user)) for user in _USERS]
    assert shop.recommender.rank(requests, 12) == rankings(shop)
    masked = shop.recommender.rank([Request(shop.history("u00"), mask=())], 36)[0]
    assert len(masked) == 36


def test_a_time_that_is_given_counts(shop: Shop) -> None:
    blended = shop.recommender.blended
    assert blended is not None
    history = shop.history("u00")
    start = [Request(history, datetime(2025, 1, 1))]  # noqa: DTZ001 - before anything was sold
    assert blended.rank(start, 12) != blended.rank([Request(history)], 12)
    assert blended.rank([Request(history, blended.now)], 12) == blended.rank([Request(history)], 12)


def test_what_was_kept_can_be_made_again_of_the_cached_vectors(shop: Shop) -> None:
    before = rankings(shop)
    kept = shop.folder.root / "cache" / "tuned"
    assert len(list(kept.iterdir())) == 1
    next(kept.glob("*/003.npy")).write_bytes(b"torn")
    again = Shop.open(shop.folder.root)
    assert rankings(again) == before
    shutil.rmtree(kept)
    assert rankings(Shop.open(shop.folder.root)) == before
    assert len(list(kept.iterdir())) == 1


def test_while_another_process_writes_it_still_ranks(shop: Shop) -> None:
    before = rankings(shop)
    shutil.rmtree(shop.folder.root / "cache" / "tuned")
    with shop.folder.writing("something else"):
        again = Shop.open(shop.folder.root)
        assert rankings(again) == before
        assert again.recommend(user="u00").note == ""


def test_without_scipy_the_vectors_rank_and_that_is_said(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise MissingExtraError("Learning from interactions", "evaluate")

    monkeypatch.setattr("vlm4rec.baselines.interaction_matrix.scipy_sparse", fail)
    found, plain = (shop.recommend(user="u00", vectors_only=only) for only in (False, True))
    assert found.items == plain.items
    assert plain.note == ""
    assert "by the item vectors alone, not as tuned: Learning from interactions" in found.note
    assert "pip install 'vlm4rec[evaluate]'" in found.note
    assert found.to_dict()["note"] == found.note


def test_a_new_text_without_an_encoder_leaves_the_vectors(shop: Shop) -> None:
    source = shop.folder.root.parent / "source"
    text = (source / "items.csv").read_text().replace("boot 0", "sandal 0")
    (source / "items.csv").write_text(text)
    add(shop, items=source / "items.csv")
    assert "No encoder was to be loaded" in shop.recommend(user="u00").note


def test_new_interactions_count_and_the_tuning_is_stale(shop: Shop) -> None:
    assert shop.status().parts[-1].name == "tuning"
    assert shop.status().parts[-1].state == "ok"
    before = shop.recommend(user="u00", k=36)
    add(shop, [(f"new{n}", "322", "2026-04-01") for n in range(30)])
    part = shop.status().parts[-1]
    assert (part.name, part.state) == ("tuning", "stale")
    assert "changed since: interactions" in part.summary
    assert part.remedy.startswith(f"vlm4rec tune {shop.folder.root} --protocol leave-last-out")
    assert "--trials 3 --seed 0" in part.remedy
    after = shop.recommend(user="u00", k=36)
    assert after.note == ""
    given = [
        next(item.blocks["sales of 7 days"] for item in found if item.id == "322" and item.blocks)
        for found in (before, after)
    ]
    assert given[0] != given[1]


def test_an_attribute_that_is_gone_is_left_out_and_told(shop: Shop) -> None:
    source = shop.folder.root.parent / "source"
    lines = [line.rsplit(",", 1)[0] for line in (source / "items.csv").read_text().splitlines()]
    (source / "items.csv").write_text("\n".join(lines) + "\n")
    add(shop, items=source / "items.csv")
    found = shop.recommend(user="u00")
    assert "metadata:model" in found.note
    assert "Tune it again" in found.note
    assert found[0].blocks is not None
    assert "metadata:model" not in found[0].blocks
    assert "image" in found[0].blocks


def test_a_damaged_choice_is_told_and_the_vectors_rank(shop: Shop) -> None:
    manifest = json.loads(shop.folder.manifest_file.read_text())
    del manifest["steps"]["tune"]["results"]["weights"]
    shop.folder.manifest_file.write_text(json.dumps(manifest))
    found = Shop.open(shop.folder.root).recommend(user="u00")
    assert "can't be read" in found.note
    assert f"vlm4rec tune {shop.folder.root}" in found.note
    part = shop.status().parts[-1]
    assert (part.name, part.state) == ("tuning", "damaged")


def test_signals_of_another_version_are_told(shop: Shop) -> None:
    text = shop.folder.manifest_file.read_text()
    shop.folder.manifest_file.write_text(text.replace('"sold lately"', '"sold long ago"'))
    assert "other signals than this version" in shop.recommend(user="u00").note


def test_similar_is_by_the_vectors(shop: Shop) -> None:
    found = shop.similar("000", k=5)
    assert found.note == ""
    assert all(-1.001 <= item.score <= 1.001 for item in found)


def test_a_shop_that_was_never_tuned_is_as_ever(tmp_path: Path) -> None:
    made = make_shop(tmp_path)
    assert made.recommender is made.vector_recommender
    assert "tuning" not in {part.name for part in made.status().parts}
