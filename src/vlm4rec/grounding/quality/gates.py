"""The quality gates: whether what an LVLM wrote about a photo is good enough to be used."""

from __future__ import annotations

from collections.abc import Callable

from vlm4rec.grounding.quality.contradiction import contradiction
from vlm4rec.grounding.quality.copying import prompt_echo, same_text, title_copied
from vlm4rec.grounding.quality.flags import Flag
from vlm4rec.grounding.quality.injection import injection
from vlm4rec.grounding.quality.language import other_language
from vlm4rec.grounding.quality.refusals import no_photo, refused
from vlm4rec.grounding.quality.shape import cut_off, empty, malformed, repetition
from vlm4rec.grounding.quality.subject import Subject, Text

__all__ = ["GATES", "Gate", "Subject", "check"]

Gate = Callable[[Text], str | None]
"""Looks for one thing that may be wrong: a sentence that says what it found, or None."""

GATES: tuple[tuple[str, Gate], ...] = (
    ("empty", empty),
    ("refused", refused),
    ("malformed", malformed),
    ("no-photo", no_photo),
    ("injection", injection),
    ("prompt-echo", prompt_echo),
    ("repetition", repetition),
    ("language", other_language),
    ("cut-off", cut_off),
    ("same-text", same_text),
    ("contradiction", contradiction),
    ("title-copied", title_copied),
)
"""Each gate with the flag that it gives. An answer that is truncated can't be read, so that no gate
meets it: see `vlm4rec.grounding.answers`."""


def check(subject: Subject) -> tuple[Flag, ...]:
    """Look at an answer through every gate.

    The same answer gives the same flags each time; nothing is asked of anybody, and nothing is
    raised.

    Returns
    -------
    tuple of Flag
        What was found, the worst first; an answer in which nothing was found has no flag.

    Examples
    --------
    >>> from vlm4rec.grounding.schema import Answer
    >>> answer = Answer(colors=["red"], description="A red dress with pleats and a")
    >>> [flag.name for flag in check(Subject(answer, "", "Describe this photo."))]
    ['cut-off']
    """
    text = Text(subject)
    found = ((name, gate(text)) for name, gate in GATES)
    return tuple(Flag(name, detail) for name, detail in found if detail is not None)
