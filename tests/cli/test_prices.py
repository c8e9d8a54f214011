from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from vlm4rec.grounding.money.prices import PRICES_VARIABLE, PriceTable

MINE = """
[models.llava]
input = 1
output = 2.5
photo = { rule = "fixed", tokens = 576 }
note = "at [home]"
"""


@pytest.fixture(autouse=True)
def no_table_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PRICES_VARIABLE, raising=False)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    return path


def test_the_table(vlm4rec: Command) -> None:
    told = vlm4rec("prices")
    assert (told.code, told.err) == (0, "")
    row = next(line for line in told.out.splitlines() if "gpt-4.1-mini" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][:6] == [
        "gpt-4.1-mini", "0.4", "0.1", "1.6", "0.5", "934",
    ]  # fmt: skip
    assert "as of 20" in told.out
    assert "* may think before it answers" in told.out


def test_one_model_by_any_of_its_names(vlm4rec: Command) -> None:
    for name in ("gpt-4.1-mini", "openai:gpt-4.1-mini", "openai/gpt-4.1-mini-2025-04-14"):
        told = vlm4rec("prices", "--model", name)
        assert "gpt-4.1-mini" in told.out
        assert "claude" not in told.out
        assert "may think" not in told.out


def test_an_unknown_model_is_told_with_the_way_out(vlm4rec: Command) -> None:
    told = vlm4rec("prices", "--model", "gpt-[x]")
    assert (told.code, told.out) == (1, "")
    assert "There is no price for gpt-[x]." in told.err
    assert "vlm4rec prices --write prices.toml" in told.err


def test_a_table_of_ones_own(vlm4rec: Command, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "llava: at [home]" in vlm4rec("prices", "--prices", mine).out
    assert "gpt-4.1-mini" in vlm4rec("prices", "--prices", mine).out
    monkeypatch.setenv(PRICES_VARIABLE, str(mine))
    assert "llava" in vlm4rec("prices").out


def test_a_wrong_table_names_file_and_key(vlm4rec: Command, mine: Path) -> None:
    mine.write_text(MINE.replace("2.5", "-2.5"), encoding="utf-8")
    told = vlm4rec("prices", "--prices", mine)
    assert told.code == 1
    assert f"{mine}: models.llava.output: " in told.err


def test_json(vlm4rec: Command, mine: Path) -> None:
    held = json.loads(vlm4rec("prices", "--json").out)
    assert len(held["models"]) == len(PriceTable.load())
    assert held["date"] == PriceTable.load().date.isoformat()
    found = json.loads(vlm4rec("prices", "--prices", mine, "--model", "llava", "--json").out)
    assert len(found["models"]) == 1
    llava = found["models"][0]
    assert llava["photo"] == {"rule": "fixed", "tokens": 576, "side": None, "most": 0}
    assert (llava["input"], llava["cached"], llava["photo_tokens"]) == (1.0, None, 576)
    tokens = llava["tokens_in"] * 1.0 + llava["tokens_out"] * 2.5
    assert llava["thousand"] == llava["thousand_batch"] == pytest.approx(tokens / 1000)


def test_the_table_is_written_for_editing(vlm4rec: Command, tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    told = vlm4rec("prices", "--write", path)
    assert told.code == 0
    assert f"Wrote {path}." in told.out
    assert PriceTable.load(path) == PriceTable.load()
    assert "# Prices of vision models" in path.read_text(encoding="utf-8")
    edited = path.read_text(encoding="utf-8").replace("input = 2.50", "input = 2.75", 1)
    path.write_text(edited, encoding="utf-8")
    told = vlm4rec("prices", "--prices", path, "--model", "gpt-4o", "--json")
    assert json.loads(told.out)["models"][0]["input"] == 2.75


def test_nothing_is_written_over(vlm4rec: Command, mine: Path, tmp_path: Path) -> None:
    told = vlm4rec("prices", "--write", mine)
    assert told.code == 1
    assert f"{mine} is there already, and is not written over." in told.err
    assert tomllib.loads(mine.read_text(encoding="utf-8"))["models"].keys() == {"llava"}
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "nowhere.toml")
    assert vlm4rec("prices", "--write", link).code == 1
    assert link.is_symlink()
