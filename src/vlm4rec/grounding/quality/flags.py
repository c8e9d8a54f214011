"""What can be wrong with an answer: the names of the flags."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from vlm4rec.grounding.answers import Reading

__all__ = ["FLAGS", "UNREADABLE", "Flag", "by_severity", "flag_of", "quote"]

FLAGS = {
    "empty": "There is no description in the answer.",
    "refused": "The model refused to describe the photo.",
    "truncated": "The answer was cut off at the limit of tokens.",
    "malformed": "The answer is not in the form that was asked for.",
    "no-photo": "The model says that it was given no photo.",
    "injection": "The answer gives or obeys orders, as a text in the photo may have told it to.",
    "prompt-echo": "The answer repeats the question.",
    "repetition": "The answer says the same thing over and over.",
    "language": "The description is in another language than the one asked for.",
    "cut-off": "The description ends in the middle of a sentence.",
    "same-text": "The same description was given for another photo.",
    "contradiction": "An attribute contradicts the description.",
    "title-copied": "The description says little but the title that was in the question.",
}
"""What each flag means, by its name; the worst one first."""

UNREADABLE = ("empty", "refused", "truncated", "malformed")
"""Flags of answers without a description that could be used."""

_SEVERITY = {name: place for place, name in enumerate(FLAGS)}
_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that is wrong with an answer.

    Parameters
    ----------
    name
        Which one: a key of `FLAGS`.
    detail
        One short sentence of plain text. It may quote up to 60 characters of the answer, without
        its control characters; it is data, to be escaped where a page shows it.
    """

    name: str
    detail: str


def flag_of(reading: Reading) -> Flag | None:
    """Return the flag of an answer that could not be read, None for one that could.

    Examples
    --------
    >>> flag_of(Reading(None, "empty", "The answer is empty."))
    Flag(name='empty', detail='The answer is empty.')
    """
    return None if reading.answer is not None else Flag(reading.reason, reading.what)


def by_severity(names: Iterable[str]) -> list[str]:
    """Put flags in order, each once, the worst first; names that are not known come last.

    >>> by_severity(["title-copied", "refused", "title-copied"])
    ['refused', 'title-copied']
    """
    return sorted(set(names), key=lambda name: (_SEVERITY.get(name, len(FLAGS)), name))


def quote(text: str) -> str:
    """Quote the start of what an LVLM wrote: one line, at most 60 characters of it.

    Characters that are not seen, and those that turn the direction of writing, are left out.

    Examples
    --------
    >>> quote("A red" + chr(10) + "dress" + chr(0x202E))
    '“A red dress”'
    """
    line = " ".join(text[: 4 * _LONGEST_QUOTE].split())
    seen = "".join(char for char in line if not unicodedata.category(char).startswith("C"))
    cut = seen if len(seen) <= _LONGEST_QUOTE else seen[: _LONGEST_QUOTE - 1].rstrip() + "…"
    return f"“{cut}”"
