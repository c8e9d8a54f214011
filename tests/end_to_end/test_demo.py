"""The demo: the sample shop inside the package, end to end with the real encoder."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from statistics import mean

import pytest
from PIL import Image

from tests.end_to_end.conftest import vlm4rec, vlm4rec_json
from vlm4rec import Shop
from vlm4rec.demo.run import sample_folder


def test_the_sample_is_small_and_whole() -> None:
    photos = sorted((sample_folder() / "photos").glob("*.jpg"))
    assert len(photos) >= 48
    assert sum(photo.stat().st_size for photo in photos) <= 2_000_000
    for photo in photos:
        with Image.open(photo) as picture:
            assert min(picture.size) >= 300


def test_every_item_is_described_from_its_picture_alone(demo: Path) -> None:
    shop = Shop.open(demo / "shop")
    assert {part.state for part in shop.status().parts} == {"ok"}
    assert len(shop.answers) == len(shop.catalog) >= 48
    descriptions = [answers[0].description for answers in shop.answers.values()]
    assert len(set(descriptions)) == len(descriptions)
    for item in shop.catalog:
        answer = shop.answers[item.id][0]
        assert 20 <= len(answer.description.split()) <= 70
        assert answer.category.lower() not in (item.title or "").lower()


def test_titles_are_as_terse_as_real_stock_codes(demo: Path) -> None:
    titles = [item.title or "" for item in Shop.open(demo / "shop").catalog]
    assert all(re.fullmatch(r"[A-Z0-9][A-Z0-9 /.-]{3,20}", title) for title in titles)


def test_it_says_what_it_made(demo: Path) -> None:
    told = (demo / "told.txt").read_text(encoding="utf-8")
    assert "What the customers bought, and what they get" in told
    assert str(demo / "gallery" / "index.html") in told
    assert (demo / "gallery" / "index.html").is_file()


def test_customers_get_things_of_their_taste(demo: Path) -> None:
    """Styles that a customer bought twice return in the first five, far above chance."""
    shop = Shop.open(demo / "shop")
    styles = {item: set(answers[0].style) for item, answers in shop.answers.items()}
    fitting, chance = [], []
    for user in shop.interactions.users:
        history = shop.history(user).items
        counts = Counter(style for item in history for style in styles[item])
        liked = {style for style, count in counts.items() if count >= 2}
        found = shop.recommend(user=user, k=5)
        fitting.append(mean(bool(liked & styles[item.id]) for item in found))
        chance.append(mean(bool(liked & styles[id_]) for id_ in styles if id_ not in history))
    assert len(fitting) >= 8
    assert mean(fitting) > 0.6
    assert mean(fitting) > 2 * mean(chance)


def test_a_second_demo_has_nothing_to_do(demo: Path) -> None:
    before = Shop.open(demo / "shop").folder.step("encode")
    made = vlm4rec_json("demo", "--out", demo)
    assert Path(made["page"]).is_file()
    assert Shop.open(demo / "shop").folder.step("encode") == before


def test_somebody_new_gets_recommendations_without_any_rebuild(demo: Path) -> None:
    found = vlm4rec_json("recommend", demo / "shop", "--history", "h01,h27", "-k", "4")
    assert found["user"] is None
    assert len(found["items"]) == 4
    assert {"h01", "h27"}.isdisjoint(item["id"] for item in found["items"])
    assert "scandinavian" in found["items"][0]["reasons"][0]["shared"]["style"]


@pytest.mark.parametrize("document", ["description", "attributes", "title", "facets"])
def test_every_recipe_works_on_real_text(demo: Path, tmp_path: Path, document: str) -> None:
    source = sample_folder()
    shop = tmp_path / "shop"
    vlm4rec("init", shop, "--format", "csv", "--source", source / "items.csv")
    vlm4rec("ground", shop, "--lvlm", f"recorded:{source / 'groundings.jsonl'}")
    made = vlm4rec_json("encode", shop, "--document", document)
    assert made["counts"]["items"] == len(Shop.open(demo / "shop").catalog)
    assert made["parameters"]["whiten"] == (document == "facets")
    top = vlm4rec_json("similar", shop, Shop.open(shop).catalog.ids[0])["items"][0]
    assert (top["blocks"] is not None) == (document == "facets")
