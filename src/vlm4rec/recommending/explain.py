"""Reasons: which history items a recommended item is nearest to, and what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vlm4rec.encoding.encoder import Floats
from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.grounding.schema import FACETS, Answer
from vlm4rec.recommending.recommendations import Reason

__all__ = ["block_shares", "explain", "shared_attributes"]


def explain(
    item: str,
    history: Sequence[str],
    vectors: ItemVectors,
    answers: Mapping[str, Sequence[Answer]],
    titles: Mapping[str, str | None],
    *,
    most: int = 3,
) -> tuple[Reason, ...]:
    """Return the history items nearest to an item, nearest first, with what they share.

    Parameters
    ----------
    item
        A covered item.
    history
        Covered items, each id once.
    vectors
        The item vectors.
    answers
        The answers of each grounded item.
    titles
        The title of each item.
    most
        How many reasons at the most.
    """
    row = vectors.row(item)
    if row is None or not history:
        return ()
    near = vectors.matrix[vectors.rows(history)].astype(np.float64) @ vectors.matrix[row]
    order = sorted(range(len(history)), key=lambda place: (-near[place], history[place]))
    return tuple(
        Reason(
            item=history[place],
            title=titles.get(history[place]),
            similarity=float(near[place]),
            shared=shared_attributes(answers.get(item, ()), answers.get(history[place], ())),
        )
        for place in order[:most]
    )


def shared_attributes(
    these: Sequence[Answer], those: Sequence[Answer]
) -> dict[str, tuple[str, ...]]:
    """Return the values that both have in a facet, in the order of the first; case is no matter.

    >>> boot = Answer(description="A boot.", category="boot", colors=("Brown", "black"))
    >>> shoe = Answer(description="A shoe.", category="shoe", colors=("brown",))
    >>> shared_attributes([boot], [shoe])
    {'colour': ('Brown',)}
    """
    shared = {}
    for facet in FACETS:
        others = {value.casefold() for value in _values(those, facet)}
        both = tuple(value for value in _values(these, facet) if value.casefold() in others)
        if both:
            shared[facet] = both
    return shared


def block_shares(vector: Floats, query: Floats, blocks: Sequence[Block]) -> dict[str, float]:
    """Split the dot product of a vector and a query, each of shape (d,), into blocks."""
    products = vector.astype(np.float64) * query.astype(np.float64)
    return {block.name: float(products[block.start : block.stop].sum()) for block in blocks}


def _values(answers: Sequence[Answer], facet: str) -> list[str]:
    values = (part for answer in answers for part in answer.facet(facet).split(", "))
    return list(dict.fromkeys(value for value in values if value))
