"""Evaluating methods on a shop: from its folder to what a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vlm4rec.catalog.items import Catalog
from vlm4rec.encoding.encoder import DEFAULT_ENCODER
from vlm4rec.errors import DataError
from vlm4rec.evaluation.beyond_accuracy import ItemCounts
from vlm4rec.evaluation.evaluate import (
    EvaluationOptions,
    Prepared,
    Watch,
    evaluate,
    no_watch,
    prepare,
)
from vlm4rec.evaluation.methods import methods_by_name, needed_features, needs_validation
from vlm4rec.evaluation.report.items import ReportItems
from vlm4rec.evaluation.report.summary import reference_method
from vlm4rec.evaluation.results import Evaluation
from vlm4rec.interactions.filtering import k_core, only_items
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.registry import splitter_by_name
from vlm4rec.interactions.splits.rule import tally
from vlm4rec.recommending.method import Method
from vlm4rec.recommending.variants import Variants
from vlm4rec.shop.answers import wanted_photos
from vlm4rec.shop.features import covered_items, shop_features, shop_variants
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.shop import Shop

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
        Names of methods, and of groups of them: ``"paper"``, ``"collaborative"``, ``"best"``; see
        `vlm4rec.evaluation.methods.GROUPS`.
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
    methods: tuple[str, ...] = ("best", "content", "collaborative")
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
    options = options or EvaluateOptions()
    splitter = splitter_by_name(options.protocol, **options.parameters)
    methods = methods_by_name(options.methods)
    reference_method([method.name for method in methods], options.reference)
    judging = EvaluationOptions(options.ks, options.seed)
    shop = Shop(folder)
    if not len(shop.interactions):
        raise DataError(
            f"{folder.root} holds no interactions to judge by.",
            f"Run: vlm4rec init {folder.quoted} --interactions FILE",
        )
    coverage = covered_items(folder)
    features = shop_features(
        folder,
        encoder=options.encoder or DEFAULT_ENCODER,
        image_encoder=options.image_encoder,
        ids=coverage.ids,
    )
    methods, notes = _possible(methods, features.names)
    reference_method([method.name for method in methods], options.reference)
    left_out = {f"items {reason}": count for reason, count in coverage.left_out.items()}
    interactions = _interactions(shop.interactions, coverage.ids, options.core, left_out)
    prepared = prepare(splitter, interactions, features, judging)
    if prepared.data.validation is None:
        methods, notes = _without_choices(methods, (*notes, *prepared.facts.notes))
        reference_method([method.name for method in methods], options.reference)
    prepared = _with_coverage(prepared, left_out, notes)
    variants = _variants(shop.catalog, options.variant_key)
    evaluation = evaluate(methods, prepared, variants=variants, watch=watch)
    return ShopEvaluation(evaluation, _items(shop, prepared, evaluation))


def _variants(catalog: Catalog, key: str | None) -> Variants | None:
    """Return the variants, or None where there are none: the second setting would say the same."""
    if key == "none":
        return None
    variants = shop_variants(catalog, key)
    return variants if variants.products else None


def _interactions(
    every: Interactions, ids: Sequence[str], core: int | None, left_out: dict[str, int]
) -> Interactions:
    """Return those to judge by, and count those that are left out before the split."""
    known = only_items(every, ids)
    tally(
        left_out,
        "interactions with items that are not covered",
        len(every) - len(known),
    )
    if not len(known):
        raise DataError(
            f"None of the {len(every):,} interactions is with an item that is covered, which is "
            f"one of {len(ids):,}.",
            "Ground the items that customers bought: vlm4rec ground, which takes them first.",
        )
    if core is None:
        return known
    dense = k_core(known, users=core, items=core)
    if len(known) and not len(dense):
        raise DataError(
            f"There are no customers and items with at least {core:,} of each other.",
            "Lower --core, or leave it out.",
        )
    tally(left_out, "interactions that k-core filtering took out", len(known) - len(dense))
    return dense


def _possible(
    methods: Sequence[Method], there: Sequence[str]
) -> tuple[list[Method], tuple[str, ...]]:
    """Return the methods of which the shop has the features, and a note for what it has not."""
    lacking: dict[str, list[str]] = {}
    possible = []
    for method in methods:
        missing = sorted(needed_features(method).difference(there))
        if missing:
            lacking.setdefault(", ".join(missing), []).append(method.name)
        else:
            possible.append(method)
    notes = tuple(
        f"The shop has no features {what}, so it can't have: {'; '.join(names)}."
        for what, names in lacking.items()
    )
    if not possible:
        raise DataError(" ".join(notes), f"The shop has: {', '.join(there)}.")
    return possible, notes


def _without_choices(
    methods: Sequence[Method], notes: tuple[str, ...]
) -> tuple[list[Method], tuple[str, ...]]:
    """Return the methods that choose nothing on validation, and a note of the others."""
    plain = [method for method in methods if not needs_validation(method)]
    names = "; ".join(method.name for method in methods if needs_validation(method))
    if not plain:
        raise DataError(
            f"{' '.join(notes)} All methods that were named choose something there: {names}.",
            "Choose another --protocol, add interactions, or judge what chooses nothing: "
            "--methods ablation",
        )
    return plain, ((*notes, f"So these can't be judged: {names}.") if names else notes)


def _with_coverage(
    prepared: Prepared, left_out: Mapping[str, int], notes: tuple[str, ...]
) -> Prepared:
    """Add to the facts what was left out before the split."""
    facts = prepared.facts
    told = tuple(dict.fromkeys((*notes, *facts.notes)))
    facts = replace(facts, left_out={**left_out, **facts.left_out}, notes=told)
    return replace(prepared, facts=facts)


def _items(shop: Shop, prepared: Prepared, evaluation: Evaluation) -> ReportItems:
    frame = shop.catalog.frame
    titles = {id_: title for id_, title in zip(frame["id"], frame["title"], strict=True) if title}
    features, candidates = prepared.data.features, evaluation.candidates
    photos = wanted_photos(shop.folder).select("item", "path", "sha256").iter_rows()
    categories = {
        id_: answers[0].category for id_ in candidates if (answers := shop.answers.get(id_))
    }
    told = "title+description" if "title+description" in features.names else "description"
    return ReportItems(
        titles=titles,
        photos={item: (path, sha256) for item, path, sha256 in photos},
        categories=categories,
        counts=ItemCounts.of(prepared.data.interactions, candidates),
        vectors=features[told][features.rows(candidates)],
        vectors_told=told.replace("+", " + "),
    )
