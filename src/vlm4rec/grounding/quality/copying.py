"""Gates for answers that are not the model's own: the question, the title, another's text."""

from __future__ import annotations

from functools import lru_cache

from vlm4rec.grounding.quality.flags import quote
from vlm4rec.grounding.quality.subject import Text, words_of
from vlm4rec.grounding.schema import Answer

__all__ = ["prompt_echo", "same_text", "title_copied"]

_RUN = 8
"""Words in a row shared with the question, from which on it is an echo and not the topic."""

_SHORT = 4
"""Words; a description this short or longer that stands whole in the question is an echo."""

_FEW_NEW = 3
_MOSTLY = 0.75

_EMPTY_WORDS = frozenset(
    words_of(
        "a an the and or of in on at for with to from by is are it its this that as product item "
        "image photo picture shows showing features"
    )
)


def prompt_echo(text: Text) -> str | None:
    """Find the question, or the description of a field, in the answer."""
    asked = _asked(text.subject.question, text.subject.title if text.subject.titled else "")
    words = text.words
    if _SHORT <= len(words) < _RUN and f" {' '.join(words)} " in asked.whole:
        return f"The description stands in the question: {quote(text.whole)}."
    run = 0
    for place in range(len(words) - _TAKEN + 1):
        run = run + 1 if words[place : place + _TAKEN] in asked.parts else 0
        if run == _RUN - _TAKEN + 1:
            return f"It stands in the question: {quote(' '.join(words[place - run + 1 :]))}."
    return _field_echo(text.subject.answer)


def title_copied(text: Text) -> str | None:
    """Find a description that says little but the title that was in the question."""
    if not text.subject.titled or not text.subject.title.strip():
        return None
    title = frozenset(words_of(text.subject.title))
    said = text.vocabulary - _EMPTY_WORDS
    new = said - title
    if text.words == words_of(text.subject.title):
        return "The description is the title."
    if len(new) < _FEW_NEW and said & title and len(said & title) >= _MOSTLY * len(said):
        return f"Beside the title the description says {len(new)} words."
    return None


def same_text(text: Text) -> str | None:
    """Tell that another photo has the same description."""
    if text.subject.said_of_another:
        return f"Another photo has the same description: {quote(text.whole)}."
    return None


_TAKEN = 5
"""Words that are compared at a time."""


class _Asked:
    """A question in words, as what is looked up in it wants it."""

    def __init__(self, texts: list[str]) -> None:
        runs = [words_of(text) for text in texts]
        self.whole = " ¤ ".join(f" {' '.join(run)} " for run in runs)
        self.parts = {run[i : i + _TAKEN] for run in runs for i in range(len(run) - _TAKEN + 1)}


@lru_cache(maxsize=64)
def _asked(question: str, title: str) -> _Asked:
    """Take a question apart; the title in it is the product's name, and may be said."""
    shown = " ".join(title.split())
    parts = question.split(shown) if shown else [question]
    return _Asked([*parts, *_FIELDS])


_FIELDS = frozenset(field.description or "" for field in Answer.model_fields.values())
"""What the structure that goes with a question says of each field."""


def _field_echo(answer: Answer) -> str | None:
    for name in ("category", "pattern", "audience"):
        value = getattr(answer, name)
        if value in _FIELDS and value:
            return f"The field {name} says what was asked for: {quote(value)}."
    return None
