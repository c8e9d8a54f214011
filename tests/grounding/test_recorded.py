from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from vlm4rec.errors import DataError, LVLMError
from vlm4rec.grounding.answers import parse_answer
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt
from vlm4rec.grounding.providers.recorded import RecordedLVLM
from vlm4rec.problems import count_by_code

REQUEST = GroundingRequest("a", "a.jpg", "f" * 64, DEFAULT_PROMPT)


def record(item: object = "a", **more: object) -> dict[str, object]:
    return {
        "item_id": item,
        "model": "claude",
        "prompt_id": "paper-v1",
        "category": "boot",
        "colors": ["brown"],
        "description": "A brown boot.",
        **more,
    }


def write(path: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def test_a_record_is_the_answer(tmp_path: Path) -> None:
    lvlm = RecordedLVLM(write(tmp_path / "answers.jsonl", record(), record("b", photo=2)))
    answer = parse_answer(asyncio.run(lvlm.ground(REQUEST)).text)
    assert (answer.category, answer.colors) == ("boot", ("brown",))
    identity = lvlm.identity(REQUEST)
    assert identity is not None
    assert (identity.provider, identity.model) == ("recorded", "claude")
    assert lvlm.items == ["a", "b"]
    assert lvlm.problems == []
    assert repr(lvlm) == "<RecordedLVLM answers.jsonl, 2 records>"


def test_other_items_photos_and_prompts_have_none(tmp_path: Path) -> None:
    lvlm = RecordedLVLM(write(tmp_path / "answers.jsonl", record(), record("b", photo=1)))
    for other in (
        replace(REQUEST, item="c"),
        replace(REQUEST, item="b"),
        replace(REQUEST, ordinal=1),
        replace(REQUEST, prompt=Prompt("shoes", 1, "What shoe?")),
    ):
        assert lvlm.identity(other) is None
        with pytest.raises(LVLMError, match=r"answers\.jsonl has no answer"):
            asyncio.run(lvlm.ground(other))
    assert lvlm.identity(replace(REQUEST, item="b", ordinal=1))


def test_a_changed_record_is_another_answer(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    keys = set()
    for description in ("A brown boot.", "A black boot.", "A brown boot."):
        identity = RecordedLVLM(write(path, record(description=description))).identity(REQUEST)
        assert identity is not None
        keys.add(identity.key(REQUEST))
    assert len(keys) == 2


def test_what_is_no_content_changes_nothing(tmp_path: Path) -> None:
    identities = [
        RecordedLVLM(write(tmp_path / "a.jsonl", *lines)).identity(REQUEST)
        for lines in ([record()], ["", record("b"), record(note="extra")])
    ]
    assert identities[0] == identities[1]


def test_gzip_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl.gz"
    path.write_bytes(gzip.compress(("\ufeff" + json.dumps(record())).encode()))
    assert RecordedLVLM(path).items == ["a"]


def test_bad_lines_are_problems_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = [
        record(),
        "{not json",
        "",
        [1, 2],
        {"model": "claude"},
        record(""),
        record("b", description=" "),
        record("c", description="x" * 5_001),
        record("a", description="Another boot."),
        record("d", model=None),
        record("e", photo=-1),
        '{"a":' * 10_000,
        record(12),
    ]
    path = write(tmp_path / "answers.jsonl", *lines)
    with path.open("ab") as file:
        file.write(b'{"item_id": "\xff"}\n')
    lvlm = RecordedLVLM(path)
    assert lvlm.items == ["a", "12"]
    assert [(problem.where, problem.code, problem.item) for problem in lvlm.problems] == [
        ("answers.jsonl, line 2", "malformed", None),
        ("answers.jsonl, line 4", "malformed", None),
        ("answers.jsonl, line 5", "missing-field", None),
        ("answers.jsonl, line 6", "missing-field", None),
        ("answers.jsonl, line 7", "malformed", "b"),
        ("answers.jsonl, line 8", "malformed", "c"),
        ("answers.jsonl, line 9", "duplicate-id", "a"),
        ("answers.jsonl, line 10", "missing-field", "d"),
        ("answers.jsonl, line 11", "malformed", "e"),
        ("answers.jsonl, line 12", "malformed", None),
        ("answers.jsonl, line 14", "malformed", None),
    ]
    assert str(lvlm.problems[4]) == (
        "answers.jsonl, line 7: description: String should have at least 1 character. "
        "Mend the line."
    )


def test_records_of_unknown_items_can_be_counted(tmp_path: Path) -> None:
    lvlm = RecordedLVLM(write(tmp_path / "answers.jsonl", record(), record("b"), record("c")))
    problems = lvlm.unknown_items({"a"})
    assert count_by_code(problems) == {"unknown-item": 2}
    assert str(problems[0]) == "answers.jsonl, line 2: the catalog has no item 'b'."


@pytest.mark.parametrize("content", [b"", b"\n \n", b"nothing here\n"])
def test_a_file_without_records_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"answers\.jsonl holds no usable record.*Each line must"):
        RecordedLVLM(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl can't be read: No such file"):
        RecordedLVLM(tmp_path / "none.jsonl")


def test_a_damaged_gzip_gives_what_it_can(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl.gz"
    lines = "\n".join(json.dumps(record(str(number))) for number in range(5_000))
    whole = gzip.compress(lines.encode())
    path.write_bytes(whole[: len(whole) // 2])
    lvlm = RecordedLVLM(path)
    assert 0 < len(lvlm.items) < 5_000
    assert lvlm.problems[-1].code == "truncated"
    path.write_bytes(b"not gzip at all")
    with pytest.raises(DataError, match="holds no usable record"):
        RecordedLVLM(path)
