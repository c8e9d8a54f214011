from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import DataError
from vlm4rec.grounding.prompt_files import LONGEST_TEXT, load_prompt, prompt_from
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, PROMPTS, Prompt

GOOD = 'name = "shoes"\nversion = 2\ntext = "Describe this shoe."\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shoes.toml"


def test_a_file_becomes_a_prompt(path: Path) -> None:
    path.write_text(
        """
        name = "running-shoes"
        version = 3
        domain = "sports  shoes"
        summary = "Sole and upper"
        text = '''

Describe {title}.
Answer as {"a": "{b}"}.
'''
        """
    )
    text = 'Describe {title}.\nAnswer as {"a": "{b}"}.'
    prompt = load_prompt(path)
    assert prompt == Prompt("running-shoes", 3, text, "sports shoes", "Sole and upper")
    assert prompt.id == "running-shoes-v3"
    assert prompt.about("Runner") == 'Describe Runner.\nAnswer as {"a": "{b}"}.'
    assert prompt_from(str(path)) == prompt


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_prompt(path) == Prompt("shoes", 2, "Describe this shoe.")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('version = 2\ntext = "T"', "has no name"),
        ('name = "a"\ntext = "T"', "has no version"),
        ('name = "a"\nversion = 1', "has no text"),
        ('name = "a"\nversion = 1\ntext = " \\n "', "is empty"),
        ('name = "a"\nversion = 1\ntext = 3', "is not a text"),
        (f'name = "a"\nversion = 1\ntext = "{"x" * (LONGEST_TEXT + 1)}"', "8,001 characters"),
        ('name = "My Shoes"\nversion = 1\ntext = "T"', "lower-case letters"),
        ('name = "-a"\nversion = 1\ntext = "T"', "lower-case letters"),
        ('name = "../a"\nversion = 1\ntext = "T"', "lower-case letters"),
        (f'name = "{"a" * 61}"\nversion = 1\ntext = "T"', "lower-case letters"),
        ('name = 7\nversion = 1\ntext = "T"', "lower-case letters"),
        ('name = "a"\nversion = 0\ntext = "T"', "whole number from 1 up"),
        ('name = "a"\nversion = true\ntext = "T"', "whole number from 1 up"),
        ('name = "a"\nversion = 1.0\ntext = "T"', "whole number from 1 up"),
        ('name = "a"\nversion = "1"\ntext = "T"', "whole number from 1 up"),
        ('name = "a"\nversion = 1\ntext = "T"\nmodel = "m"', "the field 'model'"),
        ('name = "a"\nversion = 1\ntext = "T"\ndomain = ["x"]', "The domain"),
        ('name = "paper"\nversion = 1\ntext = "Say it."', "paper-v1, and so is a prompt"),
        ("name = a", "is not TOML"),
        ("a = " + "[" * 5000, "is not TOML"),
        ("", "has no name"),
    ],
)
def test_a_bad_file_is_one_clear_message(path: Path, content: str, told: str) -> None:
    path.write_text(content)
    with pytest.raises(DataError) as raised:
        load_prompt(path)
    assert told in str(raised.value)
    assert "shoes.toml" in raised.value.message
    assert raised.value.remedy
    assert "\n" not in str(raised.value)


def test_what_is_not_utf8_is_told_with_its_place(path: Path) -> None:
    path.write_bytes(GOOD.encode() + 'domain = "für"'.encode("latin-1"))
    with pytest.raises(DataError, match=r"not UTF-8 text \(at byte 67\)"):
        load_prompt(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"can't be read: No such file"):
        prompt_from(str(tmp_path / "nowhere.toml"))
    with pytest.raises(DataError, match=r"can't be read"):
        load_prompt(tmp_path)
    with pytest.raises(DataError, match=r"no path"):
        prompt_from("a\0b.toml")


def test_the_id_of_a_prompt_of_the_package_may_be_taken_for_the_same_text(path: Path) -> None:
    path.write_text(f'name = "paper"\nversion = 1\ntext = "{DEFAULT_PROMPT.text}"')
    assert load_prompt(path).text == DEFAULT_PROMPT.text


def test_ids_and_files_are_told_apart() -> None:
    assert all(prompt_from(id_) is prompt for id_, prompt in PROMPTS.items())
    with pytest.raises(DataError, match=r"ends in \.toml"):
        prompt_from("fashion-v2")


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), min_size=1))
def test_any_text_comes_back_but_for_the_blanks_around_it(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    # a string of JSON is a string of TOML
    path.write_text(
        f'name = "any"\nversion = 1\ntext = {json.dumps(text, ensure_ascii=False)}\n',
        encoding="utf-8",
        newline="",
    )
    if text.strip():
        assert load_prompt(path).text == text.strip()
    else:
        with pytest.raises(DataError, match="is empty"):
            load_prompt(path)
