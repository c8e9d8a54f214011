"""The gate for attributes that say something else than the description."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vlm4rec.grounding.quality.colours import basic_colours, far_apart
from vlm4rec.grounding.quality.flags import quote
from vlm4rec.grounding.quality.kinds import MATERIALS, PATTERNS, PEOPLE, kinds_in
from vlm4rec.grounding.quality.subject import Text, words_of
from vlm4rec.grounding.schema import Answer

__all__ = ["contradiction"]

Words = tuple[str, ...]


def contradiction(text: Text) -> str | None:
    """Find a colour, pattern, material or audience that the description contradicts.

    It is meant to miss rather than to err: only what the description says of the product as a
    whole counts, as far as that can be told, and only if nothing of it fits what is listed.
    """
    answer = text.subject.answer
    return (
        _colours(answer, text)
        or _pattern(answer, text)
        or _materials(answer, text)
        or _audience(answer, text)
    )


_MANY_COLOURS = re.compile(
    r"multi|rainbow|colou?rful|assorted|various|mixed|iridescent|holographic"
)

_PARTS = frozenset(
    words_of(
        "accent accents appliqué band bands base beading bow bows branding buckle buckles button "
        "buttons cap clasp collar contrast cord cords cuff cuffs details detail detailing dial "
        "drawstring edge edges edging embroidery emblem eyelets flowers floral fittings frame "
        "graphic handle handles hardware heel heels toe toes hem inside interior label laces "
        "leaves leaf legs lettering letters lid lining logo logos motif motifs outline outlines "
        "patch piping pocket pockets print prints ribbon rim rivets script seams side sleeves "
        "slogan sole soles spots star stars stem stitching strap straps stripe stripes tape text "
        "thread threads tie tip tips tone toned topstitching trim trims waistband wash zip zipper "
        "zips wine tea carpet juice hills hours skies sky nights night days background backdrop "
        "wall surface model box package photographic shaped "
        "lined trimmed edged bound piped"
    )
)
"""What a colour before one of these belongs to: a part of the product, or nothing of it."""

_BITS = _PARTS - frozenset(words_of("print prints floral flowers band bands spots stripes"))
"""The same for patterns."""

_CLEAR = frozenset(
    words_of(
        "black white grey gray red burgundy crimson scarlet maroon pink fuchsia magenta orange "
        "yellow mustard green olive emerald teal turquoise blue navy cobalt purple violet lilac "
        "brown beige charcoal ivory"
    )
)
"""Words that are colours and hardly anything else: no wood, no metal, no dish."""

_NOT = frozenset(words_of("no not without contrast contrasting never against unlike for"))

_ELSEWHERE = frozenset(
    words_of(
        "pair pairs paired wear worn match matches team teams layer layers layered goes go work "
        "works suit suits over under beneath beside against alongside perfect ideal evokes evoking "
        "reminiscent reminds like"
    )
)
"""Words after which the description leaves the product, for what it goes with."""

_OTHERS = _ELSEWHERE | frozenset(words_of("plus no not without set pack pairs two three flecked"))
_COMES_WITH = _OTHERS | frozenset(words_of("with and in on of"))
"""Words after which the description leaves the product, for what it comes with."""

_NAME, _START = 8, 16
"""Words at most that name the product, and that tell of it as a whole."""


def _colours(answer: Answer, text: Text) -> str | None:
    mentioned = [colour for word in text.vocabulary if (colour := basic_colours(word))]
    if not mentioned or not answer.colors:
        return None
    listed = [_basic(entry) for entry in answer.colors]
    every = frozenset[str]().union(*listed)
    if not all(listed) or not all(far_apart(colour, every) for colour in mentioned):
        return None
    named = list(_named(_until(words_of(text.own), _ELSEWHERE)))
    if not named or _MANY_COLOURS.search(text.lower):
        return None
    return f"The colours are {_list(answer.colors)}, the description says {_list(named)}."


def _basic(entry: str) -> frozenset[str]:
    """Return the basic colours that an entry such as "dusty pink melange" may mean."""
    return frozenset[str]().union(*(basic_colours(word) for word in words_of(entry)))


def _named(words: Words) -> Iterator[str]:
    """Give the colours said of the product itself, not of a part of it."""
    for place, word in enumerate(words):
        after, before = words[place + 1 : place + 4], words[max(0, place - 2) : place]
        if word in _CLEAR and _PARTS.isdisjoint(after) and _NOT.isdisjoint(before):
            yield word


_SOLID = ("solid", "plain", "none", "solid colour", "solid color", "unpatterned")


def _pattern(answer: Answer, text: Text) -> str | None:
    listed = answer.pattern.lower().strip()
    if not listed:
        return None
    said = _pattern_said(_until(text.words[:_START], _OTHERS))
    if said and said not in words_of(text.own):
        return None
    if listed in _SOLID:
        return f"The pattern is {listed}, the description says {said}." if said else None
    kinds = kinds_in(words_of(listed), PATTERNS)
    if len(kinds) != 1 or not kinds_in(text.words, PATTERNS).keys().isdisjoint(kinds):
        return None
    said = said or next((word for word in _name(text) if word in ("plain", "unpatterned")), "")
    return f"The pattern is {quote(listed)}, the description says {said}." if said else None


def _pattern_said(words: Words) -> str:
    """Return the word by which the first words give the product a pattern as a whole."""
    for place, word in enumerate(words):
        if word in PATTERNS:
            return word if _BITS.isdisjoint(words[place + 1 : place + 4]) else ""
    return ""


_LIKENESS = re.compile(r"-(?:look|like|effect|style|toned?|coloured|colored)\b|\binspired\b")


def _materials(answer: Answer, text: Text) -> str | None:
    said = kinds_in(_name(text), MATERIALS)
    if not said or not answer.materials or _LIKENESS.search(text.lower):
        return None
    listed = [kinds_in(words_of(entry), MATERIALS) for entry in answer.materials]
    every = {kind for kinds in listed for kind in kinds}
    anywhere = kinds_in(text.words, MATERIALS).keys()
    if not all(listed) or not every.isdisjoint(anywhere):
        return None
    return (
        f"The materials are {_list(answer.materials)}, the description says {_list(said.values())}."
    )


def _audience(answer: Answer, text: Text) -> str | None:
    if PEOPLE.keys().isdisjoint(text.vocabulary) or not answer.audience:
        return None
    listed = kinds_in(words_of(answer.audience), PEOPLE)
    said = dict(_addressed(words_of(text.own)))
    if not listed or not said or not listed.keys().isdisjoint(said) or "inspired" in text.words:
        return None
    return f"The audience is {quote(answer.audience)}, the description says {_list(said.values())}."


def _addressed(words: Words) -> Iterator[tuple[str, str]]:
    """Give the people whom a product is said to be for: "men's", "for children"."""
    for place, word in enumerate(words):
        likened = words[place + 1 : place + 2] in (("style",), ("inspired",), ("look",))
        addressed = word.endswith("'s") or words[place - 1 : place] == ("for",)
        if word in PEOPLE and addressed and not likened:
            yield PEOPLE[word], word


def _name(text: Text) -> Words:
    """Return the first words, which name the product, without what it comes with."""
    return _until(text.words[:_NAME], _COMES_WITH)


def _until(words: Words, stop: frozenset[str]) -> Words:
    end = next((place for place, word in enumerate(words) if word in stop), len(words))
    return words[:end]


def _list(entries: Iterable[str]) -> str:
    """Put up to three entries into a sentence."""
    return quote(", ".join(list(entries)[:3]))
