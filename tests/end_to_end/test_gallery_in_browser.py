"""The page in a real browser: everything shows, nothing is loaded from elsewhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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
def page(browser: Browser, demo: Path) -> Iterator[tuple[Page, list[str], list[str]]]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    loaded: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: loaded.append(request.url))
    page.goto((demo / "gallery" / "index.html").as_uri())
    yield page, said, loaded
    context.close()


def test_every_picture_shows_and_nothing_complains(
    page: tuple[Page, list[str], list[str]],
) -> None:
    opened, said, loaded = page
    opened.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    opened.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    widths = opened.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert len(widths) > 50
    assert min(widths) > 100
    assert said == []
    assert {url.partition(":")[0] for url in loaded} <= {"file", "data"}


def test_a_card_tells_what_its_photo_shows(page: tuple[Page, list[str], list[str]]) -> None:
    card = page[0].locator(".card").first
    text = card.locator("details p")
    assert not text.is_visible()
    card.locator("summary").click()
    assert text.is_visible()
    assert len(text.inner_text().split()) >= 20


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_sideways_scrolling_at_any_width(
    page: tuple[Page, list[str], list[str]], width: int
) -> None:
    opened = page[0]
    opened.set_viewport_size({"width": width, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
