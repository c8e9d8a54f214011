from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import DataError
from vlm4rec.grounding.answers import read_answer
from vlm4rec.grounding.lvlm import LVLMAnswer
from vlm4rec.grounding.quality.flags import FLAGS, UNREADABLE, Flag, by_severity, flag_of, quote
from vlm4rec.grounding.quality.policy import DEFAULT_STEPS, STEPS, Policy, Step

flags = st.lists(st.sampled_from([*FLAGS, "of-another-version"]), max_size=6)


def test_the_defaults() -> None:
    assert Policy().spelled() == {
        "empty": "again+leave-out",
        "refused": "again+leave-out",
        "truncated": "again+leave-out",
        "malformed": "again+leave-out",
        "no-photo": "again+leave-out",
        "injection": "again+leave-out",
        "prompt-echo": "again+leave-out",
        "repetition": "again+leave-out",
        "language": "again+keep",
        "cut-off": "again+keep",
        "same-text": "again+keep",
        "contradiction": "keep",
        "title-copied": "keep",
    }


@pytest.mark.parametrize(
    ("found", "again_possible", "verdict"),
    [
        ([], True, "keep"),
        ([], False, "keep"),
        (["cut-off"], True, "again"),
        (["cut-off"], False, "keep"),
        (["refused"], True, "again"),
        (["refused"], False, "leave-out"),
        (["title-copied"], True, "keep"),
        (["title-copied", "cut-off"], True, "again"),
        (["cut-off", "repetition"], False, "leave-out"),
        (["of-another-version"], True, "keep"),
    ],
)
def test_verdicts(found: list[str], again_possible: bool, verdict: str) -> None:
    assert Policy().verdict(found, again_possible=again_possible) == verdict


def test_the_spellings_are_the_four_steps() -> None:
    assert list(STEPS) == ["keep", "leave-out", "again+keep", "again+leave-out"]
    for again, keep in product((False, True), repeat=2):
        assert STEPS[str(Step(again, keep))] == Step(again, keep)


def test_entries_change_the_policy_and_the_last_one_counts() -> None:
    policy = Policy.parse(["cut-off=keep", " language = leave-out ", "cut-off=leave-out"])
    assert policy.steps["cut-off"] == Step(again=False, keep=False)
    assert policy.verdict(["language"], again_possible=True) == "leave-out"
    assert policy.steps["refused"] == DEFAULT_STEPS["refused"]
    further = Policy.parse(["refused=leave-out"], base=policy)
    assert further.steps["language"] == policy.steps["language"]
    assert Policy() == Policy.parse([])


@pytest.mark.parametrize(
    ("entry", "message", "remedy"),
    [
        ("cut-off", "'cut-off' names no step", "cut-off=keep"),
        ("cutoff=keep", "no flag 'cutoff'", "empty, refused, truncated"),
        ("cut-off=drop", "no step 'drop' for the flag cut-off", "keep, leave-out, again+keep"),
        ("refused=drop", "no step 'drop'", "Choose from: leave-out, again+leave-out."),
        ("refused=keep", "refused can't be kept", "Choose from: leave-out, again+leave-out."),
        ("truncated=again+keep", "truncated can't be kept", "again+leave-out"),
        ("", "names no step", "cut-off=keep"),
    ],
)
def test_what_can_not_be_is_told(entry: str, message: str, remedy: str) -> None:
    with pytest.raises(DataError) as caught:
        Policy.parse([entry])
    assert message in caught.value.message
    assert remedy in caught.value.remedy


def test_a_policy_of_unknown_or_forbidden_steps_can_not_be_made() -> None:
    with pytest.raises(DataError, match="no flag"):
        Policy({"cutoff": Step(again=True, keep=True)})
    for name in UNREADABLE:
        with pytest.raises(DataError, match="can't be kept"):
            Policy({name: Step(again=True, keep=True)})


def test_a_file_holds_a_policy(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[flags]\ncut-off = "keep"\n"same-text" = "again+leave-out"\n')
    policy = Policy.load(path)
    assert policy.spelled()["cut-off"] == "keep"
    assert policy.spelled()["same-text"] == "again+leave-out"
    assert policy.spelled()["language"] == "again+keep"
    assert Policy.parse(["cut-off=leave-out"], base=policy).spelled()["cut-off"] == "leave-out"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[flags", "is not TOML"),
        (b"\xff\xfe", "is not TOML: not UTF-8"),
        (b"", "has no table [flags]"),
        (b'flags = "keep"', "has no table [flags]"),
        (b'[flags]\n[rules]\nx = "y"', "'rules' beside the table [flags]"),
        (b'cut-off = "keep"', "'cut-off' beside the table [flags]"),
        (b"[flags]\ncut-off = true", "no step True for the flag cut-off"),
        (b'[flags]\ncut-off = "x"', "no step 'x'"),
        (b'[flags]\nrefused = "keep"', "refused can't be kept"),
        (b"a = " + b"[" * 5000, "is not TOML"),
        (b"#" * 1_000_001, "too large"),
    ],
)
def test_a_file_that_is_no_policy(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        Policy.load(path)
    assert str(path) in caught.value.message
    assert message in caught.value.message
    assert caught.value.remedy


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path, "a\0b"):
        with pytest.raises(DataError, match="can't be read"):
            Policy.load(path)


@given(flags, flags)
def test_the_better_answer_is_never_the_one_left_out(first: list[str], second: list[str]) -> None:
    policy = Policy()
    both = (first, second)
    chosen = policy.better(first, second)
    if policy.verdict(both[chosen], again_possible=False) == "leave-out":
        assert policy.verdict(both[1 - chosen], again_possible=False) == "leave-out"
    assert policy.better(first, first) == 0
    if policy.better(second, first) == 0:
        assert chosen == 1 or by_known(first) == by_known(second)


def by_known(names: list[str]) -> list[str]:
    return [name for name in by_severity(names) if name in FLAGS]


def test_the_better_answer() -> None:
    policy = Policy()
    assert policy.better(["refused"], []) == 1
    assert policy.better([], ["refused"]) == 0
    assert policy.better(["language"], ["title-copied"]) == 1
    assert policy.better(["cut-off"], ["cut-off", "title-copied"]) == 0
    assert policy.better(["cut-off", "title-copied"], ["cut-off"]) == 1
    assert policy.better(["empty"], ["repetition"]) == 1
    # one that the policy keeps, though its flag is the more severe
    kept = Policy.parse(["injection=keep", "title-copied=leave-out"])
    assert kept.better(["title-copied"], ["injection"]) == 1


def test_the_description_names_each_flag_and_step() -> None:
    lines = Policy.parse(["cut-off=leave-out"]).describe().splitlines()
    assert [line.split()[0] for line in lines] == list(FLAGS)
    said = next(line for line in lines if line.startswith("cut-off"))
    assert said.split(maxsplit=2)[1:] == ["leave-out", "left out at once"]


def test_readings_have_flags_by_their_reason() -> None:
    assert flag_of(read_answer(LVLMAnswer("", "m"))) == Flag("empty", "The answer is empty.")
    cut = flag_of(read_answer(LVLMAnswer("{", "m", finish_reason="length")))
    assert cut is not None
    assert cut.name == "truncated"
    good = read_answer(LVLMAnswer('{"description": "A dress."}', "m"))
    assert flag_of(good) is None


@given(st.text(max_size=300))
def test_a_quotation_is_short_and_plain(text: str) -> None:
    quoted = quote(text)
    assert len(quoted) <= 62
    assert "\n" not in quoted
    assert quoted.isprintable()
