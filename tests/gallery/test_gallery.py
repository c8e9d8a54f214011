"""The page: what it shows, and that what an LVLM or a shop wrote stays text."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.words import WordEncoder
from vlm4rec.errors import DataError, ShopExistsError, UnknownIdError
from vlm4rec.gallery import write_gallery
from vlm4rec.gallery.rows import choose_users
from vlm4rec.grounding.quality.policy import Policy
from vlm4rec.grounding.report import RunOptions
from vlm4rec.shop import InitOptions, Shop


class Page(HTMLParser):
    """Collects the tags and addresses of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.alts: list[str | None] = []
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = dict(attrs)
        if tag == "img":
            self.sources.append(held.get("src") or "")
            self.alts.append(held.get("alt"))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_it_shows_history_ranking_and_reasons(shop: Shop, tmp_path: Path) -> None:
    made = write_gallery(shop, tmp_path / "page", k=3)
    assert [row.name for row in made.rows] == ["anna", "ben"]
    assert [card.item for card in made.rows[1].history] == ["001", "003"]  # the newest first
    assert [card.item for card in made.rows[0].cards] == [
        i.id for i in shop.recommend(["001"], k=3)
    ]
    page = Page(made.page)
    assert "SKU 002" in page.text
    assert "near boot 0." in page.text
    assert "leather boot for the hills, black and rugged" in page.text


def test_every_picture_is_there_and_has_a_text(shop: Shop, tmp_path: Path) -> None:
    made = write_gallery(shop, tmp_path / "page")
    page = Page(made.page)
    assert page.sources
    for name in page.sources:
        assert not name.startswith(("http", "/", "file:"))
        with Image.open(made.page.parent / name) as picture:
            assert max(picture.size) <= 360
    assert None not in page.alts
    assert not set(page.tags) & {"script", "iframe", "object"}


def test_what_was_written_stays_text(
    shop: Shop, source: Path, change: Callable[[str, str], None], tmp_path: Path
) -> None:
    change("porcelain cup", "<script>alert(1)</script>{{ 7*7 }}<img src=x onerror=alert(2)>")
    kept = RunOptions(policy=Policy.parse(["injection=keep"]))
    shop.ground(f"recorded:{source / 'groundings.jsonl'}", options=kept)
    shop.encode(encoder=WordEncoder())
    page = Page(write_gallery(shop, tmp_path / "page").page)
    assert "script" not in page.tags
    assert "x" not in page.sources
    assert "<script>alert(1)</script>{{ 7*7 }}<img" in page.text


def test_it_can_be_written_again_and_leaves_other_folders_alone(shop: Shop, tmp_path: Path) -> None:
    write_gallery(shop, tmp_path / "page")
    write_gallery(shop, tmp_path / "page", chosen=["ben"])
    (tmp_path / "page" / "index.html").unlink()  # as after a run that was cut short
    write_gallery(shop, tmp_path / "page")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>Mine</title>")
    with pytest.raises(ShopExistsError):
        write_gallery(shop, tmp_path / "site")
    assert (tmp_path / "site" / "index.html").read_text() == "<title>Mine</title>"


def test_a_photo_that_vanished_leaves_a_gap(shop: Shop, source: Path, tmp_path: Path) -> None:
    (source / "002.jpg").unlink()
    assert "no photo" in Page(write_gallery(shop, tmp_path / "page").page).text


def test_chosen_users_and_unknown_ones(shop: Shop, tmp_path: Path) -> None:
    made = write_gallery(shop, tmp_path / "page", chosen=["ben"])
    assert [row.name for row in made.rows] == ["ben"]
    with pytest.raises(UnknownIdError):
        write_gallery(shop, tmp_path / "page", chosen=["nobody"])


def test_without_interactions_items_stand_for_users(tmp_path: Path, source: Path) -> None:
    shop = Shop.create(tmp_path / "shop", InitOptions("csv", str(source / "items.csv")))
    shop.encode("title", WordEncoder())
    made = write_gallery(shop, tmp_path / "page", users=2)
    assert [row.name for row in made.rows] == ["Like SKU 001", "Like SKU 003"]


def test_users_without_any_vector_are_not_chosen(
    tmp_path: Path, source: Path, options: InitOptions
) -> None:
    shop = Shop.create(tmp_path / "shop", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}", limit=1)
    shop.encode(encoder=WordEncoder())
    assert set(shop.vectors.ids) == {"001"}
    assert choose_users(shop, 5) == ["anna", "ben"]
    made = write_gallery(shop, tmp_path / "page")
    assert made.rows[0].cards == ()


def test_nobody_to_show_is_said(tmp_path: Path, source: Path) -> None:
    (source / "interactions.csv").write_text("user,item,time\nzoe,005,2026-01-01\n")
    options = InitOptions("csv", str(source / "items.csv"), (str(source / "interactions.csv"),))
    shop = Shop.create(tmp_path / "shop", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}", limit=1)  # 005 comes first
    shop.encode(encoder=WordEncoder())
    assert len(write_gallery(shop, tmp_path / "page").rows) == 1
    with pytest.raises(DataError):
        write_gallery(shop, tmp_path / "page2", chosen=["zoe"], k=0)


def test_a_photo_taken_down_does_not_stay_up(shop: Shop, source: Path, tmp_path: Path) -> None:
    made = write_gallery(shop, tmp_path / "page")
    before = {path.name for path in (tmp_path / "page" / "thumbnails").iterdir()}
    write_gallery(shop, tmp_path / "page", chosen=["anna"], k=1)
    after = {path.name for path in (tmp_path / "page" / "thumbnails").iterdir()}
    assert after < before
    (tmp_path / "page" / ".DS_Store").touch()
    assert write_gallery(shop, tmp_path / "page").page == made.page


def test_a_user_whose_history_weighs_nothing_spoils_nothing(tmp_path: Path, source: Path) -> None:
    rows = "user,item,weight\nanna,001,0\nben,003,1\n"
    (source / "interactions.csv").write_text(rows)
    options = InitOptions("csv", str(source / "items.csv"), (str(source / "interactions.csv"),))
    shop = Shop.create(tmp_path / "shop", options)
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    shop.encode(encoder=WordEncoder())
    assert [row.name for row in write_gallery(shop, tmp_path / "page").rows] == ["ben"]
