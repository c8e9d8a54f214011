from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import AnswerError
from vlm4rec.grounding.answers import parse_answer, read_answer
from vlm4rec.grounding.lvlm import LVLMAnswer
from vlm4rec.grounding.schema import Answer

PROSE = "A red dress of light cotton with a pleated skirt, made for summer days and garden parties."
OBJECT = json.dumps({"category": "dress", "colors": ["red"], "description": PROSE})

words = st.text(max_size=30).filter(lambda text: "\x00" not in text)
answers = st.builds(
    Answer,
    category=words,
    colors=st.lists(words, max_size=5),
    materials=st.lists(words, max_size=5),
    pattern=words,
    style=st.lists(words, max_size=5),
    occasion=st.lists(words, max_size=5),
    audience=words,
    description=st.text(min_size=1, max_size=300).filter(lambda text: bool(text.strip())),
)


@pytest.mark.parametrize(
    "text",
    [
        OBJECT,
        f"\n {OBJECT} \n",
        f"```json\n{OBJECT}\n```",
        f"```\n{OBJECT}\n```",
        f"Sure! Here is the description:\n\n{OBJECT}\n\nLet me know if you need more.",
        OBJECT[:-1] + ",}",
        OBJECT.replace('["red"]', '["red",]'),
        f"<think>A {{dress}}, or is it a skirt?</think>\n{OBJECT}",
        f"In the form {{x}}: {OBJECT}",
        f'{{"example": 1}} {OBJECT}',
        f"[{OBJECT}]",
    ],
)
def test_json_is_found_wherever_the_model_puts_it(text: str) -> None:
    answer = parse_answer(text)
    assert (answer.category, answer.colors, answer.description) == ("dress", ("red",), PROSE)


def test_line_breaks_and_commas_inside_strings_are_kept() -> None:
    answer = parse_answer('{"description": "Red,}\nblue, ]", }')
    assert answer.description == "Red,}\nblue, ]"


def test_lists_and_nulls_are_taken_as_models_write_them() -> None:
    answer = parse_answer(
        '{"colors": "red, blue", "style": null, "category": null, "pattern": ["dots", "lines"], '
        '"description": "A dress."}'
    )
    assert answer.colors == ("red", "blue")
    assert answer.style == ()
    assert (answer.category, answer.pattern) == ("", "dots, lines")


def test_prose_becomes_the_description() -> None:
    assert parse_answer(f"  {PROSE}\n") == Answer(description=PROSE)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("<think>Hm.</think>", "empty"),
        ("Sorry.", "neither JSON nor a description: 6 characters"),
        ("{}", "description: Field required"),
        ('{"description": "  "}', "description: String should have at least 1 character"),
        ('{"description": ["a"]}', "description: Input should be a valid string"),
        (OBJECT[:70], "Invalid JSON"),
        ("```json\n[1, 2]\n```", "not as asked for"),
        ('{"refusal": "I can not."}', "refused"),
        ("word " * 1_500, "description: String should have at most 5000 characters"),
        ("x" * 100_001, "100,001 characters"),
        ('{"a":' * 20_000, "not as asked for"),
    ],
)
def test_what_is_no_answer_is_told(text: str, wrong: str) -> None:
    with pytest.raises(AnswerError, match=wrong):
        parse_answer(text)


@given(st.text() | st.text(alphabet='{}[]",:\\`\n ab1') | st.from_regex(r"\{.*\}|```.*```"))
def test_any_text_gives_an_answer_or_an_answer_error(text: str) -> None:
    try:
        assert parse_answer(text).description
    except AnswerError as error:
        assert str(error)  # noqa: PT017


@given(answers)
def test_round_trip(answer: Answer) -> None:
    text = answer.model_dump_json()
    assert parse_answer(text) == answer
    assert parse_answer(f"Here:\n```json\n{text}\n```\n") == answer


@given(st.text(), st.sampled_from(["stop", "length", "content_filter", "refusal", None, "eos"]))
def test_reading_never_raises(text: str, finish: str | None) -> None:
    reading = read_answer(LVLMAnswer(text, "m", finish_reason=finish))
    assert (reading.answer is None) == bool(reading.reason) == bool(reading.what)


@pytest.mark.parametrize(
    ("text", "finish", "reason"),
    [
        (OBJECT, "stop", ""),
        (OBJECT, None, ""),
        (PROSE, "length", "truncated"),
        (OBJECT[:50], "length", "truncated"),
        ("I can't.", "refusal", "refused"),
        ("", "content_filter", "refused"),
        ('{"refusal": "no"}', "stop", "refused"),
        ("", "stop", "empty"),
        ("", "length", "empty"),
        ("No.", "stop", "malformed"),
    ],
)
def test_reasons(text: str, finish: str | None, reason: str) -> None:
    assert read_answer(LVLMAnswer(text, "m", finish_reason=finish)).reason == reason
