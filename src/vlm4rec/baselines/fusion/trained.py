"""The methods whose item vectors are learned from interactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vlm4rec.baselines.fusion.batches import Batches
from vlm4rec.baselines.fusion.blocks import read_blocks
from vlm4rec.baselines.fusion.examples import examples_from
from vlm4rec.baselines.fusion.training import Judge, Learned, Training, learn, need_torch
from vlm4rec.baselines.fusion.vectors import fused_vectors
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.splitting import Split
from vlm4rec.profiles.registry import profile_by_name
from vlm4rec.profiles.strategy import ProfileStrategy
from vlm4rec.recommending.content import ContentRanker
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.validation import validation_score

if TYPE_CHECKING:
    from torch import nn

__all__ = ["FUSIONS", "LearnedRanker", "TrainedBlocks", "TrainedFusion"]

FUSIONS = ("attention", "gating", "cross-modal", "spectral")
"""The names of the trained fusions of text and image."""


class LearnedRanker(ContentRanker):
    """Ranks by learned item vectors, and knows how they were learned.

    Parameters
    ----------
    data
        What was learned from.
    learned
        The item vectors, one row for each item of the features.
    strategy
        How a history becomes a query.
    search
        The training that was judged on validation and said how many epochs are good; None where
        there was no validation.
    """

    def __init__(
        self,
        data: TrainingData,
        learned: Learned,
        strategy: ProfileStrategy,
        search: Learned | None = None,
    ) -> None:
        vectors = fused_vectors(learned.vectors)
        super().__init__(data.features.ids, vectors, data.candidates, strategy)
        self.learned = learned
        self.search = search


@dataclass(frozen=True)
class TrainedFusion:
    """Text and image fused into one vector an item, learned from interactions.

    Where there is validation, the network is first trained on what may be learned from while
    validating, and the epoch with the best NDCG@10 is found, the untrained start among them. Then
    the network is trained anew on everything for as many epochs: what was held back for
    validation is the newest that is known, and too much to lose. Without validation it is
    trained for all of ``training.epochs``.

    Parameters
    ----------
    name
        What the table shows.
    text, image
        The kinds of item features.
    fusion
        One of `FUSIONS`.
    dimension
        Of the item vectors.
    training
        How it is trained.
    whiten
        The shrinkage of the whitening of the features; None leaves them as they are.
    profile
        How a history becomes a query, as in `vlm4rec.recommending.content.Content`. In training
        it is the weighted mean, with the weights that the strategy gives to the history.

    Raises
    ------
    DataError
        If there is no such fusion, or the dimension is below 2.
    """

    name: str
    text: str
    image: str = "image"
    fusion: str = "attention"
    dimension: int = 256
    training: Training = field(default_factory=Training)
    whiten: float | None = 0.1
    profile: str | ProfileStrategy = "mean"

    def __post_init__(self) -> None:
        if self.fusion not in FUSIONS:
            raise DataError(
                f"There is no trained fusion {self.fusion!r}.",
                f"Choose from: {', '.join(FUSIONS)}.",
            )
        if self.dimension < 2:
            raise DataError(f"A fusion needs at least 2 dimensions, not {self.dimension}.")

    def fit(self, data: TrainingData) -> LearnedRanker:
        """Learn.

        Raises
        ------
        MissingExtraError
            If torch is not installed.
        DataError
            If the features or interactions are not enough to learn from.
        """
        need_torch()
        from vlm4rec.baselines.fusion.networks import NETWORKS

        blocks = read_blocks(data.features, (self.text, self.image), whiten=self.whiten)
        widths = [block.shape[1] for block in blocks]

        def make() -> nn.Module:
            return NETWORKS[self.fusion](widths, self.dimension, self.training.dropout)

        return _fit(data, blocks, make, self.training, self.profile)


@dataclass(frozen=True)
class TrainedBlocks:
    """Any number of feature blocks, with weights and a low-rank metric learned from interactions.

    It starts as the weighted concatenation of the whitened blocks and is pulled back to that; see
    `vlm4rec.baselines.fusion.networks.Metric`. Where interactions tell nothing more, the start
    itself is the best epoch on validation, and this is what is used. How it is trained is as in
    `TrainedFusion`.

    Parameters
    ----------
    name
        What the table shows.
    blocks
        The kinds of item features.
    weights
        The share of each block in the similarity at the start; by default all alike.
    rank
        Of the metric; 0 learns the weights alone.
    bent
        Whether the metric is a small network with a bend in the middle instead of a linear map.
    pull
        How strongly items are held where they are: this many times the mean of one minus the
        cosine of an item's vector with that at the start is added to the loss.
    training
        How it is trained. With ``dropout``, whole blocks are left out at random.
    most_columns
        How many columns a block may have at most.
    whiten
        The shrinkage of the whitening of the blocks; None leaves them as they are.
    profile
        As in `TrainedFusion`.

    Raises
    ------
    DataError
        If there is no block, a weight is not positive, or weights and blocks don't match.
    """

    name: str
    blocks: tuple[str, ...]
    weights: tuple[float, ...] | None = None
    rank: int = 64
    bent: bool = False
    pull: float = 1.0
    training: Training = field(default_factory=Training)
    most_columns: int | None = 256
    whiten: float | None = 0.1
    profile: str | ProfileStrategy = "mean"

    def __post_init__(self) -> None:
        if not self.blocks:
            raise DataError(f"{self.name!r} needs at least one kind of item features.")
        if self.weights is not None and (
            len(self.weights) != len(self.blocks) or not min(self.weights) > 0
        ):
            raise DataError(
                f"{self.name!r} has the weights {self.weights} for {len(self.blocks)} blocks.",
                "Give one number above 0 for each block.",
            )
        if self.rank < 0 or self.pull < 0:
            raise DataError(f"rank and pull must be 0 or more, not {self.rank} and {self.pull}.")

    def fit(self, data: TrainingData) -> LearnedRanker:
        """Learn; see `TrainedFusion.fit` for what is raised."""
        need_torch()
        from vlm4rec.baselines.fusion.networks import Metric

        blocks = read_blocks(data.features, self.blocks, whiten=self.whiten, most=self.most_columns)
        widths = [block.shape[1] for block in blocks]
        weights = self.weights or (1.0,) * len(blocks)

        def make() -> nn.Module:
            return Metric(
                widths,
                weights,
                self.rank,
                bent=self.bent,
                pull=self.pull,
                dropout=self.training.dropout,
            )

        return _fit(data, blocks, make, self.training, self.profile)


def _fit(
    data: TrainingData,
    blocks: Sequence[Floats],
    make: Callable[[], nn.Module],
    training: Training,
    profile: str | ProfileStrategy,
) -> LearnedRanker:
    """Find the number of epochs on validation, then learn from everything."""
    strategy = profile_by_name(profile) if isinstance(profile, str) else profile
    search, epochs = None, training.epochs
    if data.validation is not None:
        inner = data.for_validation()
        judge = _judge(inner, data.validation, strategy)
        search = _learn(inner, blocks, make, training, strategy, judge=judge)
        epochs = search.epochs
    learned = _learn(data, blocks, make, training, strategy, epochs=epochs)
    return LearnedRanker(data, learned, strategy, search)


def _judge(inner: TrainingData, validation: Split, strategy: ProfileStrategy) -> Judge:
    def judge(vectors: Floats) -> float:
        made = fused_vectors(vectors)
        ranker = ContentRanker(inner.features.ids, made, inner.candidates, strategy)
        return validation_score(ranker, inner, validation.cases)

    return judge


def _learn(
    data: TrainingData,
    blocks: Sequence[Floats],
    make: Callable[[], nn.Module],
    training: Training,
    strategy: ProfileStrategy,
    *,
    epochs: int | None = None,
    judge: Judge | None = None,
) -> Learned:
    usable = np.any([block.any(axis=1) for block in blocks], axis=0)
    examples = examples_from(data, training.examples, profile=strategy, usable=usable)
    candidates = np.array(data.features.rows(data.candidates), dtype=np.intp)
    batches = Batches(
        examples,
        len(data.features.ids),
        training.batch,
        further=training.further,
        candidates=candidates,
    )
    return learn(make, blocks, batches, training, seed=data.seed, epochs=epochs, judge=judge)
