"""From histories to rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from vlm4rec.encoding.vectors import ItemVectors
from vlm4rec.errors import DataError
from vlm4rec.grounding.schema import Answer
from vlm4rec.index.exact import ExactIndex
from vlm4rec.index.index import Hits, Index
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.strategy import MeanProfile, Profile, ProfileStrategy
from vlm4rec.recommending.blended import BlendedRanking, Placed
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
    blended
        What ranks in place of the vectors, if anything; the vectors still give the reasons, and
        still say what `similar` is.
    note
        What is to be known of every ranking; it is handed on with each.
    """

    def __init__(
        self,
        vectors: ItemVectors,
        titles: Mapping[str, str | None],
        answers: Mapping[str, Sequence[Answer]],
        profile: ProfileStrategy | None = None,
        index: Index | None = None,
        blended: BlendedRanking | None = None,
        note: str = "",
    ) -> None:
        self.vectors = vectors
        self.titles = titles
        self.answers = answers
        self.profile = profile or MeanProfile()
        self.blended = blended
        self.note = note
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

        Where there is a blend, it ranks, and the shares of its signals are the items' blocks.

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
        if self.blended is None:
            placed = self._nearest(history, k, exclude)
        else:
            self._check(history)
            placed = self.blended.best(history, k, [*exclude, *self._left])
        return self._answer(history, placed, user, reasons, self.note)

    def similar(self, item: str, k: int = 10) -> Recommendations:
        """Return the k items most like an item, by the vectors; see `recommend`."""
        history = History.of([item])
        return self._answer(history, self._nearest(history, k), None, 1)

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Rank the covered items for each request; see `vlm4rec.recommending.ranker.Ranker`."""
        if self.blended is not None:
            left = self._left
            asked = [replace(r, mask=(*self.blended.masked(r), *left)) for r in requests]
            return self.blended.rank(asked, k)
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

    @cached_property
    def _left(self) -> list[str]:
        """What the blend would rank though it is not in the catalog."""
        candidates = () if self.blended is None else self.blended.blend.candidates
        return [id_ for id_ in candidates if id_ not in self.titles]

    def _check(self, history: History) -> None:
        if not self._counts(history):
            raise _nothing_usable(history, self.titles)

    def _nearest(self, history: History, k: int, exclude: Sequence[str] = ()) -> list[Placed]:
        """Return the k items whose vectors are nearest to the profile of a history."""
        profile = self._profile(history)
        hits = self._search([profile], k, [[*history.items, *exclude, *self._gone]])[0]
        return [
            Placed(id_, float(score), self._blocks(id_, profile))
            for id_, score in zip(hits.ids, hits.scores, strict=True)
        ]

    def _profile(self, history: History) -> Profile:
        covered = history.only([self._usable(id_) for id_ in history.items])
        self._check(history)
        vectors = np.asarray(self.vectors.matrix[self.vectors.rows(covered.items)])
        return self.profile.make(vectors, covered)

    def _answer(
        self,
        history: History,
        placed: Sequence[Placed],
        user: str | None,
        reasons: int,
        note: str = "",
    ) -> Recommendations:
        past = list(dict.fromkeys(history.items))
        covered = [id_ for id_ in past if self._usable(id_)]
        others = [id_ for id_ in past if not self._usable(id_)]
        ids = [each.id for each in placed]
        because = explain_all(ids, covered, self.vectors, self.answers, self.titles, most=reasons)
        return Recommendations(
            items=tuple(
                RecommendedItem(each.id, self.titles.get(each.id), each.score, why, each.shares)
                for each, why in zip(placed, because, strict=True)
            ),
            user=user,
            history=history.items,
            uncovered=tuple(id_ for id_ in others if id_ in self.titles),
            unknown=tuple(id_ for id_ in others if id_ not in self.titles),
            note=note,
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
