"""Answers as the cells of a table that people edit, and back: nothing is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from vlm4rec.grounding.schema import Answer

__all__ = [
    "FIELDS",
    "LISTS",
    "answer_cells",
    "harmless",
    "join_words",
    "split_words",
    "unharmed",
]

FIELDS = (
    "category",
    "colors",
    "materials",
    "pattern",
    "style",
    "occasion",
    "audience",
    "description",
)
"""The fields of an answer, in the order of their columns."""

LISTS = ("colors", "materials", "style", "occasion")
"""Those of them that hold several words."""

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_NEEDS_QUOTES = re.compile(r'[,;"\r\n]')
_ENTRY = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,;]*?))\s*(?:[,;]|\Z)')


def answer_cells(answer: Answer | None) -> dict[str, str]:
    """Return the text of each field, all empty where there is no answer.

    >>> answer_cells(Answer(colors=["red", "navy, dark"], description="Red."))["colors"]
    'red, "navy, dark"'
    """
    if answer is None:
        return dict.fromkeys(FIELDS, "")
    values: Mapping[str, str | Sequence[str]] = answer.model_dump()
    return {
        name: value if isinstance(value := values[name], str) else join_words(value)
        for name in FIELDS
    }


def join_words(words: Iterable[str]) -> str:
    """Join a list to one text; what holds a comma, semicolon or quote is put between quotes.

    >>> join_words(["black", "black, matt", '5" heel'])
    'black, "black, matt", "5"" heel"'
    """
    return ", ".join(map(_quoted, words))


def split_words(text: str) -> tuple[str, ...]:
    """Split what `join_words` joined, or a person wrote with commas or semicolons.

    >>> split_words('black; "black, matt",, "5"" heel"')
    ('black', 'black, matt', '5" heel')
    """
    words, place = [], 0
    while place < len(text):
        found = _ENTRY.match(text, place)
        if found is None:  # the pattern takes anything up to the next separator
            break
        quoted, plain = found.groups()
        if quoted is not None:
            words.append(quoted.replace('""', '"'))
        elif plain:
            words.append(plain)
        place = found.end()
    return tuple(words)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before it.

    >>> harmless("=1+1"), harmless("'=1+1"), harmless("red")
    ("'=1+1", "''=1+1", 'red')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unharmed(cell: str) -> str:
    """Take back what `harmless` did.

    >>> unharmed("'=1+1"), unharmed("=1+1"), unharmed("'s-Hertogenbosch")
    ('=1+1', '=1+1', "'s-Hertogenbosch")
    """
    return cell[1:] if _QUOTED_FORMULA.match(cell) else cell


def _quoted(word: str) -> str:
    if word and word == word.strip() and not _NEEDS_QUOTES.search(word):
        return word
    return '"' + word.replace('"', '""') + '"'
