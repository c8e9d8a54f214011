"""The folder: the same bytes twice, nobody else's files touched, and texts that stay texts."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.evaluation.report.conftest import CANDIDATES, FAST, SKILL, make_evaluation
from vlm4rec.errors import DataError, ShopExistsError
from vlm4rec.evaluation.report import Report, ReportItems, check_folder, write_report
from vlm4rec.evaluation.report.paper_table import PaperRow, PaperTable
from vlm4rec.evaluation.results import Evaluation

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }}\' & "q"'
TEXTS = ("results.json", "results.csv", "comparisons.csv", "slices.csv", "table.tex", "index.html")
SMALL = {"title": 0.9, "image": 0.1}


class Page(HTMLParser):
    """Collects the tags, addresses and words of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.sources += [held[name] for name in ("src", "srcset") if name in held]
        self.links += [held["href"]] if tag == "a" else []
        self.ids += [held["id"]] if "id" in held else []
        self.inline += [name for name in held if name == "style" or name.startswith("on")]
        if tag == "img":
            assert held.get("alt")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def report(
    evaluation: Evaluation, items: ReportItems, tmp_path_factory: pytest.TempPathFactory
) -> Report:
    return write_report(
        evaluation, tmp_path_factory.mktemp("a") / "report", items, FAST, shop="shop"
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_evaluation_gives_the_same_bytes(
    report: Report, items: ReportItems, tmp_path: Path
) -> None:
    slower = make_evaluation()
    for setting in slower.settings:
        for name, result in setting.methods.items():
            setting.methods[name] = replace(result, fit_seconds=99.0)  # type: ignore[index]
    again = write_report(slower, tmp_path / "b", items, FAST, shop="shop")
    assert contents(again.folder) == contents(report.folder)
    assert set(TEXTS) <= set(contents(report.folder))


def test_the_page_shows_every_number_of_the_main_table(report: Report) -> None:
    page = Page(report.page)
    for setting in report.summary.settings:
        for row in setting.rows:
            for estimate in row.estimates.values():
                assert f"{estimate.mean:.4f}" in page.text
                assert f"{estimate.low:.4f} to {estimate.high:.4f}" in page.text
    for name in SKILL:
        assert name in page.text
    assert report.verdict.headline in page.text
    for told in (
        "Basket completion: one item is hidden.",
        "This is made by hand.",
        "seed",
        "NumPy",
    ):
        assert told.lower() in page.text.lower()
    assert "users without a history: 2" in page.text


def test_the_page_needs_nothing_from_elsewhere(report: Report) -> None:
    out = report.folder
    page = Page(report.page)
    assert len(page.sources) > 20
    for source in page.sources:
        assert (out / source).is_file()
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else (out / link).is_file()
    assert len(page.ids) == len(set(page.ids))
    assert not set(page.tags) & {"iframe", "object", "form", "base"}
    assert page.tags.count("script") == 1
    assert page.inline == []
    text = unescape(report.page.read_text("utf-8"))
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'; script-src 'sha256-" in text
    for name in sorted((out / "thumbnails").iterdir()):
        with Image.open(name) as picture:
            assert max(picture.size) <= 360


def test_what_shops_and_customers_are_called_stays_text(tmp_path: Path, out: Path) -> None:
    made = make_evaluation({HOSTILE: 0.8, "title": 0.1}, users=12, settings=1)
    setting = made.settings[0]
    cases = tuple(replace(case, user=f"{HOSTILE}{case.user}") for case in setting.cases)
    facts = replace(made.facts, told=HOSTILE, notes=(HOSTILE,), left_out={HOSTILE: 1})
    hostile = replace(
        made, facts=facts, settings=(replace(setting, cases=cases, left_out={HOSTILE: 2}),)
    )
    items = ReportItems(titles=dict.fromkeys(CANDIDATES, HOSTILE))
    report = write_report(hostile, out, items, FAST, shop=HOSTILE)
    plain = write_report(
        make_evaluation({"own": 0.8, "title": 0.1}, users=12, settings=1),
        tmp_path / "plain",
        ReportItems(),
        FAST,
        shop="x",
    )
    page, other = Page(report.page), Page(plain.page)
    assert page.text.count("alert(1)") > 10
    assert "{{ 7*7 }}" in page.text
    assert page.inline == []
    assert (page.tags.count("script"), page.tags.count("img")) == (
        other.tags.count("script"),
        other.tags.count("img"),
    )


def test_other_files_stay_as_they_are(items: ReportItems, out: Path) -> None:
    evaluation = make_evaluation(SMALL, settings=1)
    for name in ("notes.txt", "plots/own.svg", "thumbnails/own.jpg"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    write_report(evaluation, out, items, FAST)
    stale = (out / "plots" / "bars-9-dark.svg", out / "thumbnails" / f"{'0' * 20}.jpg")
    for path in stale:
        path.write_bytes(b"old")
    write_report(evaluation, out, items, replace(FAST, cases=0))
    for name in ("notes.txt", "plots/own.svg", "thumbnails/own.jpg"):
        assert (out / name).read_text() == "mine"
    assert not any(path.exists() for path in stale)
    assert len(list((out / "thumbnails").iterdir())) == 1  # nothing is shown any more


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_of_ours_that_is_not_ours_is_not_written_over(
    evaluation: Evaluation, out: Path, name: str
) -> None:
    out.mkdir()
    (out / name).write_text("{}")
    with pytest.raises(ShopExistsError, match="no evaluation wrote it"):
        write_report(evaluation, out, None, FAST)
    assert (out / name).read_text() == "{}"
    assert len(list(out.iterdir())) == 1


def test_a_report_cut_short_can_be_written_anew(out: Path) -> None:
    evaluation = make_evaluation(SMALL, settings=1)
    report = write_report(evaluation, out, None, FAST)
    report.page.unlink()
    (out / "table.tex").unlink()
    assert check_folder(out) == out
    assert write_report(evaluation, out, None, FAST).page.is_file()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ShopExistsError, match="is a file"):
        check_folder(tmp_path / "file")


def test_nothing_is_written_where_the_options_are_wrong(evaluation: Evaluation, out: Path) -> None:
    with pytest.raises(DataError, match="no metric"):
        write_report(evaluation, out, None, replace(FAST, metric="luck@10"))
    assert not out.exists()


def test_the_papers_figures_stand_beside_ours(out: Path) -> None:
    evaluation = make_evaluation(SMALL, settings=1)
    rows = (PaperRow("title", (0.2285, 0.1111)), PaperRow("LVLM <text>", (0.3539, None)))
    table = PaperTable(("paper", "ours"), rows, "Amazon.", ("Another shop.",))
    report = write_report(evaluation, out, None, FAST, paper=lambda _summary: table)
    page = Page(report.page)
    assert "LVLM <text> 0.3539 –" in page.text
    assert "Another shop." in page.text
    assert "#paper" in page.links


@pytest.mark.parametrize("settings", [1, 2])
def test_the_smallest_evaluation_has_a_report(settings: int, out: Path) -> None:
    made = make_evaluation({"title": 0.5}, users=1, settings=settings)
    report = write_report(made, out, None, FAST)
    assert "can't be told from these methods" in Page(report.page).text
    assert json.loads((out / "results.json").read_text("utf-8"))["methods"] == ["title"]


def test_a_history_without_photos_is_shown_by_its_ids(out: Path) -> None:
    made = make_evaluation(SMALL, settings=1)
    page = Page(write_report(made, out, None, FAST).page)
    assert "no photo i" in page.text
