"""What a recommendation is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Reason", "Recommendations", "RecommendedItem"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is recommended: it is near to an item of the history.

    Parameters
    ----------
    item
        The id of that history item.
    title
        Its title, if it has one.
    similarity
        The cosine of the two items' vectors, from -1 to 1.
    shared
        The values that both items' groundings have in common, by facet.
    """

    item: str
    title: str | None
    similarity: float
    shared: dict[str, tuple[str, ...]]

    def __str__(self) -> str:
        what = f"{self.title} ({self.item})" if self.title else self.item
        both = "; ".join(f"{facet}: {', '.join(words)}" for facet, words in self.shared.items())
        return f"near {what}, {self.similarity:.2f}" + (f" - both {both}" if both else "")


@dataclass(frozen=True, slots=True)
class RecommendedItem:
    """One item of a ranking.

    Parameters
    ----------
    id, title
        The item's.
    score
        The cosine of the item's vector and the query, from -1 to 1; where a blend ranked, the sum
        of what its signals gave, which only compares the items of one ranking.
    reasons
        The nearest history items first.
    blocks
        What each block of the vectors, or signal of the blend, gave to the score; the values add
        up to it.
    """

    id: str
    title: str | None
    score: float
    reasons: tuple[Reason, ...] = ()
    blocks: dict[str, float] | None = None

    def __str__(self) -> str:
        what = f"{self.title} ({self.id})" if self.title else self.id
        because = f", {self.reasons[0]}" if self.reasons else ""
        return f"{what}, score {self.score:.3f}{because}"


@dataclass(frozen=True, slots=True)
class Recommendations:
    """A ranking, best first, and what of the history could not be used for it.

    Parameters
    ----------
    items
        The ranking.
    user
        The user's id, or None for a history that came alone.
    history
        The ids of the history, oldest first.
    uncovered
        Ids of the history that are in the catalog but have no vector yet.
    unknown
        Ids of the history that are not in the catalog.
    note
        What is to be known of how the ranking was made; empty where nothing is.
    """

    items: tuple[RecommendedItem, ...]
    user: str | None = None
    history: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    note: str = ""

    def __iter__(self) -> Iterator[RecommendedItem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, rank: int) -> RecommendedItem:
        return self.items[rank]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return asdict(self)
