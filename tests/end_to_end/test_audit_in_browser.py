"""The audit page in a real browser: filters, keys, marks, and corrections that come back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from vlm4rec.audit import audit_shop, import_corrections
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.shop import Shop, ShopFolder

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = '</script><img src=x onerror="alert(1)"> & "quoted"'
SAMPLE = 10


@pytest.fixture(scope="module")
def folder(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> ShopFolder:
    """A copy of the sample shop with flags, one hostile text, and its page."""
    root = tmp_path_factory.mktemp("audited") / "shop"
    shutil.copytree(demo / "shop", root)
    folder = Shop.open(root).folder
    with Ledger.open(folder.ledger_file) as ledger:
        ledger.change("UPDATE answers SET flags = '[]'", [()])
        ids = [row[0] for row in ledger.rows("SELECT id FROM answers ORDER BY id LIMIT 30")]
        ledger.change("UPDATE answers SET flags = '[\"cut-off\"]' WHERE id = ?", zip(ids[:20]))
        ledger.change("UPDATE answers SET flags = '[\"language\"]' WHERE id = ?", zip(ids[20:]))
        ledger.change(
            "UPDATE answers SET answer = json_set(answer, '$.description', ?) WHERE id = ?",
            [(HOSTILE, ids[0])],
        )
    audit_shop(folder, sample=SAMPLE)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        reason = "there is no Chromium: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def said() -> list[str]:
    """What the page complained of, and what it loaded from elsewhere."""
    return []


@pytest.fixture
def page(browser: Browser, folder: ShopFolder, said: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request",
        lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else said.append(r.url),
    )
    page.goto((folder.root / "audit" / "index.html").as_uri())
    yield page
    context.close()
    assert said == []


def shown(page: Page) -> list[str]:
    """The ids of the cards that are shown, in order."""
    ids: list[str] = page.evaluate(
        "[...document.querySelectorAll('.card:not([hidden]) .id')].map(e => e.textContent)"
    )
    return ids


def test_every_picture_shows(page: Page) -> None:
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    widths: list[int] = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert len(widths) >= 30
    assert min(widths) > 100


def test_filters_narrow_what_is_shown(page: Page) -> None:
    everything = shown(page)
    assert 30 <= len(everything) <= 40
    page.locator("[data-flag=cut-off]").click()
    assert len(shown(page)) == 20
    page.locator("[data-flag=cut-off]").click()
    assert shown(page) == everything
    page.select_option("#by-flag", "language")
    assert len(shown(page)) == 10
    page.fill("#search", "onerror QUOTED")
    assert shown(page) == []
    assert page.locator("#nothing").is_visible()
    page.select_option("#by-flag", "")
    assert len(shown(page)) == 1
    page.click("#clear")
    assert shown(page) == everything
    page.select_option("#view", "flagged")
    assert len(shown(page)) == 30
    page.select_option("#view", "sample")
    assert len(shown(page)) == SAMPLE
    assert page.inner_text("#count").startswith(f"{SAMPLE} of ")


def test_a_review_by_keys_gives_a_defect_rate(page: Page) -> None:
    page.click("#start")
    for key in ("g", "j", "b", "j", "g"):
        page.keyboard.press(key)
    assert page.inner_text("#rate") == f"3 of {SAMPLE} looked at"
    means = page.inner_text("#means")
    # Wilson's interval for 1 of 3
    assert means.startswith("1 bad: a defect rate of 33.3%. Of all descriptions, 6.1% to 79.2%")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("b")  # the fifth: the fourth is not looked at
    assert page.inner_text("#rate") == f"4 of {SAMPLE} looked at"
    assert page.inner_text("#means").startswith("1 bad of the first 3 in the order drawn")
    page.keyboard.press("b")  # taken back
    assert page.inner_text("#rate") == f"3 of {SAMPLE} looked at"
    page.select_option("#view", "unseen")
    assert len(shown(page)) == SAMPLE - 3


def test_marks_and_edits_outlive_the_page_until_they_are_forgotten(page: Page) -> None:
    page.locator("[data-mark=bad]").nth(0).click()
    edit(page, 1, description="Something else.")
    page.reload()
    assert page.locator("[data-mark=bad]").nth(0).get_attribute("aria-pressed") == "true"
    assert page.locator(".words").nth(1).inner_text() == "Something else."
    page.select_option("#view", "edited")
    assert len(shown(page)) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#forget")
    page.reload()
    assert page.locator("#download").is_disabled()
    assert page.locator(".words").nth(1).inner_text() != "Something else."


def edit(page: Page, card: int, **fields: str) -> None:
    """Edit a card in its form."""
    place = page.locator(".card").nth(card)
    place.get_by_role("button", name="Edit").click()
    for name, text in fields.items():
        place.locator("form label", has_text=name).locator("input, textarea").fill(text)
    place.get_by_role("button", name="Keep").click()


def test_corrections_made_here_come_in(page: Page, folder: ShopFolder, tmp_path: Path) -> None:
    first, second, third = shown(page)[:3]
    hostile = '=1+1 "said", a; b\n\'-- <b>'
    edit(page, 0, description=hostile, colors='red, "navy, dark"')
    edit(page, 1, category="")
    page.locator("[data-mark=good]").nth(2).click()
    assert page.inner_text("#download") == "Download corrections (3)"
    with page.expect_download() as caught:
        page.click("#download")
    table = tmp_path / "corrections.csv"
    caught.value.save_as(table)
    copy = tmp_path / "shop"
    shutil.copytree(folder.root, copy)
    report = import_corrections(ShopFolder(copy), table, by="Ann")
    assert (report.corrected, report.unchanged, report.good) == (2, 1, 1)
    assert report.problems == ()
    answers: Any = Shop.open(copy).answers
    assert answers[first][0].description == hostile
    assert answers[first][0].colors == ("red", "navy, dark")
    assert answers[second][0].category == ""
    before = Shop.open(folder.root).answers
    assert answers[second][0].description == before[second][0].description
    assert answers[third] == before[third]


def test_an_edit_is_given_up_by_escape_and_taken_back(page: Page) -> None:
    before = page.locator(".words").nth(0).inner_text()
    page.locator(".card").nth(0).focus()
    page.keyboard.press("e")
    page.keyboard.type("gone")
    page.keyboard.press("Escape")
    assert page.locator("form").count() == 0
    assert page.locator(".words").nth(0).inner_text() == before
    edit(page, 0, description="Another text.")
    assert page.locator(".words").nth(0).inner_text() == "Another text."
    page.locator("[data-edit]").nth(0).click()
    page.get_by_role("button", name="As the model wrote it").click()
    assert page.locator(".words").nth(0).inner_text() == before
    assert page.locator("#download").is_disabled()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_sideways_scrolling_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("[data-edit]").nth(0).click()
    page.locator("summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_script_can_be_brought_in(page: Page, said: list[str]) -> None:
    assert page.locator(".words", has_text="onerror").count() == 1
    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.text = 'window.bad = 1';
            document.body.append(script);
        }"""
    )
    assert page.evaluate("window.bad") is None
    assert len(said) == 1
    assert "Content Security Policy" in said.pop()


def test_without_scripts_everything_can_be_read(browser: Browser, folder: ShopFolder) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder.root / "audit" / "index.html").as_uri())
    assert page.locator(".card").count() >= 30
    assert page.locator(".words").nth(0).is_visible()
    assert not page.locator("#filters").is_visible()
    assert not page.locator("[data-edit]").nth(0).is_visible()
    context.close()
