"""The fusions that learn nothing: the plain mean of text and image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlm4rec.baselines.fusion.blocks import principal
from vlm4rec.baselines.fusion.vectors import fused_vectors
from vlm4rec.encoding.encoder import normalise
from vlm4rec.errors import DataError
from vlm4rec.profiles.registry import profile_by_name
from vlm4rec.profiles.strategy import ProfileStrategy
from vlm4rec.recommending.content import ContentRanker
from vlm4rec.recommending.method import TrainingData

__all__ = ["AveragedBlocks"]


@dataclass(frozen=True)
class AveragedBlocks:
    """The naive average: vectors of different kinds added number by number.

    That means something only where both kinds live in one space; it is here because papers do
    it. Kinds of different lengths (384 numbers of a text, 1,280 of a picture) can't even be
    added, so each is first projected onto its own principal directions, as many for all (see
    `vlm4rec.baselines.fusion.blocks.principal`), fitted on all items. Each projected vector has
    length 1 and counts the same; an item that lacks a kind is made of the others.

    Parameters
    ----------
    name
        What the table shows.
    blocks
        The kinds of item features.
    dimension
        How many directions; by default as many as the shortest kind has columns.
    profile
        How a history becomes a query.
    """

    name: str
    blocks: tuple[str, ...]
    dimension: int | None = None
    profile: str | ProfileStrategy = "mean"

    def fit(self, data: TrainingData) -> ContentRanker:
        """Average the blocks; nothing is learned from interactions.

        Raises
        ------
        DataError
            If there is no block, or no such kind of features.
        """
        if not self.blocks:
            raise DataError(f"The average {self.name!r} needs at least one kind of item features.")
        matrices = [data.features[name] for name in self.blocks]
        dimension = self.dimension or min(matrix.shape[1] for matrix in matrices)
        summed = np.sum([principal(matrix, dimension) for matrix in matrices], axis=0)
        profile = self.profile
        return ContentRanker(
            data.features.ids,
            fused_vectors(normalise(summed)),
            data.candidates,
            profile_by_name(profile) if isinstance(profile, str) else profile,
        )
