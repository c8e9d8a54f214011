"""Recommending by content: the similarity of items to what the customer chose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.profiles.many import is_linear, weigh_all, weighted_means
from vlm4rec.profiles.pasts import Pasts
from vlm4rec.profiles.registry import profile_by_name
from vlm4rec.profiles.strategy import Profile, ProfileStrategy
from vlm4rec.recommending.blocks import BlockSpec, BlockVectors, block_specs, block_vectors
from vlm4rec.recommending.consistency import block_factors
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker

__all__ = ["Content", "ContentRanker"]

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
        How far each customer's own taste weighs the blocks, in either direction; see
        `vlm4rec.recommending.consistency.block_factors`. 0 is not at all.

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
        if not np.isfinite(self.consistency):
            raise DataError(f"The consistency must be a number, not {self.consistency}.")

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
            scores = _products(queries, self._items)
            scores[~queries.any(axis=1)] = -np.inf
        else:
            scores = self._pooled(self._profiles(strategy, histories, pasts), len(histories))
        return scores if self._twins is None else scores[:, self._twins]

    def _factors(self, pasts: Pasts, means: NDArray[np.float64]) -> NDArray[np.float64]:
        return block_factors(pasts, means, self.vectors, self._lengths, self.consistency)

    def _stretched(self, factors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Repeat what holds for a block over its columns."""
        widths = [block.stop - block.start for block in self.vectors.blocks]
        return np.repeat(factors, widths, axis=-1)

    def _profiles(
        self, strategy: ProfileStrategy, histories: Sequence[History], pasts: Pasts
    ) -> Iterator[tuple[int, Profile]]:
        """Make a profile of each history in which something counts, when it is asked for."""
        factors = None
        if self.consistency:
            factors = self._factors(pasts, weighted_means(pasts, self.vectors.matrix))
        bounds = pasts.starts.tolist()
        for number in np.flatnonzero(pasts.counting).tolist():
            part = slice(bounds[number], bounds[number + 1])
            history = histories[number]
            covered = history.only([item in self._rows for item in history.items])
            weighed = replace(covered, weights=tuple(pasts.weights[part].tolist()))
            profile = strategy.make(self.vectors.matrix[pasts.rows[part]], weighed)
            if factors is not None:
                turned = profile.queries * self._stretched(factors[number])
                profile = replace(profile, queries=normalise(turned))
            if profile.queries.any():
                yield number, profile

    def _pooled(self, profiles: Iterable[tuple[int, Profile]], n: int) -> Floats:
        """Return the scores of n profiles of several queries; a few are multiplied together."""
        scores = np.full((n, len(self._items)), -np.inf, dtype=np.float32)
        most = max(1, _SIMILARITIES // max(1, *self._items.shape))
        group: list[tuple[int, Profile]] = []
        held = 0
        for number, profile in profiles:
            many = len(profile.queries)
            if many > most:  # by themselves, a stretch of items at a time
                scores[number] = profile.scores(self._items)
                continue
            if held + many > most:
                self._pool(group, scores)
                group, held = [], 0
            group.append((number, profile))
            held += many
        self._pool(group, scores)
        return scores

    def _pool(self, group: Sequence[tuple[int, Profile]], scores: Floats) -> None:
        """Put the scores of a few profiles in their rows."""
        if not group:
            return
        queries = np.vstack([profile.queries for _, profile in group])
        similarities = _products(queries, self._items)
        start = 0
        for number, profile in group:
            stop = start + len(profile.queries)
            scores[number] = profile.pool(similarities[start:stop])
            start = stop


def _products(queries: Floats, items: Floats) -> Floats:
    # BLAS was seen to flag an invalid number where all were finite, for what lay beside them in
    # memory. Scores that are undefined are told by the ranker anyway.
    with np.errstate(invalid="ignore"):
        return np.asarray(queries @ items.T)


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
