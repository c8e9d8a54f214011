"""Tuning a shop: what ranks best for its own customers, chosen on validation and stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from vlm4rec.baselines.interaction_matrix import scipy_sparse
from vlm4rec.catalog.reading import Progress
from vlm4rec.encoding.encoder import DEFAULT_ENCODER, TextEncoder
from vlm4rec.encoding.image_encoder import DEFAULT_IMAGE_ENCODER, ImageEncoder
from vlm4rec.encoding.image_loading import image_extra_installed, load_image_encoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.errors import DataError
from vlm4rec.evaluation.evaluate import EvaluationOptions, Prepared, prepare
from vlm4rec.evaluation.methods import best_methods, reference
from vlm4rec.evaluation.tuning import TunedBlendRanker, expanded, judged_cases, load_optuna
from vlm4rec.interactions.filtering import only_items
from vlm4rec.interactions.splits.registry import splitter_by_name
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.validation import validation_score
from vlm4rec.shop.features import covered_items, shop_features, shop_variants
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import StepRecord
from vlm4rec.shop.shop import Shop
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.shop.tuned_choice import (
    EncoderUsed,
    SignalWeight,
    TriedChoice,
    TunedChoice,
    tune_inputs,
)
from vlm4rec.shop.tuned_features import keep_features, save_features

__all__ = ["TuneOptions", "Tuned", "tune_shop"]

_LEAST_CASES = 10


@dataclass(frozen=True, slots=True)
class TuneOptions:
    """How a shop is tuned.

    Parameters
    ----------
    protocol
        The name of a split: see `vlm4rec.interactions.splits.registry.splitter_by_name`. Its
        validation part is what is chosen by; its test part stays unseen.
    parameters
        Those of the split that are not to have their defaults.
    trials
        The budget: how many choices are tried, at least 1.
    seed
        For all that is drawn at random.
    variant_key
        What variants of a product share (`vlm4rec.shop.features.shop_variants`): variants of what
        a customer bought are then left out, in tuning and in recommending. None, or ``"none"``,
        to leave them in.
    encoder, image_encoder
        Encoders, or their names; None for the one that the shop is encoded with and the default
        one. Without the optional dependency ``image`` there is no signal of images.

    Raises
    ------
    DataError
        If there is no budget.
    """

    protocol: str = "leave-last-out"
    parameters: Mapping[str, object] = field(default_factory=dict)
    trials: int = 12
    seed: int = 0
    variant_key: str | None = None
    encoder: TextEncoder | str | None = None
    image_encoder: ImageEncoder | str | None = None

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise DataError(f"There must be at least 1 trial, not {self.trials}.")


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning found, and how it was judged.

    Parameters
    ----------
    choice
        What is stored in the shop.
    protocol
        The split in plain words.
    cases, users
        How many validation cases, of how many customers, it was chosen by.
    seconds
        How long it took.
    """

    choice: TunedChoice
    protocol: str
    cases: int
    users: int
    seconds: float


def tune_shop(
    folder: ShopFolder,
    options: TuneOptions | None = None,
    *,
    watch: Callable[[int, int], None] | None = None,
    stage: Stage = silent,
) -> Tuned:
    """Choose a blend on a shop's own interactions, and store it as the shop's step ``tune``.

    From then on the shop recommends by it. The same seed, shop and versions give the same choice.

    Parameters
    ----------
    folder
        The shop.
    options
        How it is tuned.
    watch
        Told how many choices were tried, and of how many.
    stage
        Shows the progress of encoding.

    Raises
    ------
    DataError
        If there is no such split or variant key, the shop has no interactions or no covered item,
        or they are too few for a validation part.
    StepMissingError
        If the shop has no catalog.
    ShopBusyError
        If another process is writing to the shop when the choice is to be stored.
    MissingExtraError, EncoderError
        If Optuna, scipy or an encoder can't be had.
    """
    options = options or TuneOptions()
    started = time.monotonic()
    load_optuna()
    scipy_sparse()
    splitter = splitter_by_name(options.protocol, **options.parameters)
    shop = Shop(folder)
    key = None if options.variant_key == "none" else options.variant_key
    variants = None if key is None else shop_variants(shop.catalog, key)
    if not len(shop.interactions):
        raise DataError(
            f"{folder.root} has no interactions to tune by.",
            f"Run: vlm4rec init {folder.quoted} --interactions FILE",
        )
    inputs = tune_inputs(folder)
    encoder, image = _encoders(folder, options)
    ids = covered_items(folder).ids
    features = shop_features(
        folder, encoder=encoder, image_encoder=image, ids=ids, stage=_when_needed(stage)
    )
    method = replace(best_methods()[0], trials=options.trials, watch=watch)
    prepared = prepare(
        splitter,
        only_items(shop.interactions, ids),
        features,
        EvaluationOptions(seed=options.seed, min_train=_LEAST_CASES),
    )
    prepared = replace(prepared, data=replace(prepared.data, variants=variants))
    _check(prepared)
    names = expanded(method.features, features.names)
    for name in names:  # so that trials are not held up by encoding
        features[name]
    found = method.fit(prepared.data)
    choice = TunedChoice(
        **_chosen(found, prepared.data),
        features=tuple(names),
        variants=key,
        encoder=_used(encoder),
        image_encoder=None if image is None else _used(image),
    )
    assert prepared.data.validation is not None  # noqa: S101 - for the type checker: checked above
    cases = prepared.data.validation.cases
    tuned = Tuned(
        choice,
        splitter.told,
        len(cases),
        len({case.user for case in cases}),
        round(time.monotonic() - started, 3),
    )
    with folder.writing("tune"):
        save_features(folder, choice, inputs, keep_features(features, choice))
        folder.finish("tune", _record(tuned, options, inputs))
    return tuned


def _encoders(folder: ShopFolder, options: TuneOptions) -> tuple[TextEncoder, ImageEncoder | None]:
    """Load the encoders: what they are called and how their vectors are found is stored."""
    step = folder.manifest().steps.get("encode")
    usual = step.parameters["encoder"] if step else DEFAULT_ENCODER
    text = options.encoder or usual
    image = options.image_encoder
    if image is None and image_extra_installed():
        image = DEFAULT_IMAGE_ENCODER
    return (
        load_encoder(text) if isinstance(text, str) else text,
        load_image_encoder(image) if isinstance(image, str) else image,
    )


def _check(prepared: Prepared) -> None:
    if prepared.data.validation is None:
        raise DataError(
            " ".join(("The shop can't be tuned by this protocol.", *prepared.facts.notes)),
            "Choose another --protocol, or add interactions.",
        )


def _chosen(found: TunedBlendRanker, data: TrainingData) -> dict[str, Any]:
    """Return the choice, the weights, all that was tried, and what the paper's recipe reaches."""
    assert data.validation is not None  # noqa: S101 - for the type checker: checked before
    inner = data.for_validation()
    cases = judged_cases(data.validation.cases, data.seed)
    model, ranked = found.ranker.model, sorted(found.scores.items(), key=lambda pair: -pair[1])
    columns = zip(found.ranker.signals, model.weights, model.centre, model.scale, strict=True)
    return {
        "profile": found.choice.profile,
        "shrinkage": found.choice.shrinkage,
        "nearest": found.choice.nearest,
        "penalty": found.ranker.penalty,
        "weights": tuple(
            SignalWeight(signal=name, weight=weight, centre=centre, scale=scale)
            for name, weight, centre, scale in columns
        ),
        "tried": tuple(
            TriedChoice(
                profile=choice.profile,
                shrinkage=choice.shrinkage,
                nearest=choice.nearest,
                ndcg=score,
            )
            for choice, score in ranked
        ),
        "recipe_ndcg": validation_score(reference().fit(inner), inner, cases),
    }


def _used(encoder: TextEncoder | ImageEncoder) -> EncoderUsed:
    return EncoderUsed(
        name=encoder.name, fingerprint=encoder.fingerprint, dimension=encoder.dimension
    )


def _record(tuned: Tuned, options: TuneOptions, inputs: dict[str, str]) -> StepRecord:
    plain = (str, int, float)
    named = {name: getattr(options, name) for name in ("encoder", "image_encoder")}
    return StepRecord(
        seconds=tuned.seconds,
        parameters={
            "protocol": options.protocol,
            "of_protocol": {
                name: value if isinstance(value, plain) else str(value)
                for name, value in options.parameters.items()
            },
            "trials": options.trials,
            "seed": options.seed,
            "variants": tuned.choice.variants,
            **{name: getattr(value, "name", value) for name, value in named.items()},
        },
        inputs=inputs,
        counts={
            "cases": tuned.cases,
            "users": tuned.users,
            "tried": len(tuned.choice.tried),
            "signals": len(tuned.choice.weights),
        },
        results=tuned.choice.model_dump(mode="json"),
    )


def _when_needed(stage: Stage) -> Stage:
    """Show a stage only if something is done in it: most kinds of features are cached."""

    @contextmanager
    def lazy(what: str) -> Iterator[Progress]:
        with ExitStack() as stack:
            opened: list[Progress] = []

            def progress(done: int, total: int | None) -> None:
                if not opened:
                    opened.append(stack.enter_context(stage(what)))
                opened[0](done, total)

            yield progress

    return lazy
