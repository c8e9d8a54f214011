"""Evaluating methods on a shop: from its folder to what a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vlm4rec.evaluation.evaluate import Watch, no_watch
from vlm4rec.evaluation.report.items import ReportItems
from vlm4rec.evaluation.results import Evaluation
from vlm4rec.shop.folder import ShopFolder

__all__ = ["EvaluateOptions", "ShopEvaluation", "evaluate_shop"]


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """What is judged on a shop, and how.

    Parameters
    ----------
    protocol
        The name of a split: see `vlm4rec.interactions.splits.registry.splitter_by_name`.
    parameters
        Those of the split that are not to have their defaults.
    methods
        Names of methods, and of groups of them: ``"paper"``, ``"collaborative"``, ``"best"``.
    ks
        The cut-offs.
    seed
        For all that is drawn at random.
    variant_key
        What variants of a product share (`vlm4rec.shop.features.shop_variants`); None for the
        shop's usual one, ``"none"`` to judge with variants counted in alone.
    core
        Only users and items with so many of the other are used; None for all.
    reference
        The method to compare with, which must be among the methods; None to leave it to the
        report.
    encoder, image_encoder
        Their names; None for the usual ones.
    """

    protocol: str = "leave-last-out"
    parameters: Mapping[str, object] = field(default_factory=dict)
    methods: tuple[str, ...] = ("paper", "collaborative", "best")
    ks: tuple[int, ...] = (5, 10, 20)
    seed: int = 0
    variant_key: str | None = None
    core: int | None = None
    reference: str | None = None
    encoder: str | None = None
    image_encoder: str | None = None


@dataclass(frozen=True)
class ShopEvaluation:
    """What was found, and what a report must know of the shop's items."""

    evaluation: Evaluation
    items: ReportItems


def evaluate_shop(
    folder: ShopFolder, options: EvaluateOptions | None = None, watch: Watch = no_watch
) -> ShopEvaluation:
    """Judge methods on a shop.

    Parameters
    ----------
    folder
        The shop.
    options
        What is judged, and how.
    watch
        Told of the progress: what is being done, how many methods are done, and of how many.

    Raises
    ------
    DataError
        If there is no such split, method or variant key, the shop has no interactions, no item
        is covered, or no case is left. Names are checked before anything is learned.
    StepMissingError
        If the shop has no catalog.
    """
    raise NotImplementedError
