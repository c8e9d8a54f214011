"""What the gallery shows: rows of cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.recommendations import Reason, Recommendations, RecommendedItem
from vlm4rec.shop import Shop

__all__ = ["Card", "Row", "Why", "choose_users", "make_row"]

_BLOCKS = 3
_HISTORY = 12
"""How much of a history is shown, the newest first."""


@dataclass(frozen=True, slots=True)
class Why:
    """One reason on a card: a history item and what both share."""

    item: str
    label: str
    similarity: float
    shared: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One item on the page.

    Parameters
    ----------
    item
        Its id.
    label
        What a person calls it: the grounded category, or else its title or id.
    title
        Its title.
    description
        What the LVLM wrote.
    score
        Its score; None in a history.
    whys
        The reasons, the nearest history item first.
    blocks
        The facets that gave most to the score, each with its share in percent.
    """

    item: str
    label: str
    title: str
    description: str
    score: float | None = None
    whys: tuple[Why, ...] = ()
    blocks: tuple[tuple[str, int], ...] = ()

    @property
    def because(self) -> str:
        """The shared attributes of the first reason, in words."""
        if not self.whys:
            return ""
        return ", ".join(words for _, words in self.whys[0].shared)


@dataclass(frozen=True, slots=True)
class Row:
    """One customer (or one item, in a shop without interactions) and the recommendations."""

    name: str
    history: tuple[Card, ...]
    cards: tuple[Card, ...]
    bought: int


def choose_users(shop: Shop, most: int) -> list[str]:
    """Choose users whose taste shows: some history with vectors, of different lengths.

    The choice is the same every time: evenly spaced among those users sorted by the number of
    distinct covered items in their history, of which there must be at least three where such
    users exist.
    """
    covered = set(shop.vectors.ids)
    sizes = [(_size(h, covered), user) for user, h in shop.interactions.histories()]
    usable = sorted((size, user) for size, user in sizes if size >= 1)
    telling = [pair for pair in usable if pair[0] >= 3] or usable
    if len(telling) <= most:
        return [user for _, user in telling]
    step = (len(telling) - 1) / max(most - 1, 1)
    return [telling[round(place * step)][1] for place in range(most)]


def _size(history: History, covered: set[str]) -> int:
    """Count the distinct items of a history that count for a profile."""
    pairs = zip(history.items, history.weights, strict=True)
    return len({item for item, weight in pairs if weight > 0 and item in covered})


def make_row(shop: Shop, name: str, history: History, found: Recommendations) -> Row:
    """Make the row of one history."""
    newest = list(dict.fromkeys(reversed(history.items)))
    shown = [id_ for id_ in newest if id_ in shop.catalog][:_HISTORY]
    return Row(
        name=name,
        history=tuple(_card(shop, id_) for id_ in shown),
        cards=tuple(replace(_card(shop, item.id), **_ranked(shop, item)) for item in found),
        bought=len(newest),
    )


def _ranked(shop: Shop, item: RecommendedItem) -> dict[str, Any]:
    """Return what a card says of an item's place in the ranking."""
    return {
        "score": item.score,
        "whys": tuple(_why(shop, reason) for reason in item.reasons),
        "blocks": _largest(item.blocks or {}),
    }


def _largest(blocks: Mapping[str, float]) -> tuple[tuple[str, int], ...]:
    total = sum(max(given, 0.0) for given in blocks.values())
    if not total:
        return ()
    ranked = sorted(blocks.items(), key=lambda pair: -pair[1])[:_BLOCKS]
    return tuple((name, round(100 * given / total)) for name, given in ranked if given > 0)


def _card(shop: Shop, item: str) -> Card:
    answers = shop.answers.get(item, ())
    return Card(
        item=item,
        label=_label(shop, item),
        title=shop.catalog[item].title or item,
        description=" ".join(answer.description for answer in answers),
    )


def _why(shop: Shop, reason: Reason) -> Why:
    shared = tuple((facet, ", ".join(words)) for facet, words in reason.shared.items())
    return Why(reason.item, _label(shop, reason.item), reason.similarity, shared)


def _label(shop: Shop, item: str) -> str:
    answers = shop.answers.get(item, ())
    category = answers[0].category if answers else ""
    return category or shop.catalog[item].title or item
