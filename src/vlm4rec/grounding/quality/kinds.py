"""Words for patterns, materials and people, and the kinds that they belong to."""

from __future__ import annotations

from collections.abc import Mapping

from vlm4rec.grounding.quality.subject import words_of

__all__ = ["MATERIALS", "PATTERNS", "PEOPLE", "kinds_in"]


def _by_word(table: Mapping[str, str]) -> dict[str, str]:
    return {word: kind for kind, words in table.items() for word in words_of(words)}


PATTERNS = _by_word(
    {
        "stripes": "stripe stripes striped stripy pinstripe pinstripes pinstriped",
        "flowers": "floral florals flower flowers flowery blossom blossoms botanical daisy roses",
        "dots": "polka dot dots",
        "checks": "check checks checked checkered chequered plaid tartan gingham houndstooth "
        "argyle",
        "animal skin": "leopard zebra snake snakeskin tiger cheetah",
        "camouflage": "camouflage camo",
        "paisley": "paisley",
    }
)
"""From a word to the kind of pattern that it names."""

MATERIALS = _by_word(
    {
        "leather": "leather suede nubuck",
        "wood": "wood wooden oak walnut bamboo teak beech plywood",
        "metal": "metal steel iron brass aluminium aluminum",
        "glass": "glass",
        "ceramic": "ceramic porcelain stoneware earthenware",
        "stone": "marble granite concrete",
        "straw": "straw rattan wicker raffia seagrass",
        "cloth": "cotton wool woollen woolen linen silk canvas jersey polyester nylon viscose "
        "denim velvet satin fleece chiffon lace twill poplin flannel corduroy",
    }
)
"""From a word to the kind of material that it names."""

PEOPLE = _by_word(
    {
        "women": "women woman ladies womens women's ladies' womenswear female",
        "men": "men man gentlemen mens men's gentlemen's menswear male",
        "children": "children child kids kid baby babies toddlers toddler infants girls boys girl "
        "boy children's kid's baby's toddler's",
    }
)
"""From a word to the people that it names."""


def kinds_in(words: tuple[str, ...], table: Mapping[str, str]) -> dict[str, str]:
    """Return the kinds that words name, each with the first word that does.

    >>> kinds_in(("a", "gingham", "shirt", "with", "checks"), PATTERNS)
    {'checks': 'gingham'}
    """
    found: dict[str, str] = {}
    for word in words:
        if word in table:
            found.setdefault(table[word], word)
    return found
