"""The page: what it shows, and that what an LVLM or a shop wrote stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.audit.conftest import Describe
from vlm4rec.audit import audit_shop, import_corrections
from vlm4rec.audit.choosing import choose_photos
from vlm4rec.audit.page import AuditPage
from vlm4rec.errors import ShopExistsError
from vlm4rec.grounding.schema import Answer
from vlm4rec.shop import ShopFolder

HOSTILE = "</script><script>alert(1)</script>{{ 7*7 }}<img src=x onerror=alert(2)>\u2028'\"&"
FINE = "A brown leather boot with a deep sole. It suits long walks on wet ground."


class Page(HTMLParser):
    """Collects the tags, texts, scripts and policy of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._inside = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag in ("script", "style"):
            (self.scripts if tag == "script" else self.styles).append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside == "style":
            self.styles[-1] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def policy(self) -> str:
        metas = [held for tag, held in self.tags if tag == "meta"]
        (policy,) = [m["content"] for m in metas if m.get("http-equiv")]
        return policy or ""

    def data(self) -> dict[str, object]:
        held: dict[str, object] = json.loads(self.scripts[0])
        return held


def pages(made: AuditPage) -> Page:
    return Page(made.page)


@pytest.fixture
def audited(
    folder: ShopFolder, describe: Describe, fail: Callable[[str, str], None], tmp_path: Path
) -> Page:
    """The page of a shop with a flagged photo, a hostile one, and one that failed."""
    describe("001", Answer(category="boot", colors=["tan"], description=FINE), cost=0.001)
    describe("002", "A boot that is", flags=["cut-off"], tokens_in=1200, tokens_out=80)
    describe("003", Answer(category=HOSTILE, colors=[HOSTILE], description=HOSTILE))
    describe("004", None, text=HOSTILE, reason="refused", flags=["refused"])
    fail("004", "refused")
    return Page(audit_shop(folder, tmp_path / "page").page.page)


def test_a_card_tells_what_is_known(audited: Page) -> None:
    assert "cut-off The description ends with" in audited.text
    assert "tokens 1,200 in, 80 out" in audited.text
    assert "model m-2026 prompt paper-v1 provider openai cost $0.001000" in audited.text
    assert "SKU 001" in audited.text
    assert "4 of 4 photos are on this page" in audited.text
    cards = [held for tag, held in audited.tags if held.get("class") == "card"]
    assert len(cards) == 4


def test_what_was_written_stays_text(audited: Page) -> None:
    assert audited.text.count("<script>alert(1)</script>{{ 7*7 }}<img src=x") >= 3
    assert [tag for tag, _ in audited.tags].count("script") == 2
    assert "x" not in [held.get("src") for tag, held in audited.tags if tag == "img"]
    assert not {"iframe", "object", "link"} & {
        tag for tag, held in audited.tags if held.get("href") != "data:,"
    }
    cards = audited.data()["cards"]
    assert isinstance(cards, list)
    assert HOSTILE in [card["row"]["description"] for card in cards]
    raw = audited.scripts[0]
    assert not re.search(r"[<>&'\u2028]", raw)


def test_the_policy_names_the_very_script_and_style(audited: Page) -> None:
    def digest(source: str) -> str:
        hashed = hashlib.sha256(source.encode()).digest()
        return f"'sha256-{base64.b64encode(hashed).decode()}'"

    assert audited.policy == (
        f"default-src 'none'; script-src {digest(audited.scripts[1])}; "
        f"style-src {digest(audited.styles[0])}; img-src 'self' file: data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not [held for _, held in audited.tags if "style" in held or "onclick" in held]


def test_every_picture_is_there_and_has_a_text(audited: Page, tmp_path: Path) -> None:
    pictures = [held for tag, held in audited.tags if tag == "img"]
    assert len(pictures) == 4
    for held in pictures:
        with Image.open(tmp_path / "page" / str(held["src"])) as picture:
            assert max(picture.size) <= 360
        assert held["alt"]


def test_a_photo_that_vanished_leaves_a_gap(
    folder: ShopFolder, describe: Describe, source: Path, tmp_path: Path
) -> None:
    describe("001", FINE)
    (source / "001.jpg").unlink()
    assert "no photo" in pages(audit_shop(folder, tmp_path / "page").page).text


def test_a_correction_shows_what_was_said_before(
    folder: ShopFolder, describe: Describe, tmp_path: Path
) -> None:
    describe("001", "A boot that is")
    (tmp_path / "table.csv").write_text(f"item_id,description\n001,{FINE}\n")
    import_corrections(folder, tmp_path / "table.csv", by="Ann")
    found = audit_shop(folder)
    page = pages(found.page)
    assert found.figures.corrected == 1
    assert found.page.page == folder.root / "audit" / "index.html"
    assert "Before the correction A boot that is" in page.text
    assert "corrected by Ann" in page.text


def test_the_page_can_be_written_again_and_leaves_other_folders_alone(
    folder: ShopFolder, describe: Describe, tmp_path: Path
) -> None:
    describe("001", FINE)
    out = tmp_path / "page"
    first = audit_shop(folder, out).page.page.read_text()
    assert audit_shop(folder, out).page.page.read_text() == first
    (out / "index.html").unlink()  # as after a run that was cut short
    audit_shop(folder, out)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text('<meta name="generator" content="vlm4rec">')
    with pytest.raises(ShopExistsError):
        audit_shop(folder, tmp_path / "site")
    with pytest.raises(ShopExistsError):
        audit_shop(folder, folder.root)


def test_what_is_left_out_is_said(
    folder: ShopFolder, describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for item in ("001", "002", "003"):
        describe(item, f"{item} that is", flags=["cut-off"])
    few = partial(choose_photos, most_flagged=1)
    monkeypatch.setattr("vlm4rec.audit.page.choose_photos", few)
    found = audit_shop(folder, sample=0)
    assert (len(found.page.cards), found.page.left_out) == (1, 2)
    assert "Left out: 2 more with a flag" in pages(found.page).text


def test_the_page_does_not_tell_where_the_shop_lies(audited: Page, folder: ShopFolder) -> None:
    assert str(folder.root.parent) not in audited.text + "".join(audited.scripts)
