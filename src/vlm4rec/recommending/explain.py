"""Reasons: which history items a recommended item is nearest to, and what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from vlm4rec.encoding.encoder import Floats
from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.grounding.schema import FACETS, Answer
from vlm4rec.recommending.recommendations import Reason

__all__ = ["block_shares", "explain", "explain_all", "shared_attributes"]

_DIGITS = 10
"""Of a cosine; what is beyond them depends on how many are computed together."""


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
        How many reasons at the most; none if it is negative.
    """
    return explain_all([item], history, vectors, answers, titles, most=most)[0]


def explain_all(
    items: Sequence[str],
    history: Sequence[str],
    vectors: ItemVectors,
    answers: Mapping[str, Sequence[Answer]],
    titles: Mapping[str, str | None],
    *,
    most: int = 3,
) -> list[tuple[Reason, ...]]:
    """Return the reasons of each of several items; see `explain`.

    Answers are looked up only for the items that have reasons and for those that are their
    reasons, each once.
    """
    rows = [vectors.row(item) for item in items]
    covered = [row for row in rows if row is not None]
    if most <= 0 or not history or not covered:
        return [()] * len(items)
    past = vectors.matrix[vectors.rows(history)].astype(np.float64)
    near = iter((vectors.matrix[covered].astype(np.float64) @ past.T).round(_DIGITS))
    by_id = np.argsort(sorted(range(len(history)), key=history.__getitem__))
    said = cache(lambda id_: answers.get(id_, ()))

    def reason(item: str, past_item: str, similarity: float) -> Reason:
        shared = shared_attributes(said(item), said(past_item))
        return Reason(past_item, titles.get(past_item), similarity, shared)

    reasons: list[tuple[Reason, ...]] = []
    for item, row in zip(items, rows, strict=True):
        cosines = next(near) if row is not None else np.zeros(0)
        places = np.lexsort((by_id[: len(cosines)], -cosines))[:most]
        reasons.append(
            tuple(reason(item, history[place], float(cosines[place])) for place in places)
        )
    return reasons


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
