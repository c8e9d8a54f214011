"""What `vlm4rec tune` chose, as a shop's manifest keeps it."""

from __future__ import annotations

import shlex
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vlm4rec.errors import ShopDamagedError
from vlm4rec.shop.answers import ShopAnswers
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import StepRecord
from vlm4rec.storage import file_hash

__all__ = [
    "EncoderUsed",
    "SignalWeight",
    "TriedChoice",
    "TunedChoice",
    "changed_since",
    "feature_inputs",
    "tune_command",
    "tune_inputs",
    "tuned_choice",
]


class EncoderUsed(BaseModel):
    """An encoder, and how to find the vectors that it made."""

    model_config = ConfigDict(frozen=True)

    name: str
    fingerprint: str
    dimension: int


class SignalWeight(BaseModel):
    """One signal of the blend.

    Parameters
    ----------
    signal
        Its name.
    weight
        How much the signal counts, of its standardised numbers.
    centre, scale
        What is taken from its numbers, and what they are then divided by.
    """

    model_config = ConfigDict(frozen=True)

    signal: str
    weight: float
    centre: float
    scale: float = Field(gt=0)


class TriedChoice(BaseModel):
    """A choice that was tried, and what it reached on validation: NDCG@10, from 0 to 1."""

    model_config = ConfigDict(frozen=True)

    profile: str
    shrinkage: float | None
    nearest: bool
    ndcg: float


class TunedChoice(BaseModel):
    """What was chosen for a shop; the rest can be rebuilt from the shop.

    Parameters
    ----------
    features
        The kinds of item features that are signals.
    profile, shrinkage, nearest
        See `vlm4rec.baselines.blends.BlendChoice`.
    penalty
        What the weights were learned with.
    weights
        Of all signals, in the blend's order.
    tried
        All choices that were tried, the best first.
    recipe_ndcg
        What the paper's recipe reaches on the same validation cases.
    variants
        What variants of a product share, where variants of the history are left out.
    encoder, image_encoder
        What made the features; no image encoder where there is no feature of images.
    """

    model_config = ConfigDict(frozen=True)

    features: tuple[str, ...]
    profile: str
    shrinkage: float | None
    nearest: bool
    penalty: float
    weights: tuple[SignalWeight, ...] = Field(min_length=1)
    tried: tuple[TriedChoice, ...] = Field(min_length=1)
    recipe_ndcg: float
    variants: str | None = None
    encoder: EncoderUsed
    image_encoder: EncoderUsed | None = None

    @property
    def ndcg(self) -> float:
        """What the choice reached on validation: NDCG@10."""
        return self.tried[0].ndcg


def tuned_choice(folder: ShopFolder) -> TunedChoice | None:
    """Return what was chosen for a shop, or None if it was never tuned.

    Raises
    ------
    ShopDamagedError
        If what the manifest holds is no choice.
    """
    step = folder.manifest().steps.get("tune")
    if step is None:
        return None
    try:
        return TunedChoice.model_validate(step.results)
    except ValidationError as error:
        raise ShopDamagedError(
            f"What tune found for {folder.root} can't be read: {error.errors()[0]['msg']}.",
            f"Run: {tune_command(folder, step)}",
        ) from error


def feature_inputs(folder: ShopFolder) -> dict[str, str]:
    """Return the hashes of what features are made of: catalog and groundings."""
    return {
        "catalog": folder.step("init").outputs["catalog"],
        "groundings": ShopAnswers(folder).fingerprint(),
    }


def tune_inputs(folder: ShopFolder) -> dict[str, str]:
    """Return the hashes of what tuning reads: catalog, groundings and interactions."""
    return {**feature_inputs(folder), "interactions": file_hash(folder.interactions_file)}


def changed_since(folder: ShopFolder, step: StepRecord) -> list[str]:
    """Return which of the inputs of tuning changed since it ran."""
    now = tune_inputs(folder)
    return [name for name, hash_ in now.items() if step.inputs.get(name) != hash_]


def tune_command(folder: ShopFolder, step: StepRecord) -> str:
    """Return the command that tunes again as it was done the last time."""
    held: dict[str, Any] = {**step.parameters, **step.parameters.get("of_protocol", {})}
    held.pop("of_protocol", None)
    options = [
        f" --{name.replace('_', '-')} {shlex.quote(str(value))}"
        for name, value in held.items()
        if value is not None
    ]
    return f"vlm4rec tune {folder.quoted}{''.join(options)}"
