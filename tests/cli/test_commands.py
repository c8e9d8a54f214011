"""What a person at the command line sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from vlm4rec._version import __version__
from vlm4rec.shop import Shop


def test_the_whole_path(vlm4rec: Command, tmp_path: Path, source: Path, words: None) -> None:
    shop = tmp_path / "shop"
    told = vlm4rec(
        "init", shop, "--format", "csv", "--source", source / "items.csv",
        "--interactions", source / "interactions.csv",
    )  # fmt: skip
    assert (told.code, told.err.splitlines()[-1]) == (0, "Checking photos: 5")
    assert "5 items, 5 usable photos, 3 interactions of 2 users." in told.out
    told = vlm4rec("ground", shop, "--lvlm", f"recorded:{source / 'groundings.jsonl'}")
    assert "Described    5" in told.out
    told = vlm4rec("encode", shop)
    assert (
        "5 item vectors by all-MiniLM-L6-v2, title+description; 5 of 5 texts newly encoded."
        in told.out
    )
    told = vlm4rec("encode", shop)
    assert "Nothing changed" in told.out
    told = vlm4rec("recommend", shop, "--user", "anna", "-k", "2")
    assert "near SKU 001" in told.out
    told = vlm4rec("similar", shop, "003", "-k", "1")
    assert "SKU 004" in told.out
    told = vlm4rec("status", shop)
    assert "5 items by all-MiniLM-L6-v2, title+description" in told.out
    told = vlm4rec("gallery", shop, "--out", tmp_path / "page")
    assert (tmp_path / "page" / "index.html").is_file()
    assert told.code == 0


def test_json_everywhere(vlm4rec: Command, tmp_path: Path, source: Path, words: None) -> None:
    shop = tmp_path / "shop"

    def ask(*arguments: str | Path) -> dict[str, object]:
        told = vlm4rec(*arguments, "--json")
        assert told.code == 0
        answer: dict[str, object] = json.loads(told.out)
        return answer

    init = ask("init", shop, "--format", "csv", "--source", source / "items.csv")
    assert init["counts"] == init["counts"] | {"items": 5, "photos": 5, "interactions": 0}  # type: ignore[operator]
    ground = ask("ground", shop, "--lvlm", f"recorded:{source / 'groundings.jsonl'}")
    assert (ground["grounded"], ground["error"]) == (5, None)
    assert ask("encode", shop)["counts"] == {"items": 5, "texts": 5, "encoded": 5}
    found = ask("recommend", shop, "--history", "001, 004", "-k", "2")
    assert set(found) >= {"user", "items", "shop", "document", "encoder"}
    items = found["items"]
    assert isinstance(items, list)
    assert set(items[0]) >= {"id", "score", "title", "reasons"}
    assert ask("similar", shop, "001")["item"] == "001"
    assert ask("status", shop)["problems"] == {"by_code": {}, "list": []}
    assert Path(str(ask("gallery", shop, "--out", tmp_path / "page")["page"])).is_file()


def test_init_without_options_reads_the_same_source_again(
    vlm4rec: Command, shop: Shop, source: Path
) -> None:
    (source / "items.csv").write_text((source / "items.csv").read_text() + "006,Six,,1\n")
    told = vlm4rec("init", shop.folder.root)
    assert told.code == 0
    assert "6 items" in told.out
    assert "1 problem;" in told.out
    assert "no-photo" in vlm4rec("status", shop.folder.root).out


def test_what_was_left_aside_is_said_beside_the_result(vlm4rec: Command, shop: Shop) -> None:
    told = vlm4rec("recommend", shop.folder.root, "--history", "001,nobody")
    assert (told.code, told.err) == (0, "Not in the catalog, so left aside: nobody.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["recommend", "SHOP", "--user", "ana"], "Did you mean 'anna'?"),
        (["recommend", "SHOP"], "Give either --user ID or --history"),
        (["recommend", "SHOP", "--history", ","], "The history is empty."),
        (["recommend", "SHOP", "--history", "x"], "There is no item 'x'"),
        (["similar", "SHOP", "1"], "Did you mean '001'?"),
        (["recommend", "nowhere", "--user", "ben"], "is not a shop."),
        (["ground", "SHOP", "--lvlm", "gpt"], "Choose from: recorded:FILE, openai:MODEL"),
        (["ground", "SHOP", "--lvlm", "recorded:nowhere.jsonl"], "nowhere.jsonl"),
        (["ground", "SHOP", "--lvlm", "openai:m", "--prompt", "p"], "paper-v1"),
        (["encode", "SHOP", "--document", "titel"], "Choose from: title+description"),
        (["encode", "SHOP", "--weight", "style"], "--weight style is not NAME=NUMBER."),
        (["encode", "SHOP", "--document", "facets", "--weight", "x=2"], "no block 'x'"),
        (["encode", "SHOP", "--document", "template:{titel}"], "Did you mean {title}?"),
        (["init", "new", "--source", "items"], "does not tell its format"),
        (["init", "new", "--format", "csv"], "--source is missing."),
        (["init", "new", "--format", "xml", "--source", "x"], "csv, parquet, jsonl"),
        (["init", "new", "--format", "csv", "--source", "nowhere.csv"], "nowhere.csv"),
        (["init", "new"], "--source is missing."),
        (["gallery", "SHOP", "--out", "SHOP"], "it is not a gallery"),
        (["gallery", "SHOP", "--out", "page", "--user", "nobody"], "no user 'nobody'"),
    ],
)
def test_errors_are_one_clear_message(
    vlm4rec: Command,
    shop: Shop,
    words: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = vlm4rec(*(str(shop.folder.root) if a == "SHOP" else a for a in arguments))
    assert answer.code == 1
    assert answer.out == ""
    lines = [line for line in answer.err.splitlines() if not line.endswith((": 5", ": 0"))]
    assert lines[0].startswith("Error: ")
    assert told in " ".join(lines)
    assert len(lines) <= 2
    assert "Traceback" not in answer.err


def test_a_full_disk_is_told(
    vlm4rec: Command, shop: Shop, words: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "vectors.npy")

    monkeypatch.setattr("os.fsync", full)
    answer = vlm4rec("encode", shop.folder.root, "--document", "description")
    assert answer.code == 1
    assert "Error: The disk is full (vectors.npy).\nMake room" in answer.err
    monkeypatch.undo()
    assert len(Shop.open(shop.folder.root).recommend(["001"])) == 4


def test_version_and_help(vlm4rec: Command) -> None:
    assert vlm4rec("--version").out == f"vlm4rec {__version__}\n"
    assert "recommend" in vlm4rec("--help").out
    assert vlm4rec("recommend", "shop", "-k", "0").code == 2


def test_a_history_may_be_repeated_and_an_id_may_hold_a_comma(
    vlm4rec: Command, tmp_path: Path, words: None
) -> None:
    (tmp_path / "items.csv").write_text('id,title\n"a,b",Red boot\nc,Blue boot\nd,Blue cup\n')
    shop = tmp_path / "shop"
    vlm4rec("init", shop, "--source", tmp_path / "items.csv")
    vlm4rec("encode", shop, "--document", "title")
    told = vlm4rec("recommend", shop, "--history", "a,b", "--history", "c", "--json")
    assert json.loads(told.out)["history"] == ["a,b", "c"]
