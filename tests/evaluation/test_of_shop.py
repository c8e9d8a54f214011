from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.words import WordEncoder
from vlm4rec.demo.run import sample_folder
from vlm4rec.errors import DataError, ShopNotFoundError
from vlm4rec.evaluation.evaluate import VARIANTS_IN, VARIANTS_OUT
from vlm4rec.evaluation.of_shop import EvaluateOptions, ShopEvaluation, evaluate_shop
from vlm4rec.evaluation.report import ReportOptions, write_report
from vlm4rec.shop import InitOptions, Shop, ShopFolder

CHEAP = ("popularity", "paper's recipe", "description")
UNGROUNDED = ("h01", "h02")
USERS = 24
FILES = ("results.json", "results.csv", "comparisons.csv", "slices.csv", "table.tex")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ShopFolder:
    """The sample shop with more customers, and two items that were never grounded."""
    place, sample = tmp_path_factory.mktemp("of-shop"), sample_folder()
    items = pl.read_csv(sample / "items.csv")["id"].to_list()
    rng = np.random.default_rng(0)
    lines = ["user,item,time"]
    for user in range(USERS):
        bought = rng.choice(items[user % 2 :: 2], size=5, replace=False).tolist()
        days = [date(2026, 1, 1) + timedelta(days=int(d)) for d in rng.permutation(60)[:5]]
        lines += [f"u{user:02},{item},{day}" for item, day in zip(bought, days, strict=True)]
    lines += ["u00,h01,2025-12-01", "u01,h02,2025-12-01"]
    return ground(create(place, lines))


def create(place: Path, lines: Sequence[str]) -> Shop:
    (place / "bought.csv").write_text("\n".join(lines) + "\n")
    items = str(sample_folder() / "items.csv")
    bought = (str(place / "bought.csv"),) if lines else ()
    return Shop.create(place / "shop", InitOptions("csv", items, bought))


def ground(shop: Shop) -> ShopFolder:
    said = (sample_folder() / "groundings.jsonl").read_text().splitlines()
    kept = [line for line in said if json.loads(line)["item_id"] not in UNGROUNDED]
    recorded = shop.folder.root.parent / "groundings.jsonl"
    recorded.write_text("\n".join(kept) + "\n")
    shop.ground(f"recorded:{recorded}")
    return shop.folder


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlm4rec.shop.features.load_encoder", lambda name: WordEncoder())


def options(**more: Any) -> EvaluateOptions:
    return EvaluateOptions(**{"methods": CHEAP, "ks": (5, 10), "variant_key": "none", **more})


@pytest.fixture
def found(folder: ShopFolder) -> ShopEvaluation:
    return evaluate_shop(folder, options())


def test_methods_are_judged_on_what_customers_bought(found: ShopEvaluation) -> None:
    evaluation = found.evaluation
    setting = evaluation[VARIANTS_IN]
    assert list(setting.methods) == list(CHEAP)
    assert setting.users == tuple(f"u{user:02}" for user in range(USERS))
    assert [s.name for s in evaluation.settings] == [VARIANTS_IN]
    assert evaluation.facts.protocol == "leave-last-out"
    assert evaluation.facts.ks == (5, 10)
    for name in CHEAP:
        assert 0 <= setting.mean(name, "recall@5") <= setting.mean(name, "recall@10") <= 1


def test_what_is_not_covered_is_neither_ranked_nor_silently_gone(found: ShopEvaluation) -> None:
    evaluation = found.evaluation
    assert len(evaluation.candidates) == 86
    assert not set(UNGROUNDED) & set(evaluation.candidates)
    left_out = evaluation.facts.left_out
    assert left_out["items without a grounding"] == 2
    counts = evaluation.facts.counts
    gone = left_out["interactions with items that are not covered"]
    assert gone >= 2
    assert counts["interactions"] + gone == 5 * USERS + 2
    assert counts["covered items"] == 86


def test_the_report_knows_the_items(found: ShopEvaluation, folder: ShopFolder) -> None:
    items, candidates = found.items, found.evaluation.candidates
    assert set(items.categories) == set(candidates)
    assert set(candidates) <= set(items.titles)
    assert all(Path(items.photos[item][0]).is_file() for item in candidates)
    assert items.vectors is not None
    assert items.vectors.shape == (len(candidates), WordEncoder.dimension)
    assert items.vectors_told == "title + description"


def test_variants_by_a_key_are_judged_twice(folder: ShopFolder) -> None:
    evaluation = evaluate_shop(folder, options(variant_key="id[:2]")).evaluation
    assert [setting.name for setting in evaluation.settings] == [VARIANTS_IN, VARIANTS_OUT]
    out = evaluation[VARIANTS_OUT]
    assert out.left_out["targets that are variants of the history"] > 0
    for case in out.cases:
        starts = {item[:2] for item in case.history.items}
        assert not starts & {target[:2] for target in case.targets}


def test_without_a_usual_key_there_are_no_variants(folder: ShopFolder) -> None:
    evaluation = evaluate_shop(folder, options(variant_key=None)).evaluation
    assert [setting.name for setting in evaluation.settings] == [VARIANTS_IN]


def test_a_blend_is_judged_as_any(folder: ShopFolder) -> None:
    alone = "sales and co-purchases alone"
    setting = evaluate_shop(folder, options(methods=(alone, "popularity"))).evaluation[VARIANTS_IN]
    assert "penalty" in setting.methods[alone].chosen


def test_the_same_seed_gives_the_same_bytes(folder: ShopFolder, tmp_path: Path) -> None:
    fast = ReportOptions(resamples=50, rounds=200)
    asked = options(methods=("random", "sales and co-purchases alone", "title"))
    for out in ("one", "other"):
        found = evaluate_shop(folder, asked)
        write_report(found.evaluation, tmp_path / out, found.items, fast, shop="sample")
    for name in (*FILES, "index.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    held = json.loads((tmp_path / "one" / "results.json").read_text("utf-8"))
    assert held["methods"] == list(asked.methods)
    assert held["seed"] == 0


def test_another_seed_draws_anew(folder: ShopFolder) -> None:
    def rankings(seed: int) -> list[list[int]]:
        found = evaluate_shop(folder, options(methods=("random",), seed=seed))
        ranked: list[list[int]] = found.evaluation.settings[0].methods["random"].rankings.tolist()
        return ranked

    assert rankings(0) == rankings(0)
    assert rankings(0) != rankings(1)


def test_the_progress_is_told(folder: ShopFolder) -> None:
    told: list[tuple[str, int, int]] = []
    evaluate_shop(folder, options(), lambda *what: told.append(what))
    assert [what for what, _, _ in told[:3]] == [f"{name} (variants in)" for name in CHEAP]
    assert told[-1][1:] == (3, 3)


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may be encoded or learned: what is asked for is wrong from the start."""

    def never(*_args: object, **_more: object) -> None:
        raise AssertionError

    for name in ("shop_features", "prepare", "evaluate"):
        monkeypatch.setattr(f"vlm4rec.evaluation.of_shop.{name}", never)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"methods": ("popularty",)}, "no method 'popularty'"),
        ({"methods": ()}, "Name a method"),
        ({"protocol": "leave-one"}, "no split 'leave-one'"),
        ({"parameters": {"per_users": 3}}, "no parameter 'per_users'"),
        ({"reference": "title"}, "title"),
        ({"ks": (0, 5)}, "cut-offs must be at least 1"),
    ],
)
def test_wrong_names_are_told_before_anything_is_learned(
    folder: ShopFolder, more: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        evaluate_shop(folder, options(**more))


def test_a_wrong_variant_key_is_told_before_anything_is_learned(
    folder: ShopFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    never: Callable[..., None] = lambda *_: pytest.fail("learned")  # noqa: E731
    monkeypatch.setattr("vlm4rec.evaluation.of_shop.evaluate", never)
    with pytest.raises(DataError, match="no attribute 'colour' to tell variants by"):
        evaluate_shop(folder, options(variant_key="colour"))


def test_a_core_that_is_too_dense_is_told(folder: ShopFolder) -> None:
    with pytest.raises(DataError) as told:
        evaluate_shop(folder, options(core=1000))
    assert "1,000" in told.value.message
    assert told.value.remedy


def test_a_core_leaves_out_and_counts(folder: ShopFolder) -> None:
    facts = evaluate_shop(folder, options(core=2)).evaluation.facts
    plain = evaluate_shop(folder, options()).evaluation.facts
    lost = plain.counts["interactions"] - facts.counts["interactions"]
    assert lost > 0
    assert lost in facts.left_out.values()


def test_a_shop_without_interactions_is_told(tmp_path: Path) -> None:
    shop = create(tmp_path, [])
    with pytest.raises(DataError, match="holds no interactions to judge by") as told:
        evaluate_shop(shop.folder, options())
    assert "vlm4rec init" in str(told.value.remedy)


def test_a_shop_without_groundings_is_told(tmp_path: Path) -> None:
    shop = create(tmp_path, ["user,item,time", "u,h05,2026-01-01", "u,h06,2026-01-02"])
    with pytest.raises(DataError, match=r"No item of .* without a grounding") as told:
        evaluate_shop(shop.folder, options())
    assert "vlm4rec ground" in str(told.value.remedy)


def test_interactions_with_nothing_that_is_covered_are_told(tmp_path: Path) -> None:
    lines = ["user,item,time", "u,h01,2026-01-01", "u,h02,2026-01-02"]
    folder = ground(create(tmp_path, lines))
    with pytest.raises(DataError) as told:
        evaluate_shop(folder, options())
    assert told.value.message


def test_a_folder_without_a_shop_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ShopNotFoundError, match="not a shop"):
        evaluate_shop(ShopFolder(tmp_path / "empty"), options())


def test_too_few_customers_to_tune_by_are_told(tmp_path: Path) -> None:
    lines = ["user,item,time"]
    lines += [f"u{n},h{10 + n + day},2026-01-0{1 + day}" for n in range(3) for day in range(3)]
    folder = ground(create(tmp_path, lines))
    with pytest.raises(DataError, match=r"no validation part.*sales and co-purchases alone"):
        evaluate_shop(folder, options(methods=("sales and co-purchases alone",)))
    facts = evaluate_shop(folder, options(methods=("paper's recipe",))).evaluation.facts
    assert any("no validation part" in note for note in facts.notes)
