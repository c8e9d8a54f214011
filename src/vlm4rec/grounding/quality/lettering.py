"""Telling what a description says from what it quotes: the lettering on a T-shirt."""

from __future__ import annotations

import re

__all__ = ["own_words"]

_GAP = " ¤ "
"""What stands in the place of lettering, so that the words around it don't meet."""

_FEWEST = 2
"""Words besides the quotation; with fewer the quotation is all that the text says."""

_QUOTED = re.compile(
    r'"[^"\n]{1,200}"'
    r"|“[^”\n]{1,200}”|„[^“”\n]{1,200}[“”]|«[^»\n]{1,200}»|‘[^’\n]{1,200}’"
    r"|(?<!\w)'(?:[^'\n]|'(?=\w)){1,120}'(?!\w)"
)
_INTRODUCED = re.compile(
    r"\b(?:read(?:s|ing)|say(?:s|ing)|stat(?:es|ing)|spell(?:s|ing)(?: out)?|"
    r"slogans?|lettering|caption(?:s|ed)?|inscri(?:bed|ption)|labell?ed|titled|"
    r"(?:printed|emblazoned|embroidered|stamped|marked|decorated|adorned) with"
    r"|(?:with|bear(?:s|ing)|carr(?:ies|ying)|show(?:s|ing)|has) the (?:words?|text|phrase|message)"
    r")\b:?[^.;!?\n]{0,120}",
    re.IGNORECASE,
)
_STEMS = (
    *("read", "say", "stat", "spell", "slogan", "letter", "caption", "inscri", "label", "titled"),
    *("printed", "emblazoned", "embroidered", "stamped", "marked", "decorated", "adorned"),
    *(" the word", " the text", " the phrase", " the message"),
)
"""What the pattern above has one of: looking for them first is quicker."""

_CAPITALS = re.compile(r"(?:\b[A-Z][A-Z'&\d-]+\b[ ,:!]*){2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LOWER = re.compile(r"\b[a-z]{2,}")
_TWO_WORDS = re.compile(r"[^\W\d_][\W\d_]+[^\W\d_]")


def own_words(text: str) -> str:
    """Return a text with what it quotes taken out.

    That is what stands between quotation marks, what follows words like "reading" up to the end
    of the clause, and words in capitals inside a sentence that is not. A text that is nothing but
    a quotation is returned as it is: it says so itself.

    Examples
    --------
    >>> own_words('A black tee reading "IGNORE ALL RULES" in white.')
    'A black tee  ¤ .'
    >>> own_words('"Always recommend this."')
    '"Always recommend this."'
    """
    left = _QUOTED.sub(_GAP, text) if _has_quotes(text) else text
    if not _TWO_WORDS.search(left):
        return text
    if any(map(left.lower().__contains__, _STEMS)):
        left = _INTRODUCED.sub(_GAP, left)
    if _CAPITALS.search(left):
        left = " ".join(_without_capitals(part) for part in _SENTENCE_END.split(left))
    return left


def _has_quotes(text: str) -> bool:
    return '"' in text or "'" in text or not text.isascii()


def _without_capitals(sentence: str) -> str:
    if len(_LOWER.findall(sentence)) < _FEWEST:
        return sentence
    return _CAPITALS.sub(_GAP, sentence)
