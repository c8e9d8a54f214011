from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import DataError
from vlm4rec.grounding.money.prices import PRICES_VARIABLE, PriceTable, built_in_text

NEW = """
[models.llava]
input = 1
output = 2.5
photo = { rule = "fixed", tokens = 576 }
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_table_that_comes_with_the_package(table: PriceTable) -> None:
    assert len(table) == len(tomllib.loads(built_in_text())["models"]) > 30
    for price in table:
        assert price.batch == 0.5
        assert price.cached_input <= price.input <= price.dearest_input < price.output
        assert price.provider in ("OpenAI", "Anthropic", "Google")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gpt-4.1-mini", "gpt-4.1-mini"),
        ("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("openai/gpt-4.1-mini", "gpt-4.1-mini"),
        ("GPT-4o-Mini-2024-07-18", "gpt-4o-mini"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-4o-2024-11-20", "gpt-4o"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("anthropic/claude-haiku-4.5", "claude-haiku-4-5"),
        ("claude-sonnet-4-5-latest", "claude-sonnet-4-5"),
        ("models/gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("google/gemini-3-flash-preview", "gemini-3-flash-preview"),
    ],
)
def test_a_name_is_found(table: PriceTable, name: str, model: str) -> None:
    found = table.lookup(name)
    assert found is not None
    assert found.model == model


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gpt",
        "gpt-4",
        "gpt-4-1106-preview",
        "gpt-5-pro",
        "gpt-6",
        "gpt-6.1-sol",
        "gpt-4o-audio-preview",
        "gpt-4o:extended",
        "ft:gpt-4o-2024-08-06:org",
        "claude-opus-4",
        "claude-sonnet-4-20250514",
        "gemini-2.5-flash-preview-04-17",
        "somebody/gpt-4o",
        "-latest",
    ],
)
def test_another_model_is_not_taken_for_one_like_it(table: PriceTable, name: str) -> None:
    assert table.lookup(name) is None


@given(
    st.text(max_size=12),
    st.sampled_from(["", *(price.model for price in PriceTable.load())]),
    st.text(max_size=12) | st.sampled_from(["", "-latest", "-2025-04-14", "-20251001", "-001"]),
)
def test_any_name_gets_a_price_of_the_model_that_it_names_or_none(
    before: str, model: str, after: str
) -> None:
    table = PriceTable.load()
    name = f"{before}{model}{after}"
    found = table.lookup(name)
    assert found is None or _plain(found.model) in _plain(name)
    assert table.lookup(f" {name} ") == found
    if not before and not after.strip():
        assert (found is not None) is bool(model)


def _plain(name: str) -> str:
    return name.lower().replace(".", "-")


def test_a_table_of_ones_own_adds_and_corrects(tmp_path: Path) -> None:
    mine = NEW + '[models."GPT-4.1-mini"]\ninput = 0.3\n'
    table = PriceTable.load(write(tmp_path, mine))
    llava, mini = table.lookup("llava"), table.lookup("gpt-4.1-mini")
    assert llava is not None
    assert mini is not None
    assert (llava.input, llava.cached_input, llava.batch) == (1.0, 1.0, 1.0)
    assert (mini.input, mini.cached, mini.output) == (0.3, 0.1, 1.6)
    assert len(table) == len(PriceTable.load()) + 1


def test_a_version_may_have_a_price_of_its_own(tmp_path: Path) -> None:
    dated = NEW.replace("llava", '"gpt-4.1-mini-2025-04-14"')
    table = PriceTable.load(write(tmp_path, dated))
    prices = [table.lookup(f"gpt-4.1-mini{tail}") for tail in ("", "-2025-04-14", "-2026-01-01")]
    assert [price.input for price in prices if price] == [0.4, 1.0, 0.4]


def test_a_price_may_hold_for_one_provider(tmp_path: Path) -> None:
    text = NEW + NEW.replace("llava", '"openai:llava"').replace("input = 1", "input = 9")
    table = PriceTable.load(write(tmp_path, text))
    ways = [table.price("openai", "llava"), table.price("transformers", "llava")]
    assert [price.input for price in ways if price] == [9.0, 1.0]
    assert table.price("openai", "nothing") is None


def test_the_environment_may_name_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PRICES_VARIABLE, str(write(tmp_path, NEW)))
    assert PriceTable.load().lookup("llava") is not None
    other = tmp_path / "other.toml"
    other.write_text("", encoding="utf-8")
    assert PriceTable.load(other).lookup("llava") is None


def test_what_was_written_for_editing_is_read_again(tmp_path: Path, table: PriceTable) -> None:
    assert PriceTable.load(write(tmp_path, built_in_text())) == table


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NEW, encoding="utf-8-sig")
    assert PriceTable.load(path).lookup("llava") is not None


WRONG = {
    NEW.replace("input = 1", "input = -1"): "mine.toml: models.llava.input: ",
    NEW.replace("input = 1", "input = nan"): "mine.toml: models.llava.input: ",
    NEW.replace("input = 1", "input = inf"): "mine.toml: models.llava.input: ",
    NEW.replace("input = 1", "input = true"): "mine.toml: models.llava.input: ",
    NEW.replace("input = 1", 'input = "1"'): "mine.toml: models.llava.input: ",
    NEW.replace("input = 1", ""): "mine.toml: models.llava.input: Field required.",
    NEW.replace("input = 1", "input = 1\ninputs = 2"): "models.llava.inputs: Extra inputs",
    NEW.replace("2.5", "2.5\nbatch = 0"): "mine.toml: models.llava.batch: ",
    NEW.replace("2.5", "2.5\nbatch = 2"): "mine.toml: models.llava.batch: ",
    NEW.replace("576", "-5"): "mine.toml: models.llava.photo.tokens: ",
    NEW.replace("576", "57.6"): "mine.toml: models.llava.photo.tokens: ",
    NEW.replace("fixed", "guess"): "mine.toml: models.llava.photo: ",
    NEW.replace(
        "[models.llava]", "[model.llava]"
    ): "mine.toml has a key that means nothing: model.",
    NEW + NEW.replace("llava", "LLaVA"): "mine.toml has LLaVA twice, written in two ways.",
    "models = 3": "mine.toml: models is not a table.",
    "[models]\nllava = 3": "mine.toml: models.llava is not a table.",
    "[models": "mine.toml is not TOML: ",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_table_is_told_by_file_and_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError) as told:
        PriceTable.load(write(tmp_path, text))
    assert WRONG[text] in told.value.message
    assert told.value.remedy.startswith("Correct it; ")


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.toml can't be read: No such file"):
        PriceTable.load(tmp_path / "none.toml")
    with pytest.raises(DataError, match="can't be read: Is a directory"):
        PriceTable.load(tmp_path)
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is not UTF-8 text"):
        PriceTable.load(tmp_path / "mine.toml")
