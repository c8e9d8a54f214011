"""Which basic colours a word for a colour may mean."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["COLOURS", "basic_colours", "far_apart"]

_TABLE = {
    "black": "black ebony jet onyx anthracite graphite charcoal",
    "white": "white ivory cream off-white snow pearl eggshell alabaster chalk ecru",
    "grey": "grey gray charcoal anthracite graphite slate ash silver greige taupe stone pewter "
    "gunmetal smoke concrete steel",
    "red": "red burgundy crimson scarlet ruby maroon wine bordeaux cherry brick rust cranberry "
    "vermilion oxblood coral terracotta raspberry cerise berry cinnabar",
    "pink": "pink rose fuchsia magenta blush salmon coral peach raspberry cerise bubblegum mauve "
    "rosé nude dusky berry lilac",
    "orange": "orange coral peach apricot rust terracotta tangerine amber copper salmon mustard "
    "burnt ochre cognac saffron",
    "yellow": "yellow mustard lemon gold amber ochre canary saffron cream straw honey champagne "
    "chartreuse lime maize",
    "green": "green olive khaki sage mint emerald teal turquoise lime forest moss pistachio jade "
    "chartreuse petrol aqua hunter bottle pine avocado seafoam",
    "blue": "blue navy teal turquoise cobalt indigo azure aqua cyan petrol denim sapphire "
    "periwinkle royal sky ultramarine lavender",
    "purple": "purple violet lilac lavender plum mauve aubergine eggplant burgundy magenta "
    "amethyst grape berry periwinkle indigo fuchsia wine mulberry heather",
    "brown": "brown tan camel cognac chocolate coffee caramel chestnut rust bronze copper khaki "
    "taupe mocha walnut hazel tortoiseshell terracotta beige sand amber espresso umber sepia "
    "burgundy maroon oxblood brick mahogany oak wood wooden leather honey",
    "beige": "beige sand cream ecru nude camel tan oatmeal taupe stone khaki champagne ivory "
    "off-white greige natural straw biscuit buff fawn eggshell blush",
    "gold": "gold golden brass champagne bronze amber honey",
    "silver": "silver silvery chrome steel pewter gunmetal platinum",
}


def _by_word() -> dict[str, frozenset[str]]:
    words = {word for listed in _TABLE.values() for word in listed.split()}
    return {
        word: frozenset(basic for basic, listed in _TABLE.items() if word in listed.split())
        for word in words
    }


COLOURS = _by_word()
"""The basic colours that each word may mean: navy is blue, teal is blue or green."""

_CLOSE = {
    frozenset(pair)
    for pair in (
        ("grey", "silver"),
        ("gold", "yellow"),
        ("beige", "brown"),
        ("beige", "white"),
        ("beige", "yellow"),
    )
}
"""Pairs that people and models call one and the same shade by, in the dark or the pale."""


@lru_cache(maxsize=4096)
def basic_colours(word: str) -> frozenset[str]:
    """Return the basic colours that a word may mean, none for a word that is no colour.

    >>> sorted(basic_colours("teal")), sorted(basic_colours("reddish")), basic_colours("cotton")
    (['blue', 'green'], ['red'], frozenset())
    """
    found = COLOURS.get(word)
    ending = next((ending for ending in ("ish", "y") if word.endswith(ending)), "")
    if found is None and ending:
        stem = word.removesuffix(ending)
        found = COLOURS.get(stem) or COLOURS.get(stem[:-1]) or COLOURS.get(stem + "e")
    return found or frozenset()


def far_apart(some: frozenset[str], others: frozenset[str]) -> bool:
    """Tell whether no colour of the one set could be taken for one of the other.

    >>> far_apart(frozenset({"red"}), frozenset({"blue"}))
    True
    >>> far_apart(frozenset({"grey"}), frozenset({"silver", "blue"}))
    False
    """
    return not (some & others) and not any(
        frozenset((one, other)) in _CLOSE for one in some for other in others
    )
