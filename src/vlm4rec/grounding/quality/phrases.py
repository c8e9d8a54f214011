"""Phrases to look for, in a notation that can be read, and fast where there is none of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from vlm4rec.grounding.quality.subject import words_of

__all__ = ["Phrases"]

_STARTS = {"^": r"(?:\A\W*|[.:!?;]\W+)", "^^": r"\A\W*"}
_BEFORE = r"(?<![\w'])"
_AFTER = r"(?!\w)"
_AROUND_KEY = re.compile(r"\(\?[!:].*?\)|,\?")
_PLAIN = re.compile(r"[\w'#-]+")


class _Phrase:
    """A pattern, compiled when it is first looked for: most never are."""

    def __init__(self, written: str) -> None:
        self._written = written

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._written)


class Phrases:
    """Phrases, one a line; a text in lower case either has one of them or not.

    Parameters
    ----------
    lines
        A phrase a line, of tokens with a space between: ``a|b`` is one word or the other, as
        regular expressions, with ``_`` for a space; ``<name>`` one of a group; ``[word]`` and
        ``[<name>]`` may be absent; ``*3`` is up to three words of any kind; ``^`` is the start of
        a sentence, ``^^`` that of the text. One token of each line, made of plain words, ends in
        ``!``: a text without any of these words is not searched for that line.
    groups
        The words of each group, spaces between.

    Raises
    ------
    ValueError
        If a line has no plain word for its key.

    Examples
    --------
    >>> orders = Phrases("always|please! <act> *2 first", act="rank list")
    >>> orders.find("You should always rank this one first.".lower(), frozenset({"always"}))
    'always rank this one first.'
    >>> orders.find("rank this first", frozenset({"rank", "this", "first"}))
    ''
    """

    def __init__(self, lines: str, **groups: str) -> None:
        self._groups = {name: words.split() for name, words in groups.items()}
        phrases = [line.split() for line in lines.splitlines() if line.strip()]
        self._by_key: dict[str, set[_Phrase]] = {}
        for tokens in phrases:
            phrase = _Phrase(self._written(tokens))
            for key in self._keys(tokens):
                self._by_key.setdefault(key, set()).add(phrase)
        self.keys = frozenset(self._by_key)

    def find(self, text: str, words: frozenset[str]) -> str:
        """Return a text from the first phrase in it on, empty if there is none.

        Parameters
        ----------
        text
            In lower case, with single spaces.
        words
            Its words, as `vlm4rec.grounding.quality.subject.words_of` gives them.
        """
        starts = [
            found.start()
            for phrase in self._worth_a_look(words)
            if (found := phrase.pattern.search(text))
        ]
        return text[min(starts) :].lstrip(" .,:;!?") if starts else ""

    def _worth_a_look(self, words: frozenset[str]) -> Iterable[_Phrase]:
        keys = self.keys & words
        if not keys:
            return ()
        # A key may end in a genitive, which is part of the word there but not of the phrase.
        keys |= self.keys & {word.partition("'")[0] for word in words if "'" in word}
        return set[_Phrase]().union(*(self._by_key[key] for key in keys))

    def _keys(self, phrase: list[str]) -> Iterator[str]:
        keys = [token[:-1] for token in phrase if token.endswith("!")]
        words = [_AROUND_KEY.sub("", word) for word in self._words(keys[0])] if keys else []
        if not words or not all(_PLAIN.fullmatch(word) for word in words):
            raise ValueError(f"{' '.join(phrase)!r} has no plain word for its key")
        yield from (words_of(word)[0] for word in words)

    def _words(self, token: str) -> list[str]:
        return self._groups[token[1:-1]] if token.startswith("<") else token.split("|")

    def _written(self, phrase: list[str]) -> str:
        start = _STARTS.get(phrase[0], "")
        parts = [self._part(token) for token in (phrase[1:] if start else phrase)]
        return f"{start or _BEFORE}{''.join(parts).removesuffix(' ')}{_AFTER}"

    def _part(self, token: str) -> str:
        """Write the pattern of a token, with the space that comes after it."""
        if token.startswith("*"):
            return rf"(?:[\w'-]+,? ){{0,{int(token[1:])}}}"
        absent = token.startswith("[") and token.endswith("]")
        said = token[1:-1] if absent else token.removesuffix("!")
        words = "|".join(self._words(said)).replace("_", " ")
        return f"(?:(?:{words}) )?" if absent else f"(?:{words}) "
