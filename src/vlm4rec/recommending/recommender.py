"""From histories to rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from vlm4rec.encoding.vectors import ItemVectors
from vlm4rec.errors import DataError
from vlm4rec.grounding.schema import Answer
from vlm4rec.index.exact import ExactIndex
from vlm4rec.index.index import Hits, Index
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.strategy import MeanProfile, Profile, ProfileStrategy
from vlm4rec.recommending.explain import block_shares, explain_all
from vlm4rec.recommending.pooled import search_pooled
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.recommendations import Recommendations, RecommendedItem

__all__ = ["Recommender"]


class Recommender:
    """Recommends items by comparing a history with the items.

    It is a `vlm4rec.recommending.ranker.Ranker`, and adds titles and reasons to the ranking.
    History comes with each call: a customer first seen a second ago is served like any other.

    Parameters
    ----------
    vectors
        The item vectors.
    titles
        The title of every item of the catalog; its keys are the known items. A vector of an
        item that is no longer among them is never recommended and counts for no profile.
    answers
        The answers of each grounded item, for the reasons. It is only asked for the items that
        a call returns and their reasons, by ``get``, so it may read them when they are asked for.
    profile
        How a history becomes a query, or several.
    index
        Finds the nearest items; by default an exact index of the vectors. For a profile of
        several queries all vectors are compared, without the index.
    """

    def __init__(
        self,
        vectors: ItemVectors,
        titles: Mapping[str, str | None],
        answers: Mapping[str, Sequence[Answer]],
        profile: ProfileStrategy | None = None,
        index: Index | None = None,
    ) -> None:
        self.vectors = vectors
        self.titles = titles
        self.answers = answers
        self.profile = profile or MeanProfile()
        self.index: Index
        known = [row for row, id_ in enumerate(vectors.ids) if id_ in titles]
        self._gone: tuple[str, ...] = ()
        if index is not None:
            self.index = index
            self._gone = tuple(id_ for id_ in vectors.ids if id_ not in titles)
        elif len(known) == len(vectors):
            self.index = ExactIndex(vectors.ids, vectors.matrix)
        else:
            self.index = ExactIndex([vectors.ids[row] for row in known], vectors.matrix[known])

    def recommend(
        self,
        history: History,
        k: int = 10,
        *,
        user: str | None = None,
        exclude: Sequence[str] = (),
        reasons: int = 3,
    ) -> Recommendations:
        """Recommend k items for a history; nothing of the history itself comes back.

        Parameters
        ----------
        history
            What the customer did so far.
        k
            How many items; fewer come back only if the shop holds no more.
        user
            The customer's id, if there is one; it is only handed back.
        exclude
            Further ids that must not come back.
        reasons
            How many reasons an item; none if it is negative.

        Raises
        ------
        DataError
            If no item of the history has a vector.
        """
        profile = self._profile(history)
        past = list(dict.fromkeys(history.items))
        hits = self._search([profile], k, [[*past, *exclude, *self._gone]])[0]
        covered = [id_ for id_ in past if self._usable(id_)]
        others = [id_ for id_ in past if not self._usable(id_)]
        return Recommendations(
            items=self._items(hits, profile, covered, reasons),
            user=user,
            history=history.items,
            uncovered=tuple(id_ for id_ in others if id_ in self.titles),
            unknown=tuple(id_ for id_ in others if id_ not in self.titles),
        )

    def similar(self, item: str, k: int = 10) -> Recommendations:
        """Return the k items most like an item; see `recommend`."""
        return self.recommend(History.of([item]), k, reasons=1)

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Rank the covered items for each request; see `vlm4rec.recommending.ranker.Ranker`."""
        usable = [row for row, request in enumerate(requests) if self._counts(request.history)]
        rankings: list[list[str]] = [[] for _ in requests]
        if not usable:
            return rankings
        profiles = [self._profile(requests[row].history) for row in usable]
        exclude = [[*requests[row].masked, *self._gone] for row in usable]
        for row, hits in zip(usable, self._search(profiles, k, exclude), strict=True):
            rankings[row] = list(hits.ids)
        return rankings

    def _usable(self, id_: str) -> bool:
        """Tell whether an item is in the catalog and has a vector."""
        return id_ in self.titles and self.vectors.row(id_) is not None

    def _counts(self, history: History) -> bool:
        """Tell whether something usable in the history has a weight."""
        pairs = zip(history.items, history.weights, strict=True)
        return any(weight > 0 and self._usable(id_) for id_, weight in pairs)

    def _search(
        self, profiles: Sequence[Profile], k: int, exclude: Sequence[Sequence[str]]
    ) -> list[Hits]:
        """Return the k best for each profile; those of one query are searched together."""
        if all(profile.single for profile in profiles):
            queries = np.vstack([profile.queries for profile in profiles])
            return self.index.search(queries, k, exclude=exclude)
        ids, matrix = self.vectors.ids, self.vectors.matrix
        found: list[Hits] = []
        for profile, left_out in zip(profiles, exclude, strict=True):
            if profile.single:
                found += self.index.search(profile.queries, k, exclude=[left_out])
            else:
                rows = [*self.vectors.rows(left_out), *self._gone_rows]
                found.append(search_pooled(profile, ids, matrix, k, exclude=rows))
        return found

    @cached_property
    def _gone_rows(self) -> list[int]:
        """The rows of the vectors of items that left the catalog."""
        return [row for row, id_ in enumerate(self.vectors.ids) if id_ not in self.titles]

    def _profile(self, history: History) -> Profile:
        covered = history.only([self._usable(id_) for id_ in history.items])
        if not self._counts(history):
            raise _nothing_usable(history, self.titles)
        vectors = np.asarray(self.vectors.matrix[self.vectors.rows(covered.items)])
        return self.profile.make(vectors, covered)

    def _items(
        self, hits: Hits, profile: Profile, history: Sequence[str], reasons: int
    ) -> tuple[RecommendedItem, ...]:
        because = explain_all(
            hits.ids, history, self.vectors, self.answers, self.titles, most=reasons
        )
        return tuple(
            RecommendedItem(
                id_, self.titles.get(id_), float(score), why, self._blocks(id_, profile)
            )
            for id_, score, why in zip(hits.ids, hits.scores, because, strict=True)
        )

    def _blocks(self, id_: str, profile: Profile) -> dict[str, float] | None:
        row = self.vectors.row(id_)
        if row is None or len(self.vectors.blocks) < 2:
            return None
        vector = self.vectors.matrix[row]
        return block_shares(vector, profile.toward(vector), self.vectors.blocks)


def _nothing_usable(history: History, titles: Mapping[str, str | None]) -> DataError:
    unknown = [id_ for id_ in dict.fromkeys(history.items) if id_ not in titles]
    if not history.items:
        return DataError("The history is empty.", "Give at least one item id.")
    if len(unknown) == len(set(history.items)):
        return DataError(
            f"No item of the history is in the catalog (the first is {unknown[0]!r}).",
            "Check the ids: they are strings, leading zeros count.",
        )
    return DataError(
        "No item of the history has a vector that counts.",
        "Ground and encode more of the shop, or choose another history.",
    )
