"""Training a network on examples; torch is imported late."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vlm4rec.baselines.fusion.batches import Batch, Batches
from vlm4rec.baselines.fusion.examples import ExampleRule
from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Judge", "Learned", "Training", "batch_loss", "learn", "need_torch"]

Judge = Callable[[Floats], float]
"""Says how good item vectors of shape (n items, d) are; more is better."""


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    The loss is the cross-entropy of the softmax over the columns of a batch (see
    `vlm4rec.baselines.fusion.batches.Batch`) of the cosine of profile and item, divided by the
    temperature; the optimiser is AdamW.

    Parameters
    ----------
    examples
        How examples are cut; see `vlm4rec.baselines.fusion.examples.examples_from`.
    epochs
        How often all examples are gone through: at most, where validation stops earlier.
    patience
        After how many epochs without a better validation score training stops.
    batch
        Examples a step.
    further
        Items a step that are drawn evenly from the candidates as further negatives.
    learning_rate, weight_decay
        Of AdamW.
    temperature
        What cosines are divided by; above 0.
    dropout
        The share of inputs that is left out at random while training.
    log_q
        Whether the logarithm of the chance that an item is in a batch is taken off its score (Yi
        et al., RecSys 2019), so that popular items are not pushed away for being popular.
    device
        Torch's word for where to train; by default the GPU where there is one.

    Raises
    ------
    DataError
        If a number is out of range.
    """

    examples: ExampleRule = "both"
    epochs: int = 30
    patience: int = 4
    batch: int = 512
    further: int = 512
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    temperature: float = 0.1
    dropout: float = 0.3
    log_q: bool = True
    device: str | None = None

    def __post_init__(self) -> None:
        positive = {
            "batch": self.batch,
            "patience": self.patience,
            "learning_rate": self.learning_rate,
            "temperature": self.temperature,
        }
        for name, value in positive.items():
            if not value > 0:
                raise DataError(f"{name} must be above 0, not {value}.")
        for name in ("epochs", "further", "weight_decay"):
            if getattr(self, name) < 0:
                raise DataError(f"{name} must be 0 or more, not {getattr(self, name)}.")
        if not 0 <= self.dropout < 1:
            raise DataError(f"dropout must be from 0 to below 1, not {self.dropout}.")


@dataclass(frozen=True)
class Learned:
    """What came out of training.

    Parameters
    ----------
    vectors
        One row of length 1 for each item (0 where nothing is known of it): float32.
    epochs
        After how many epochs the vectors were taken; 0 is the untrained start.
    scores
        The judge's score of the start and after each epoch; empty where nobody judged.
    losses
        The mean loss of each epoch.
    weights
        The share of each block in the similarity, where the network learns such.
    """

    vectors: Floats
    epochs: int
    scores: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()


def learn(
    make: Callable[[], nn.Module],
    blocks: Sequence[Floats],
    batches: Batches,
    training: Training,
    *,
    seed: int,
    epochs: int | None = None,
    judge: Judge | None = None,
) -> Learned:
    """Train a network; the same seed on the same machine gives the same vectors.

    Parameters
    ----------
    make
        Makes the network; what it draws at random is drawn by the seed.
    blocks
        Its input, one row for each item.
    batches
        The examples.
    training
        How.
    seed
        For the start, the order of the examples and what is left out.
    epochs
        How many; by default ``training.epochs``.
    judge
        Asked before the first epoch and after each. The best state is kept, and training stops
        when ``training.patience`` epochs brought nothing better. Without a judge the last state
        is kept.

    Raises
    ------
    MissingExtraError
        If torch is not installed.
    DataError
        If the loss is no number any more.
    """
    need_torch()
    import torch

    device = torch.device(training.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        network = make().to(device)
        inputs = [torch.from_numpy(block).to(device) for block in blocks]
        return _epochs(network, inputs, batches, training, seed, epochs, judge)


def need_torch() -> None:
    """Make sure that torch is there.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("Training a fusion", "encode")


def _epochs(
    network: nn.Module,
    inputs: list[Tensor],
    batches: Batches,
    training: Training,
    seed: int,
    epochs: int | None,
    judge: Judge | None,
) -> Learned:
    import torch

    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay
    )
    best = _taken(network, inputs, 0)
    scores = [judge(best.vectors)] if judge else []
    losses = []
    for epoch in range(1, (training.epochs if epochs is None else epochs) + 1):
        network.train()
        steps = [_step(network, inputs, batch, training, optimiser) for batch in batches.epoch(rng)]
        losses.append(float(np.mean(steps)))
        if not np.isfinite(losses[-1]):
            raise DataError(
                "The loss of a trained fusion is no number any more.",
                "Train with a lower learning rate or a higher temperature.",
            )
        if judge is None:
            continue
        now = _taken(network, inputs, epoch)
        scores.append(judge(now.vectors))
        if scores[-1] > scores[best.epochs]:
            best = now
        elif epoch - best.epochs >= training.patience:
            break
    if judge is None and losses:
        best = _taken(network, inputs, len(losses))
    return replace(best, scores=tuple(scores), losses=tuple(losses))


def _step(
    network: nn.Module, inputs: list[Tensor], batch: Batch, training: Training, optimiser: Any
) -> float:
    """Go one step down the loss of a batch, and return that loss."""
    optimiser.zero_grad(set_to_none=True)
    loss = batch_loss(network, inputs, batch, training)
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def batch_loss(
    network: nn.Module, inputs: Sequence[Tensor], batch: Batch, training: Training
) -> Tensor:
    """Return the loss of a batch: a tensor of one number."""
    import torch
    from torch.nn.functional import cross_entropy, normalize

    device = inputs[0].device
    rows = torch.from_numpy(batch.rows).to(device)
    given = [block[rows] for block in inputs]
    vectors = normalize(network(given), dim=1)
    profiles = normalize(torch.from_numpy(batch.shares).to(device) @ vectors, dim=1)
    logits = profiles @ vectors[: len(batch.log_chance)].T / training.temperature
    if training.log_q:
        logits = logits - torch.from_numpy(batch.log_chance).to(device)
    masked = torch.from_numpy(batch.masked).to(device)
    labels = torch.from_numpy(batch.labels).to(device)
    loss = cross_entropy(logits.masked_fill(masked, -torch.inf), labels)
    return loss + network.penalty(given, vectors)


def _taken(network: nn.Module, inputs: Sequence[Tensor], epochs: int) -> Learned:
    """Return what the network has learned after so many epochs."""
    import torch

    network.eval()
    with torch.inference_mode():
        vectors = normalise(network(inputs).cpu().numpy())
        return Learned(vectors, epochs, weights=tuple(network.weights().tolist()))
