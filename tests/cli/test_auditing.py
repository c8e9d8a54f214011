"""What a person at the command line sees of audit, diff-prompts and prompts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.conftest import Command
from vlm4rec.cli import console
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.prompts import PROMPTS
from vlm4rec.grounding.schema import Answer, Provenance
from vlm4rec.shop import Shop


@pytest.fixture
def audited(shop: Shop) -> Shop:
    """A shop in which some answers are flagged, and one prompt more was asked."""
    with Ledger.open(shop.folder.ledger_file) as ledger:
        ledger.change("UPDATE answers SET flags = '[]', cost = 0.5", [()])
        ledger.change(
            "UPDATE answers SET flags = '[\"cut-off\"]' WHERE answer LIKE ?", [("%lamp%",)]
        )
        for number, (item, _, grounding) in enumerate(list(ledger.groundings(["001", "003"]))):
            made = grounding.provenance.model_copy(update={"prompt_id": "fashion-v1"})
            answer = Answer(category=grounding.answer.category, description=f"[b]A {item}.[/b]")
            ledger.record(
                f"{number:064x}", "", Provenance(**made.model_dump()), answer=answer, flags=[]
            )
    return shop


def test_an_audit_is_told_and_written(vlm4rec: Command, audited: Shop) -> None:
    told = vlm4rec("audit", audited.folder.root)
    assert told.code == 0
    assert "5 of 5 photos described, 1 flagged, 0 failed, 0 corrected by hand." in told.out
    assert "The description ends in the middle of a sentence." in told.out
    assert "$2.5000" in told.out
    assert (audited.folder.root / "audit" / "index.html").is_file()
    assert vlm4rec("audit", audited.folder.root).code == 0


def test_an_audit_as_json(vlm4rec: Command, audited: Shop, tmp_path: Path) -> None:
    told = vlm4rec(
        "audit", audited.folder.root, "--out", tmp_path / "page", "--sample", "2", "--json"
    )
    found = json.loads(told.out)
    assert Path(found["page"]) == tmp_path / "page" / "index.html"
    assert (found["described"], found["flagged"], found["sample"], found["cost"]) == (5, 1, 2, 3.5)
    assert found["flags"][0] | {"what": ""} == {
        "name": "cut-off",
        "what": "",
        "used": 1,
        "left_out": 0,
        "examples": ["005"],
    }
    assert found["imported"] is None


def test_corrections_go_out_and_come_in(vlm4rec: Command, audited: Shop, tmp_path: Path) -> None:
    root, table = audited.folder.root, tmp_path / "table.csv"
    assert "5 descriptions written to" in vlm4rec("audit", root, "--export", table).out
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[1]["description"] = "A boot, seen by a person."
    rows[0]["item_id"] = "nobody"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    told = vlm4rec("audit", root, "--import", table, "--by", "Ann")
    assert told.code == 0
    assert "1 corrected by hand" in told.out
    assert "1 photo corrected, 3 unchanged." in told.out
    assert "Next: vlm4rec encode" in told.out
    assert "table.csv, row 2: the shop has no photo of an item 'nobody'." in told.err
    assert Shop.open(root).answers["002"][0].description == "A boot, seen by a person."
    again = json.loads(vlm4rec("audit", root, "--import", table, "--by", "Ann", "--json").out)
    assert (again["imported"]["corrected"], again["corrected"]) == (0, 1)
    assert "1 correction taken back." in vlm4rec("audit", root, "--drop", "002").out
    assert Shop.open(root).answers["002"][0].description.startswith("leather boot")
    assert "0 corrections taken back." in vlm4rec("audit", root, "--drop-all").out


def test_where_an_export_goes_is_looked_at_before_any_work(
    vlm4rec: Command, audited: Shop, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("item_id,description\n002,By hand.\n")
    told = vlm4rec("audit", audited.folder.root, "--import", table, "--export", table)
    assert (told.code, told.out) == (1, "")
    assert f"{table} is there already." in told.err
    assert not (audited.folder.root / "audit").exists()
    assert json.loads(vlm4rec("audit", audited.folder.root, "--json").out)["corrected"] == 0


@pytest.mark.parametrize("width", [80, 250])
def test_names_of_models_are_whole_on_a_narrow_terminal(
    vlm4rec: Command, audited: Shop, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    with Ledger.open(audited.folder.ledger_file) as ledger:
        ledger.change("UPDATE answers SET model = 'gpt-4.1-mini-2025-04-14', cost = 1234.5", [()])
    monkeypatch.setattr(console.out, "width", width)
    told = vlm4rec("audit", audited.folder.root).out
    for name in ("gpt-4.1-mini-2025-04-14", "paper-v1", "Not used", "$6,172.5000"):
        assert name in told
    assert ("Tokens in" in told) is (width > 80)


@pytest.mark.parametrize("width", [80, 110, 134, 250])
def test_what_was_found_is_read_without_a_puzzle_whatever_the_width(
    vlm4rec: Command, audited: Shop, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    name = "a-flag-of-a-later-version-with-a-name-in-full"
    with Ledger.open(audited.folder.ledger_file) as ledger:
        ledger.change("UPDATE answers SET flags = ? WHERE answer LIKE '%boot%'", [(f'["{name}"]',)])
    monkeypatch.setattr(console.out, "width", width)
    lines = vlm4rec("audit", audited.folder.root).out.splitlines()
    begin = lines.index(next(line for line in lines if line.startswith("What was found")))
    table = lines[begin : next(n for n, line in enumerate(lines) if line.startswith("└"))]
    (found,) = (line for line in table if name in line)
    assert " 2 " in found.partition(name)[2]
    for part in ("Left out", "cut-off", "001, 002", "The description ends in"):
        assert any(part in line for line in table)
    assert max(map(len, table)) <= width
    assert len(table) <= 14


def test_a_table_of_nothing_that_can_be_used_is_a_failure(
    vlm4rec: Command, audited: Shop, tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_text("item_id,description\nx,y\n")
    told = vlm4rec("audit", audited.folder.root, "--import", tmp_path / "table.csv")
    assert told.code == 1
    assert "no photo of an item 'x'" in told.err


def test_two_prompts_side_by_side(vlm4rec: Command, audited: Shop) -> None:
    told = vlm4rec("diff-prompts", audited.folder.root, "paper-v1", "fashion-v1")
    assert told.code == 0
    assert "Over all 2 photos described for both" in told.out
    assert "/b]" in told.out  # what was written is no markup
    assert "≠ colour" in told.out
    assert "Only 2 photos are described for both." in told.out
    assert "--prompt fashion-v1 --limit 50" in told.out
    page = audited.folder.root / "diff-prompts" / "index.html"
    assert page.is_file()
    found = json.loads(
        vlm4rec("diff-prompts", audited.folder.root, "paper-v1", "fashion-v1", "--json").out
    )
    assert (found["photos"], found["page"]) == (2, str(page))


def test_what_differs_is_seen_without_colours_and_with(
    vlm4rec: Command, audited: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("diff-prompts", audited.folder.root, "paper-v1", "fashion-v1", "--sample", "1")
    assert "[leather" in vlm4rec(*command).out or "[porcelain" in vlm4rec(*command).out
    terminal = Console(force_terminal=True, color_system="standard", width=250, highlight=False)
    monkeypatch.setattr(console, "out", terminal)
    told = vlm4rec(*command).out
    assert "\x1b[" in told
    assert "[leather" not in told


def test_prompts_are_listed_and_shown(vlm4rec: Command, tmp_path: Path) -> None:
    told = vlm4rec("prompts")
    assert all(id_ in told.out for id_ in PROMPTS)
    assert vlm4rec("prompts", "--show", "food-v1").out == PROMPTS["food-v1"].text + "\n"
    listed = json.loads(vlm4rec("prompts", "--json").out)["prompts"]
    assert [prompt["id"] for prompt in listed] == list(PROMPTS)
    assert listed[0]["text"] == PROMPTS["paper-v1"].text
    (tmp_path / "mine.toml").write_text('name = "mine"\nversion = 1\ntext = "[b]Say it.[/b]"')
    assert vlm4rec("prompts", "--show", tmp_path / "mine.toml").out == "[b]Say it.[/b]\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["audit", "SHOP", "--by", "Ann"], "Add --import."),
        (["audit", "SHOP", "--import", "nowhere.csv"], "There is no file nowhere.csv"),
        (["audit", "SHOP", "--drop", "x"], "Item 'x' has no correction."),
        (["audit", "SHOP", "--out", "SHOP"], "not a page of this kind"),
        (["audit", "nowhere"], "is not a shop."),
        (["diff-prompts", "SHOP", "paper-v1", "food-v1"], "--prompt food-v1 --limit 50"),
        (["prompts", "--show", "shoes"], "no prompt 'shoes'"),
        (["prompts", "--show", "nowhere.toml"], "nowhere.toml can't be read"),
    ],
)
def test_errors_are_one_clear_message(
    vlm4rec: Command,
    audited: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = vlm4rec(*(str(audited.folder.root) if a == "SHOP" else a for a in arguments))
    assert answer.code == 1
    assert answer.out == ""
    assert answer.err.startswith("Error: ")
    assert told in answer.err
    assert "Traceback" not in answer.err
