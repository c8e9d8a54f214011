"""Recommending by content: the similarity of items to what the customer chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.many import is_linear, shares_of, weigh_all, weighted_means
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.registry import profile_by_name
from vlm4rec.profiles.strategy import Profile, ProfileStrategy
from vlm4rec.recommending.blocks import BlockSpec, BlockVectors, block_specs, block_vectors
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker

__all__ = ["Content", "ContentRanker", "block_factors"]

_SIMILARITIES = 16 * 2**20
"""How many similarities to several queries are held at a time: 64 MB."""


@dataclass(frozen=True)
class Content:
    """The method of the paper, and what grew from it: vectors of blocks, and a profile.

    Nothing is learned from interactions.

    Parameters
    ----------
    name
        What the table shows.
    blocks
        The features: a name, several, their weights by name, or
        `vlm4rec.recommending.blocks.BlockSpec`.
    profile
        How a history becomes a query: a strategy, or its name as in
        `vlm4rec.profiles.registry.PROFILES`.
    whiten
        The shrinkage of the whitening of the blocks given by name; None leaves them as they are.
    consistency
        How far each customer's own taste weighs the blocks; see `block_factors`. 0 is not at all.

    Raises
    ------
    DataError
        If a block, the profile or the consistency is none that there can be.

    Examples
    --------
    >>> from vlm4rec.interactions.interactions import Interactions
    >>> from vlm4rec.recommending.method import ItemFeatures
    >>> boots = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], dtype=np.float32)
    >>> features = ItemFeatures(("a", "b", "c"), {"title": lambda: boots})
    >>> data = TrainingData(Interactions.empty(), features, candidates=("a", "b", "c"))
    >>> Content("title", "title").fit(data).rank([Request(History.of(["a"]))], k=2)
    [['b', 'c']]
    """

    name: str
    blocks: str | Sequence[str | BlockSpec] | Mapping[str, float]
    profile: str | ProfileStrategy = "mean"
    whiten: float | None = None
    consistency: float = 0.0

    def __post_init__(self) -> None:
        block_specs(self.blocks, whiten=self.whiten)
        self.strategy  # noqa: B018 - a name that is none is told at once
        if not 0 <= self.consistency < np.inf:
            raise DataError(f"The consistency must be 0 or more, not {self.consistency}.")

    @property
    def strategy(self) -> ProfileStrategy:
        """The profile strategy."""
        named = isinstance(self.profile, str)
        return profile_by_name(self.profile) if named else self.profile  # type: ignore[arg-type,return-value]

    def fit(self, data: TrainingData) -> ContentRanker:
        """Make the item vectors, and return what ranks the candidates by them.

        Raises
        ------
        DataError
            If there are no such features, or a candidate is not among their items.
        """
        vectors = block_vectors(data.features, block_specs(self.blocks, whiten=self.whiten))
        return ContentRanker(
            data.features.ids,
            vectors,
            data.candidates,
            self.strategy,
            consistency=self.consistency,
        )


class ContentRanker(ScoreRanker):
    """Scores each candidate by its similarity to the profile of the history.

    A score is the dot product with the one query of the profile, or what the profile's pooling
    makes of those with several. A candidate without a vector scores 0. A history in which no
    item that has a vector counts gets no ranking.

    Parameters
    ----------
    ids
        The items of the vectors.
    vectors
        Their vectors.
    candidates
        The items that may be ranked, some or all of them.
    strategy
        How a history becomes a profile.
    consistency
        See `Content`.

    Raises
    ------
    DataError
        If a candidate is not among the items.
    """

    def __init__(
        self,
        ids: Sequence[str],
        vectors: BlockVectors,
        candidates: Sequence[str],
        strategy: ProfileStrategy,
        *,
        consistency: float = 0.0,
    ) -> None:
        super().__init__(candidates)
        self.vectors = vectors
        self.strategy = strategy
        self.consistency = consistency
        places = {id_: row for row, id_ in enumerate(ids)}
        unknown = next((id_ for id_ in self.candidates if id_ not in places), None)
        if unknown is not None:
            raise DataError(f"There are no features of the candidate {unknown!r}.")
        covered = vectors.covered.tolist()
        self._rows = {id_: row for id_, row in places.items() if covered[row]}
        self._items, self._twins = _distinct(
            vectors.matrix[[places[id_] for id_ in self.candidates]]
        )
        self._lengths = vectors.lengths() if consistency else np.zeros((0, 0))

    def scores(self, requests: Sequence[Request]) -> Floats:
        """Return how similar each candidate is; see `ScoreRanker.scores`."""
        histories = [request.history for request in requests]
        strategy, pasts = weigh_all(self.strategy, Pasts.of(histories, self._rows))
        if is_linear(strategy):
            means = weighted_means(pasts, self.vectors.matrix)
            if self.consistency:
                means *= self._stretched(self._factors(pasts, means))
            queries = normalise(means)
            scores = queries @ self._items.T
            scores[~queries.any(axis=1)] = -np.inf
        else:
            scores = self._pooled(self._profiles(strategy, histories, pasts))
        return scores if self._twins is None else scores[:, self._twins]

    def _factors(self, pasts: Pasts, means: NDArray[np.float64]) -> NDArray[np.float64]:
        return block_factors(pasts, means, self.vectors, self._lengths, self.consistency)

    def _stretched(self, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Repeat what holds for a block over its columns."""
        widths = [block.stop - block.start for block in self.vectors.blocks]
        return np.repeat(factors, widths, axis=-1)

    def _profiles(
        self, strategy: ProfileStrategy, histories: Sequence[History], pasts: Pasts
    ) -> list[Profile | None]:
        """Return a profile for each history in which something counts."""
        profiles: list[Profile | None] = [None] * len(histories)
        bounds = pasts.starts.tolist()
        for number in np.flatnonzero(pasts.counting).tolist():
            part = slice(bounds[number], bounds[number + 1])
            history = histories[number]
            covered = history.only([item in self._rows for item in history.items])
            weighed = replace(covered, weights=tuple(pasts.weights[part].tolist()))
            profile = strategy.make(self.vectors.matrix[pasts.rows[part]], weighed)
            profiles[number] = profile if profile.queries.any() else None
        if self.consistency:
            factors = self._factors(pasts, weighted_means(pasts, self.vectors.matrix))
            for number, made in enumerate(profiles):
                if made is not None:
                    turned = made.queries * self._stretched(factors[number])
                    profiles[number] = replace(made, queries=normalise(turned))
        return profiles

    def _pooled(self, profiles: Sequence[Profile | None]) -> Floats:
        """Return the scores of profiles of several queries; a few are multiplied together."""
        n = len(self._items)
        scores = np.full((len(profiles), n), -np.inf, dtype=np.float32)
        most = max(1, _SIMILARITIES // max(1, n))
        group: list[int] = []
        held = 0
        for number, profile in enumerate(profiles):
            if profile is None:
                continue
            if len(profile.queries) > most:  # by themselves, a stretch of items at a time
                scores[number] = profile.scores(self._items)
                continue
            if held + len(profile.queries) > most:
                self._pool(profiles, group, scores)
                group, held = [], 0
            group.append(number)
            held += len(profile.queries)
        self._pool(profiles, group, scores)
        return scores

    def _pool(
        self, profiles: Sequence[Profile | None], group: Sequence[int], scores: Floats
    ) -> None:
        together = [profile for number in group if (profile := profiles[number]) is not None]
        if not together:
            return
        similarities = np.vstack([profile.queries for profile in together]) @ self._items.T
        start = 0
        for number, profile in zip(group, together, strict=True):
            stop = start + len(profile.queries)
            scores[number] = profile.pool(similarities[start:stop])
            start = stop


def block_factors(
    pasts: Pasts,
    means: NDArray[np.float64],
    vectors: BlockVectors,
    lengths: NDArray[np.float64],
    consistency: float,
) -> NDArray[np.float64]:
    """Return how much more or less each block counts for each customer.

    Who buys every colour in one cut chooses by the cut. With ``c`` the mean cosine between the
    block's vectors of any two purchases, weighted as the profile weighs them, the factor of the
    block is ``((1 + c) / 2) ** consistency``. It multiplies the block of the query, so that a
    score stays one dot product. Where no two purchases have the block it gets the mean of the
    customer's other factors, and 1 where there is none.

    A weighted mean of vectors of length 1 is shorter the less they are alike, so a profile
    already leans to what is consistent; this leans further.

    Parameters
    ----------
    pasts
        The histories, weighed.
    means
        Their weighted means, shape (n histories, d).
    vectors
        The item vectors.
    lengths
        Of their blocks.
    consistency
        0 or more.

    Returns
    -------
    NDArray[np.float64]
        Shape (n histories, n blocks), each from 0 to 1.
    """
    shares = shares_of(pasts)[:, np.newaxis]
    portions = shares * lengths[pasts.rows]
    factors = np.full((len(pasts), len(vectors.blocks)), np.nan)
    sums, squares = (_sums(pasts, part) for part in (portions, portions**2))
    for number, block in enumerate(vectors.blocks):
        stretch = means[:, block.start : block.stop]
        pairs = sums[:, number] ** 2 - squares[:, number]
        alike = np.einsum("nd,nd->n", stretch, stretch) - squares[:, number]
        some = pairs > 1e-9
        cosines = np.clip(alike[some] / pairs[some], -1, 1)
        factors[some, number] = ((1 + cosines) / 2) ** consistency
    unknown = np.isnan(factors)
    known = (~unknown).sum(axis=1)
    usual = np.where(known > 0, np.nansum(factors, axis=1) / np.maximum(known, 1), 1.0)
    return np.where(unknown, usual[:, np.newaxis], factors)


def _sums(pasts: Pasts, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up the rows of each history."""
    columns = [
        np.bincount(pasts.owners, weights=column, minlength=len(pasts)) for column in values.T
    ]
    return np.stack(columns, axis=1)


def _distinct(matrix: Floats) -> tuple[Floats, NDArray[np.intp] | None]:
    """Return each distinct vector once, and the place of each row among them.

    Equal vectors must get equal scores, to the last bit, to be ranked as equals; a product of
    matrices does not give that. Shops have many: variants share their titles.
    """
    first: dict[bytes, int] = {}
    places = np.array(
        [first.setdefault(row.tobytes(), len(first)) for row in matrix], dtype=np.intp
    )
    if len(first) == len(matrix):
        return np.ascontiguousarray(matrix), None
    kept = np.unique(places, return_index=True)[1]
    return np.ascontiguousarray(matrix[kept]), places
