"""Gates for the shape of an answer: whether there is one, whole, and said once."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence

from vlm4rec.grounding.quality.flags import quote
from vlm4rec.grounding.quality.subject import Text, words_of
from vlm4rec.grounding.schema import Answer

__all__ = ["cut_off", "empty", "malformed", "repetition"]

_LETTER = re.compile(r"[^\W\d_]")
_PLACEHOLDERS = re.compile(
    r"(?:n/?a|none|null|nil|unknown|undefined|str(?:ing)?|text|todo|tbd|placeholder|empty"
    r"|lorem ipsum.*|(?:no |your |product |image )?description(?: available| here| unavailable)?"
    r"|not (?:available|applicable|specified|provided))"
)

_MARKS = re.compile(
    r"<\|\w+\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>|<(?:image|pad|unk|eos|bos)>|\[image\]"
    r"|</?think>|</?tool_call>|```|\\u[0-9a-f]{4}|\ufffd"
    r'|"(?:category|colors|materials|pattern|style|occasion|audience|description)"\s*:',
    re.IGNORECASE,
)

_FEWEST = 3
"""Words; a shorter description is short, not cut off."""

_LONGEST_END = 40
"""Characters of the end of a description that are quoted."""

_ENDS = re.compile(r"[.!?…。！？।؟][\"'”’»)\]*_]*\s*\Z")
_OPEN_END = re.compile(r"[,;:/&+(\[{–—-]\s*\Z")
_SENTENCE = re.compile(r"(?<=[^\W\d_]{3}[.!?])[\"'”’)]?\s+(?=[\"'“‘(]?[A-Z])")
_LIST = re.compile(r"^\s*(?:[-*•#]|\d+[.)]|\**[\w ]{2,30}\**:)", re.MULTILINE)
_UNFINISHED = frozenset(
    words_of(
        "a an the and or but nor with without of for from by at as into onto its their his her "
        "this these that which who whose where when while is are was were has have be been being "
        "it they very more most such including featuring like than also both each every because "
        "und oder mit der die das ein eine et ou avec le la les un une y o con el los las e il "
        "van een het de"
    )
)
"""Words that no sentence ends with; a few languages' most frequent ones too."""


def empty(text: Text) -> str | None:
    """Find a description that says nothing: no letter, a placeholder, or one single word."""
    said = text.lower.strip(" \t\n.…-–—_*\"'<>[](){}")
    if not _LETTER.search(said):
        return "There is not one word in the description."
    if _PLACEHOLDERS.fullmatch(said):
        return f"The description is a placeholder: {quote(text.whole)}."
    if len(text.words) == 1 and said.isascii():
        return f"The description is one word: {quote(text.whole)}."
    return None


def malformed(text: Text) -> str | None:
    """Find the marks of a form that was not understood: JSON, a chat template, lost characters."""
    found = _MARKS.search(text.whole)
    if found:
        return f"There is {quote(found.group())} in the description."
    return None


def cut_off(text: Text) -> str | None:
    """Find a description that stops in the middle of a sentence.

    A missing full stop alone is no sign: some models never write one. It is one where the
    sentences before have theirs.
    """
    said = text.whole.rstrip()
    if len(text.words) < _FEWEST or _ENDS.search(said):
        return None
    ends_with = quote(_end(said))
    if _OPEN_END.search(said):
        return f"The description ends with {ends_with}."
    if _LIST.search(said):
        return None
    if text.words[-1] in _UNFINISHED and said[-1].isalpha():
        return f"The description ends with {ends_with}."
    if said.count("(") > said.count(")"):
        return f"A bracket is not closed: {ends_with}."
    if len(_SENTENCE.split(said)) > 1 and (said[-1].isalnum()):
        return f"The last sentence does not end: {ends_with}."
    return None


def _end(said: str) -> str:
    """Return the last words of a text, after an ellipsis if there are others before."""
    line = " ".join(said.split())
    if len(line) <= _LONGEST_END:
        return line
    # The first word may be half of one; in a script without spaces there is no other.
    words = line[-_LONGEST_END - 1 :].partition(" ")[2]
    return f"…{words or line[-_LONGEST_END:]}"


def repetition(text: Text) -> str | None:
    """Find loops: a phrase, a sentence or an entry that comes again and again."""
    return (
        _phrase_loop(text.words)
        or _sentence_loop(text)
        or _letter_loop(text.whole)
        or _little_new(text)
        or _field_loop(text.subject.answer)
    )


_LONGEST_PHRASE = 24
_SHORTEST_SENTENCE = 4
_FEW = 24
"""Words; shorter texts are not judged by how many of them are different."""


def _phrase_loop(words: Sequence[str]) -> str | None:
    """Find a phrase that comes three times in a row, a single word four times."""
    for length in range(1, _longest_loop(words) + 1):
        needed = max(2 * length, 3)
        run = 0
        for place in range(length, len(words)):
            run = run + 1 if words[place] == words[place - length] else 0
            if run >= needed:
                phrase = " ".join(words[place - length + 1 : place + 1])
                return f"It comes again and again: {quote(phrase)}."
    return None


def _longest_loop(words: Sequence[str]) -> int:
    """Return how long a phrase may be that comes three times in a row.

    All words of it come three times at least, so that as many of these stand side by side.
    """
    often = {word for word, count in Counter(words).items() if count >= 3}
    if not often:
        return 0
    longest = run = 0
    for word in words:
        run = run + 1 if word in often else 0
        if run > longest:
            longest = run
    return min(_LONGEST_PHRASE, longest // 3)


def _sentence_loop(text: Text) -> str | None:
    # A sentence that comes twice brings each of its parts twice.
    parts = list(zip(*(text.words[start:] for start in range(_SHORTEST_SENTENCE)), strict=False))
    if len(set(parts)) == len(parts):
        return None
    said: Counter[str] = Counter()
    for sentence in re.split(r"[.!?\n。！？]+", text.lower):
        words = words_of(sentence)
        if len(words) < _SHORTEST_SENTENCE:
            continue
        key = " ".join(words)
        said[key] += 1
        if said[key] * len(words) >= 12 and said[key] > 1:
            return f"A sentence comes {said[key]} times: {quote(sentence.strip())}."
    return None


_LETTERS_AGAIN = re.compile(r"([^\W\d_])\1{7}|([^\s\w.=*#_-])\2{11}")
_SYLLABLES_AGAIN = re.compile(r"([^\s\w]?\w{2,12}?)\1{5}")


def _letter_loop(text: str) -> str | None:
    found = _LETTERS_AGAIN.search(text)
    if found is None and len(text) > 40 and text.count(" ") * 20 < len(text):
        found = _SYLLABLES_AGAIN.search(text)
    return f"It comes again and again: {quote(found.group())}." if found else None


def _little_new(text: Text) -> str | None:
    """Find a text that has few different words, or packs too well, for its length."""
    words = text.words
    if len(words) < _FEW:
        return None
    # The share falls with the length of any text, roughly as its root does (Heaps' law).
    if len(text.vocabulary) < 1.6 * len(words) ** 0.5:
        return f"Only {len(text.vocabulary)} of {len(words)} words are different."
    raw = text.lower.encode("utf-8", "replace")
    if len(raw) > 500 and len(zlib.compress(raw, 1)) < 0.25 * len(raw):
        return "The description packs as only a text with many repetitions does."
    return None


def _field_loop(answer: Answer) -> str | None:
    for name in ("colors", "materials", "style", "occasion"):
        entries = [entry.lower() for entry in getattr(answer, name)]
        if len(entries) < 3:
            continue
        entry, times = Counter(entries).most_common(1)[0]
        if times >= 3 or (len(entries) >= 6 and len(set(entries)) <= len(entries) / 2):
            return f"The field {name} has {quote(entry)} {times} times."
        if len(entries) > 10:
            words = Counter(word for entry in set(entries) for word in set(entry.split()))
            word, times = words.most_common(1)[0] if words else ("", 0)
            if times > 0.8 * len(entries):
                return f"The field {name} has {quote(word)} {times} times."
    for name in ("category", "pattern", "audience"):
        value = getattr(answer, name)
        if value.count(" ") >= 3 and (loop := _phrase_loop(words_of(value))):
            return f"In the field {name}: {loop}"
    return None
