"""init, ground and encode: incremental, restartable, honest about what they could not use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.words import WordEncoder
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import (
    DataError,
    ShopExistsError,
    ShopNotFoundError,
    StepMissingError,
)
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.shop import InitOptions, Shop
from vlm4rec.shop.encode import run_encoding


class Counting(WordEncoder):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        self.asked += texts
        return super().encode(texts, on_batch)


def test_the_shop_holds_what_came_in(shop: Shop) -> None:
    assert shop.catalog.ids == ["001", "002", "003", "004", "005"]
    assert shop.catalog["002"].attributes["price"] == 1.5
    assert shop.history("ben").items == ("003", "001")
    assert len(shop.answers) == len(shop.vectors) == 5


def test_a_second_init_changes_nothing_but_the_time(shop: Shop, options: InitOptions) -> None:
    before = shop.folder.catalog_file.read_bytes()
    Shop.create(shop.folder.root, options)
    assert shop.folder.catalog_file.read_bytes() == before
    assert {part.state for part in shop.status().parts} == {"ok"}


def test_another_source_is_not_taken_by_mistake(
    shop: Shop, source: Path, options: InitOptions
) -> None:
    other = source / "other.csv"
    other.write_text("id,title\n9,Nine\n")
    with pytest.raises(ShopExistsError, match="--replace"):
        Shop.create(shop.folder.root, InitOptions("csv", str(other)))
    assert len(Shop.open(shop.folder.root).catalog) == 5
    Shop.create(shop.folder.root, InitOptions("csv", str(other)), replace=True)
    assert Shop.open(shop.folder.root).catalog.ids == ["9"]
    with Ledger.open(shop.folder.ledger_file) as ledger:
        assert ledger.counts().answers == 5  # what was paid for stays


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, options: InitOptions) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("...")
    with pytest.raises(ShopExistsError, match="not a shop"):
        Shop.create(tmp_path / "mine", options)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_source_without_items_makes_no_shop(tmp_path: Path, source: Path) -> None:
    (source / "none.csv").write_text("id,title\n")
    with pytest.raises(DataError, match=r"none\.csv"):
        Shop.create(tmp_path / "shop", InitOptions("csv", str(source / "none.csv")))
    assert not (tmp_path / "shop").exists()


def test_one_bad_photo_stops_nothing_and_is_listed(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    (source / "002.jpg").write_bytes(b"")
    (source / "003.jpg").unlink()
    shop = Shop.create(tmp_path / "shop", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    shop.encode(encoder=WordEncoder())
    status = shop.status()
    assert {(p.item, p.code) for p in status.problems} == {("002", "empty"), ("003", "missing")}
    assert [item.id for item in shop.recommend(["001"])] == ["005", "004"]
    assert next(part for part in status.parts if part.name == "photos").state == "partial"


def test_a_mended_photo_is_taken_up_by_the_next_run(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    good = (source / "002.jpg").read_bytes()
    (source / "002.jpg").write_bytes(good[:100])
    shop = Shop.create(tmp_path / "shop", options)
    assert shop.ground(f"recorded:{source / 'groundings.jsonl'}").grounded == 4
    (source / "002.jpg").write_bytes(good)
    shop = Shop.create(tmp_path / "shop", options)
    report = shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    assert (report.grounded, report.reused) == (1, 4)
    assert not shop.status().problems


def test_only_what_changed_is_grounded_and_encoded_again(
    shop: Shop, source: Path, change: Callable[[str, str], None]
) -> None:
    change("brass lamp for the desk", "brass lamp for the hall")
    report = shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    assert (report.grounded, report.reused) == (1, 4)
    encoder = Counting()
    shop.encode(encoder=encoder)
    assert encoder.asked == ["SKU 005. brass lamp for the hall, old and elegant"]


def test_encode_with_nothing_new_asks_no_encoder(shop: Shop) -> None:
    encoder = Counting()
    before = shop.folder.step("encode")
    assert run_encoding(shop.folder, encoder=encoder) == before
    assert encoder.asked == []


def test_other_options_reuse_the_vectors_of_texts(shop: Shop) -> None:
    encoder = Counting()
    shop.encode(encoder=encoder, whiten=True)
    assert encoder.asked == []
    assert shop.vectors.whitening


def test_facets_split_the_score(shop: Shop) -> None:
    shop.encode("facets", WordEncoder())
    top = shop.recommend(["003"], k=1)[0]
    assert top.id == "004"
    assert top.blocks is not None
    assert sum(top.blocks.values()) == pytest.approx(top.score, abs=1e-6)
    assert top.blocks["colour"] > 0.4 > top.blocks["category"]


def test_an_item_without_grounding_is_not_covered(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    shop = Shop.create(tmp_path / "shop", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}", limit=2)
    shop.encode(encoder=WordEncoder())
    assert len(shop.vectors) == 2
    part = next(part for part in shop.status().parts if part.name == "groundings")
    assert (part.state, part.counts["missing"]) == ("partial", 3)


def test_the_items_bought_most_are_grounded_first(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    shop = Shop.create(tmp_path / "shop", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}", limit=2)
    assert set(shop.answers) == {"001", "003"}


def test_steps_say_what_must_run_first(tmp_path: Path, options: InitOptions) -> None:
    with pytest.raises(ShopNotFoundError, match="vlm4rec init"):
        Shop.open(tmp_path / "nowhere")
    shop = Shop.create(tmp_path / "shop", options)
    with pytest.raises(StepMissingError, match="vlm4rec encode"):
        shop.recommend(["001"])
    with pytest.raises(DataError, match="vlm4rec ground"):
        shop.encode(encoder=WordEncoder())


def test_titles_alone_need_no_grounding(tmp_path: Path, options: InitOptions) -> None:
    shop = Shop.create(tmp_path / "shop", options)
    shop.encode("title", WordEncoder())
    assert len(shop.recommend(["001"])) == 4


def test_old_states_of_the_vectors_are_swept(shop: Shop) -> None:
    for shrinkage in (0.2, 0.4, 0.6, 0.8):
        shop.encode(encoder=WordEncoder(), whiten=True, shrinkage=shrinkage)
    assert len(list(shop.folder.vectors.iterdir())) == 2


def test_what_is_not_chosen_is_as_it_was(shop: Shop) -> None:
    shop.encode("facets", WordEncoder(), weights={"colour": 2}, shrinkage=0.3)
    first = shop.folder.step("encode")
    shop.encode(encoder=WordEncoder())
    assert shop.folder.step("encode") == first
    assert first.parameters["whiten"] is True
    shop.encode("description", WordEncoder())
    second = shop.folder.step("encode").parameters
    assert (second["whiten"], second["weights"], second["shrinkage"]) == (False, {}, 0.1)
    assert second["encoder"] == "words"


def test_a_facet_that_is_the_same_everywhere_is_no_obstacle(
    shop: Shop, source: Path, change: Callable[[str, str], None]
) -> None:
    change('"category"', '"audience": "women", "category"')
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    shop.encode("facets", WordEncoder(), whiten=True)
    assert "audience" not in shop.vectors.whitening
    assert shop.recommend(["003"], k=1)[0].id == "004"


def test_records_for_another_prompt_are_told(
    tmp_path: Path, source: Path, options: InitOptions, change: Callable[[str, str], None]
) -> None:
    change("paper-v1", "fashion-v2")
    shop = Shop.create(tmp_path / "shop", options)
    report = shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    assert report.unavailable == 5
    (problem,) = shop.status().problems
    assert problem.code == "other-prompt"
    assert "'fashion-v2', not 'paper-v1'" in str(problem)


def test_grounding_works_inside_an_event_loop(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    shop = Shop.create(tmp_path / "shop", options)

    async def notebook() -> int:
        return shop.ground(f"recorded:{source / 'groundings.jsonl'}").grounded

    assert asyncio.run(notebook()) == 5
