"""The page of an evaluation in a real browser: plots, sorting, keys, phones, light and dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.evaluation.report.conftest import FAST, SKILL, items, make_evaluation
from vlm4rec.evaluation.report import Report, ReportItems, write_report

__all__ = ["items"]

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
LONG = "metadata + title + facets + description + image, whitened, of the last 30 days"


@pytest.fixture(scope="module")
def report(items: ReportItems, tmp_path_factory: pytest.TempPathFactory) -> Report:
    made = make_evaluation({**SKILL, LONG: 0.4})
    out = tmp_path_factory.mktemp("evaluated") / "report"
    return write_report(made, out, items, FAST, shop="a shop of things")


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


def watched(page: Page, said: list[str]) -> Page:
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda r: None if r.url.startswith(("file:", "data:")) else said.append(r.url)
    )
    return page


@pytest.fixture
def page(browser: Browser, report: Report, said: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = watched(context.new_page(), said)
    page.goto(report.page.as_uri())
    yield page
    context.close()
    assert said == []


def decode_all(page: Page) -> list[str]:
    """Load every picture and return the names of the files that are shown."""
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    widths: list[int] = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert min(widths) > 0
    sources: list[str] = page.evaluate("[...document.images].map(i => i.currentSrc)")
    return [Path(source).name for source in sources]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_picture_shows_in_the_form_that_fits(
    browser: Browser, report: Report, said: list[str], scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = watched(context.new_page(), said)
    page.goto(report.page.as_uri())
    names = decode_all(page)
    end = f"{'-narrow' if width == 390 else ''}{'-dark' if scheme == 'dark' else ''}.svg"
    plots = [name for name in names if name.endswith(".svg")]
    assert plots == [f"{kind}-{n}{end}" for n in (1, 2) for kind in ("bars", "forest")]
    ink = page.evaluate("getComputedStyle(document.body).color")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light(ink) > light(paper)) is (scheme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert said == []


def light(colour: str) -> int:
    """How light a colour of the form rgb(1, 2, 3) is."""
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def first_column(page: Page, table: int = 0) -> list[str]:
    names: list[str] = page.evaluate(
        "n => [...document.querySelectorAll('table.sortable')[n].tBodies[0].rows]"
        ".map(row => row.cells[0].dataset.value)",
        table,
    )
    return names


def test_tables_are_sorted_by_mouse_and_by_keys(page: Page, report: Report) -> None:
    setting = report.summary.settings[0]
    best = [row.name for row in setting.best_first(report.summary.metric)]
    assert first_column(page) == best
    heads = page.locator("table.sortable").first.locator("thead button")
    heads.nth(0).click()
    assert first_column(page) == sorted(best, key=str.lower)
    heads.nth(2).focus()
    page.keyboard.press("Enter")
    ndcg = [row.name for row in setting.best_first("ndcg@5")]
    assert first_column(page) == ndcg
    page.keyboard.press("Enter")
    values = [setting.row(name).estimates["ndcg@5"].mean for name in first_column(page)]
    assert values == sorted(values)
    head = page.locator("table.sortable").first.locator("thead th").nth(2)
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("th[aria-sort]").nth(0).inner_text().startswith("NDCG@5")


def test_what_the_headline_says_stands_first(page: Page, report: Report) -> None:
    assert page.inner_text("h1") == report.verdict.headline
    for setting in report.summary.settings:
        assert report.verdict.best[setting.name] in page.inner_text("header")


def test_slices_and_other_cut_offs_open_on_demand(page: Page) -> None:
    details = page.locator("#setting-1 details")
    table = details.locator("table")
    assert not table.is_visible()
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    assert "Recall@2" in table.inner_text()


def test_hits_are_marked_by_more_than_a_colour(page: Page, report: Report) -> None:
    first = page.locator(".case").first
    assert first.locator(".hit").count() >= 1
    assert "✓ found" in first.locator(".hit").first.inner_text()
    assert "finds it at place" in first.inner_text()


def test_links_lead_somewhere(page: Page) -> None:
    for link in page.locator("nav a").all():
        link.click()
        where = link.get_attribute("href") or ""
        assert page.locator(where).is_visible()


@pytest.mark.parametrize("width", [320, 390, 700, 1280])
def test_no_sideways_scrolling_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_wide_tables_can_be_scrolled_by_keys_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    region = page.locator("#setting-1 .wide").first
    region.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "document.querySelector('#setting-1 .wide').scrollLeft > 0", timeout=5_000
    )
    left = page.evaluate(
        "() => { const t = document.querySelector('#setting-1 tbody th');"
        "return t.getBoundingClientRect().left - t.closest('.wide').getBoundingClientRect().left }"
    )
    assert abs(left) <= 2  # the names stay in sight


def test_no_script_can_be_brought_in(page: Page, said: list[str]) -> None:
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


def test_without_scripts_everything_can_be_read(browser: Browser, report: Report) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.page.as_uri())
    assert page.locator("table.sortable").first.is_visible()
    assert page.locator("thead button").count() == 0
    assert page.locator("#setting-1 details summary").is_visible()
    context.close()
