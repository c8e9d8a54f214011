"""An answer as the gates see it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from vlm4rec.grounding.quality.lettering import own_words
from vlm4rec.grounding.schema import Answer

__all__ = ["Subject", "Text", "plain", "words_of"]

# Chinese and Japanese put no spaces between words: each character counts as one there.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:'[^\W\d_]+)?")
_AROUND = 2_000
"""Characters on each side of the JSON that are looked at."""

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Subject:
    """An answer, with what a gate must know of how it came about.

    Parameters
    ----------
    answer
        What was understood.
    text
        What the model wrote, word for word.
    question
        The prompt as it was sent, with the title where it has a place for it.
    title
        The item's title.
    titled
        Whether the title was in the question.
    language
        The language asked for, by its ISO 639-1 code: ``"en"``.
    said_of_another
        Whether the same description was given for another photo.
    """

    answer: Answer
    text: str
    question: str
    title: str = ""
    titled: bool = False
    language: str = "en"
    said_of_another: bool = False


class Text:
    """What a gate looks at: a description, each form of it made once, and only if needed.

    Parameters
    ----------
    subject
        The answer whose description it is.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.whole = plain(subject.answer.description)

    @cached_property
    def lower(self) -> str:
        """The description in lower case."""
        return self.whole.lower()

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the description in lower case, in order."""
        return words_of(self.whole)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The different words of the description."""
        return frozenset(self.words)

    @cached_property
    def own(self) -> str:
        """The description in lower case without what it quotes as lettering on the product."""
        return " ".join(own_words(self.whole).split()).lower()

    @cached_property
    def around(self) -> str:
        """What the model wrote before and after its JSON, in lower case; mostly nothing."""
        text = _THOUGHT.sub("", self.subject.text, count=1)
        start, end = text.find("{"), text.rfind("}")
        if start < 0 or end < start:
            return ""
        before, after = text[:start].strip(), text[end + 1 :].strip()
        if not before and not after:
            return ""
        return " ".join(plain(f"{before[:_AROUND]} | {after[-_AROUND:]}").split()).lower()


def plain(text: str) -> str:
    """Return a text with one kind of apostrophe and letter shape, and nothing that is not seen.

    >>> plain("I can" + chr(0x2019) + "t" + chr(0x200B) + " see")
    "I can't see"
    """
    if text.isascii():
        return text
    even = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u02bc", "'")
    return "".join(char for char in even if unicodedata.category(char) != "Cf")


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case.

    >>> words_of("The cat's 2 RED hats.")
    ('the', "cat's", '2', 'red', 'hats')
    """
    return tuple(_WORD.findall(text.lower()))
