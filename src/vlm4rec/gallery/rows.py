"""What the gallery shows: rows of cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.recommendations import Reason, Recommendations
from vlm4rec.shop import Shop

__all__ = ["Card", "Row", "Why", "choose_users", "make_row"]

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
    """

    item: str
    label: str
    title: str
    description: str
    score: float | None = None
    whys: tuple[Why, ...] = ()

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
    sizes = [
        (len(covered.intersection(h.items)), user) for user, h in shop.interactions.histories()
    ]
    usable = sorted((size, user) for size, user in sizes if size >= 1)
    telling = [pair for pair in usable if pair[0] >= 3] or usable
    if len(telling) <= most:
        return [user for _, user in telling]
    step = (len(telling) - 1) / max(most - 1, 1)
    return [telling[round(place * step)][1] for place in range(most)]


def make_row(shop: Shop, name: str, history: History, found: Recommendations) -> Row:
    """Make the row of one history."""
    newest = list(dict.fromkeys(reversed(history.items)))
    shown = [id_ for id_ in newest if id_ in shop.catalog][:_HISTORY]
    return Row(
        name=name,
        history=tuple(_card(shop, id_) for id_ in shown),
        cards=tuple(_card(shop, item.id, item.score, item.reasons) for item in found),
        bought=len(newest),
    )


def _card(
    shop: Shop, item: str, score: float | None = None, reasons: Sequence[Reason] = ()
) -> Card:
    answers = shop.answers.get(item, ())
    return Card(
        item=item,
        label=_label(shop, item),
        title=shop.catalog[item].title or item,
        description=" ".join(answer.description for answer in answers),
        score=score,
        whys=tuple(_why(shop, reason) for reason in reasons),
    )


def _why(shop: Shop, reason: Reason) -> Why:
    shared = tuple((facet, ", ".join(words)) for facet, words in reason.shared.items())
    return Why(reason.item, _label(shop, reason.item), reason.similarity, shared)


def _label(shop: Shop, item: str) -> str:
    answers = shop.answers.get(item, ())
    category = answers[0].category if answers else ""
    return category or shop.catalog[item].title or item
