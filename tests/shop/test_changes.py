"""What changes under a shop: photos, items, models, files and folders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.shop.test_steps import Counting
from tests.words import WordEncoder
from vlm4rec.errors import DataError
from vlm4rec.shop import InitOptions, Shop


def shift_photos(source: Path, text: str) -> None:
    (source / "items.csv").write_text(f"id,title,photo\n{text}")


def test_an_answer_counts_only_for_a_photo_that_the_item_has_now(shop: Shop, source: Path) -> None:
    """The ledger remembers ids for good; another product may have got the id since."""
    Image.new("RGB", (40, 50), (7, 7, 7)).save(source / "hose.jpg")
    shift_photos(source, "001,Garden hose,hose.jpg\n002,No photo,\n003,Pot,003.jpg\n")
    Shop.create(shop.folder.root, InitOptions("csv", str(source / "items.csv")))
    shop = Shop.open(shop.folder.root)
    assert set(shop.answers) == {"003"}
    part = next(part for part in shop.status().parts if part.name == "groundings")
    assert (part.state, part.counts["missing"]) == ("partial", 1)
    shop.encode(encoder=WordEncoder())
    assert shop.vectors.ids == ("003",)


def test_photos_that_change_places_keep_their_own_words(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    records = [
        {"item_id": "1", "photo": n, "model": "m", "prompt_id": "paper-v1", "description": d}
        for n, d in enumerate(["The front of it.", "The back of it."])
    ]
    (source / "two.jsonl").write_text("\n".join(map(json.dumps, records)))
    shift_photos(source, "1,One,001.jpg;002.jpg\n")
    options = InitOptions("csv", str(source / "items.csv"))
    shop = Shop.create(tmp_path / "two", options)
    shop.ground(f"recorded:{source / 'two.jsonl'}", all_photos=True)
    told = [answer.description for answer in shop.answers["1"]]
    assert told == ["The front of it.", "The back of it."]
    shift_photos(source, "1,One,002.jpg;001.jpg\n")
    Shop.create(tmp_path / "two", options)
    told = [answer.description for answer in Shop.open(tmp_path / "two").answers["1"]]
    assert told == ["The back of it.", "The front of it."]
    shift_photos(source, "1,One,001.jpg\n")
    shop = Shop.create(tmp_path / "two", options)
    assert [answer.description for answer in shop.answers["1"]] == ["The front of it."]


def test_answers_of_two_models_are_not_called_ok(
    shop: Shop, source: Path, change: Callable[[str, str], None]
) -> None:
    change("seen by a person", "seen by a machine")
    shop.ground(f"recorded:{source / 'groundings.jsonl'}", limit=2)
    part = next(part for part in shop.status().parts if part.name == "groundings")
    assert part.state == "partial"
    assert "3 by seen by a person (paper-v1), 2 by seen by a machine (paper-v1)" in part.summary


def test_items_that_left_the_catalog_are_not_recommended(shop: Shop, source: Path) -> None:
    text = (source / "items.csv").read_text()
    (source / "items.csv").write_text(text.replace("002,SKU 002,002.jpg,1.5\n", ""))
    Shop.create(
        shop.folder.root,
        InitOptions("csv", str(source / "items.csv"), (str(source / "interactions.csv"),)),
    )
    reader = Shop.open(shop.folder.root)
    assert "002" not in {item.id for item in reader.recommend(["001"])}
    part = next(part for part in reader.status().parts if part.name == "vectors")
    assert (part.state, part.counts["orphaned"]) == ("stale", 1)


def test_another_encoder_of_the_same_name_is_noticed(shop: Shop) -> None:
    class Other(Counting):
        fingerprint = "fedcba9876543210"

    encoder = Other()
    shop.encode(encoder=encoder)
    assert len(encoder.asked) == 5
    assert shop.folder.step("encode").outputs["encoder"] == Other.fingerprint


def test_a_missing_vectors_file_is_made_anew(shop: Shop) -> None:
    (path,) = shop.folder.vectors.glob("*/vectors.npy")
    path.unlink()
    shop.encode(encoder=WordEncoder())
    assert len(shop.recommend(["001"])) == 4


def test_a_folder_with_brackets_in_its_name(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    shop = Shop.create(tmp_path / "my [shop] ü", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    shop.encode(encoder=WordEncoder())
    assert len(shop.recommend(["001"])) == 4
    assert "'" in shop.folder.quoted


def test_a_link_to_the_source_is_followed_anew(tmp_path: Path, source: Path) -> None:
    for name, title in (("one", "First"), ("two", "Second")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "items.csv").write_text(f"id,title\n1,{title}\n")
    link = tmp_path / "current"
    link.symlink_to("one")
    options = InitOptions("csv", str(link / "items.csv"))
    Shop.create(tmp_path / "shop", options)
    link.unlink()
    link.symlink_to("two")
    assert Shop.create(tmp_path / "shop", options).catalog["1"].title == "Second"


def test_wrong_interactions_are_told_before_the_photos_are_looked_at(
    tmp_path: Path, source: Path
) -> None:
    options = InitOptions("csv", str(source / "items.csv"), (str(source / "nowhere.csv"),))
    with pytest.raises(DataError, match="nowhere"):
        Shop.create(tmp_path / "shop", options)
    assert not (tmp_path / "shop").exists()


def test_interactions_of_two_kinds_of_file(tmp_path: Path, source: Path) -> None:
    (source / "more.jsonl").write_text('{"user": "zoe", "item": "005"}\n')
    files = (str(source / "interactions.csv"), str(source / "more.jsonl"))
    shop = Shop.create(tmp_path / "shop", InitOptions("csv", str(source / "items.csv"), files))
    assert shop.interactions.users == ["anna", "ben", "zoe"]


@pytest.mark.parametrize("shrinkage", [float("nan"), -1.0, 2.0])
def test_a_wrong_shrinkage_spoils_nothing(shop: Shop, shrinkage: float) -> None:
    before = shop.folder.step("encode")
    with pytest.raises(DataError, match="0 to 1"):
        shop.encode(encoder=WordEncoder(), shrinkage=shrinkage)
    assert shop.folder.step("encode") == before


def test_changed_files_of_an_amazon_folder_are_noticed(tmp_path: Path) -> None:
    meta = tmp_path / "amazon" / "meta_Toys.jsonl"
    meta.parent.mkdir()
    meta.write_text('{"parent_asin": "B0", "title": "Kite", "images": []}\n')
    shop = Shop.create(tmp_path / "shop", InitOptions("amazon", str(meta.parent)))
    assert shop.status().parts[0].state == "ok"
    meta.write_text(meta.read_text() * 2)
    assert shop.status().parts[0].state == "stale"


def test_a_folder_whose_name_is_no_text(tmp_path: Path, options: InitOptions) -> None:
    with pytest.raises(DataError, match="UTF-8"):
        Shop.create(os.fsdecode(os.fsencode(tmp_path) + b"/sh\xffop"), options)
