from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.audit.correction_cells import (
    FIELDS,
    LISTS,
    answer_cells,
    harmless,
    join_words,
    split_words,
    unharmed,
)
from vlm4rec.grounding.schema import Answer

NASTY = st.text(st.sampled_from(" ,;\"'=+-@\n\r\tab\u2028é＝\x1c\0"), max_size=12) | st.text(
    max_size=8
)


def test_the_fields_are_those_of_an_answer() -> None:
    assert set(FIELDS) == set(Answer.model_fields)
    lists = [name for name in FIELDS if isinstance(getattr(Answer(description="x"), name), tuple)]
    assert tuple(lists) == LISTS


@given(st.lists(NASTY))
def test_joined_words_come_apart_again(words: list[str]) -> None:
    assert split_words(join_words(words)) == tuple(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("black, white", ("black", "white")),
        (" black ;white ; ", ("black", "white")),
        ("", ()),
        (" , ;", ()),
        ('""', ("",)),
        ('5" heel, "open', ('5" heel', '"open')),
        ('"a" b, c', ('"a" b', "c")),
        ("line\nbreak, x", ("line\nbreak", "x")),
    ],
)
def test_lists_as_people_write_them(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == words


@given(NASTY)
def test_no_cell_is_a_formula_and_each_comes_back(cell: str) -> None:
    written = harmless(cell)
    assert not written or written[0] not in "=+-@\t\r＝＋－＠"
    assert unharmed(written) == cell


def test_an_apostrophe_that_is_meant_stays() -> None:
    assert unharmed("'s-Hertogenbosch") == harmless("'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert unharmed("-5 degrees") == "-5 degrees"  # as a person wrote it


@given(st.lists(NASTY, min_size=1))
def test_cells_survive_the_csv_module(cells: list[str]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerow(map(harmless, cells))
    (row,) = csv.reader(io.StringIO(written.getvalue(), newline=""), strict=True)
    assert [unharmed(cell) for cell in row] == cells


def test_no_answer_has_empty_cells() -> None:
    assert answer_cells(None) == dict.fromkeys(FIELDS, "")
