"""Judging methods: the same cases, candidates and mask for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vlm4rec.errors import DataError
from vlm4rec.evaluation.metrics import (
    Targets,
    Values,
    cut_off_notes,
    hits,
    metric_values,
)
from vlm4rec.evaluation.rankings import ranking_columns
from vlm4rec.evaluation.results import Evaluation, Facts, MethodResult, Setting
from vlm4rec.evaluation.user_means import user_means
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splitting import Case, Split, Splitter
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.variants import Variants

__all__ = [
    "VARIANTS_IN",
    "VARIANTS_OUT",
    "EvaluationOptions",
    "Prepared",
    "evaluate",
    "prepare",
]

VARIANTS_IN, VARIANTS_OUT = "variants in", "variants out"

Watch = Callable[[str, int, int], None]
"""Told what is being done, how many methods are done, and of how many."""


def no_watch(what: str, done: int, total: int) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """How to judge.

    Parameters
    ----------
    ks
        The cut-offs of the metrics, each at least 1.
    seed
        For all that is drawn at random.
    min_train
        A validation part with fewer cases than this is not used, and that is said.
    """

    ks: tuple[int, ...] = (5, 10, 20)
    seed: int = 0
    min_train: int = 10

    def __post_init__(self) -> None:
        if not self.ks or min(self.ks) < 1:
            raise DataError(f"The cut-offs must be at least 1, not {list(self.ks)}.")


@dataclass(frozen=True)
class Prepared:
    """A split with all that methods get of it, ready to be judged by.

    Parameters
    ----------
    split
        The test split.
    data
        What methods may learn from, with variants counted in.
    facts
        How it is judged.
    """

    split: Split
    data: TrainingData
    facts: Facts


def prepare(
    splitter: Splitter,
    interactions: Interactions,
    features: ItemFeatures,
    options: EvaluationOptions | None = None,
) -> Prepared:
    """Split interactions and carve the validation part from training by the same rule.

    Parameters
    ----------
    splitter
        The rule.
    interactions
        All of them; those with items that are not covered are left out and counted.
    features
        Of the covered items.
    options
        How to judge.

    Raises
    ------
    DataError
        If the split leaves no case.
    """
    options = options or EvaluationOptions()
    covered = set(features.ids)
    frame = interactions.frame.filter(interactions.frame["item"].is_in(list(covered)))
    known = Interactions(frame)
    split = splitter.split(known, seed=options.seed)
    candidates = splitter.candidates(known) or features.ids
    validation, notes = _validation(splitter, split, options)
    left_out = dict(split.left_out)
    if gone := len(interactions) - len(known):
        left_out = {"interactions with items that are not covered": gone, **left_out}
    data = TrainingData(
        split.train,
        features,
        tuple(sorted(candidates)),
        log=split.log,
        validation=validation,
        seed=options.seed,
    )
    facts = Facts(
        splitter.name,
        splitter.told,
        options.seed,
        tuple(sorted(set(options.ks))),
        _counts(known, split, data),
        left_out,
        (*notes, *cut_off_notes(options.ks, len(candidates))),
    )
    return Prepared(split, data, facts)


def evaluate(
    methods: Sequence[Method],
    prepared: Prepared,
    *,
    variants: Variants | None = None,
    watch: Watch = no_watch,
) -> Evaluation:
    """Judge methods.

    Parameters
    ----------
    methods
        What to judge; their names must differ.
    prepared
        The split, from `prepare`.
    variants
        Where given, all is judged twice: with variants of the history counted in, and left out.
        Each method learns for each setting anew, and may choose differently.
    watch
        Told of the progress.

    Raises
    ------
    DataError
        If no method is given, two have one name, no case is left, or a method's rankings hold
        duplicates, masked items, or what is no candidate.
    """
    names = [method.name for method in methods]
    if len(set(names)) < len(names) or not names:
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(f"Two methods are called {twice[0]!r}." if twice else "Give a method.")
    masks = {VARIANTS_IN: None} if variants is None else {VARIANTS_IN: None, VARIANTS_OUT: variants}
    total = len(methods) * len(masks)
    settings = []
    for number, (name, mask) in enumerate(masks.items()):
        data = replace(prepared.data, variants=mask)
        cases, left_out = findable(prepared.split.cases, data)
        results: dict[str, MethodResult] = {}
        for method in methods:
            watch(
                f"{method.name} ({name})",
                number * len(methods) + len(results),
                len(methods) * len(masks),
            )
            results[method.name] = _judge(method, data, cases, prepared.facts.ks)
        settings.append(Setting(name, cases, left_out, results))
    watch("", total, total)
    return Evaluation(prepared.facts, prepared.data.candidates, tuple(settings))


def findable(cases: Sequence[Case], data: TrainingData) -> tuple[tuple[Case, ...], dict[str, int]]:
    """Return the cases with those of their targets that can be found, and what was left out.

    Raises
    ------
    DataError
        If no case is left.
    """
    candidates = set(data.candidates)
    kept: list[Case] = []
    counts = dict.fromkeys(
        (
            "targets that are no candidates",
            "targets that are variants of the history",
            "cases without a target left",
            "cases with all candidates masked",
        ),
        0,
    )
    reasons = list(counts)
    for case in cases:
        masked = set(data.mask(case.history))
        there = [item for item in case.targets if item in candidates]
        free = tuple(item for item in there if item not in masked)
        counts[reasons[0]] += len(case.targets) - len(there)
        counts[reasons[1]] += len(there) - len(free)
        counts[reasons[2]] += not free
        counts[reasons[3]] += len(masked) >= len(candidates) and candidates <= masked
        if free:
            kept.append(replace(case, targets=free))
    left_out = {reason: count for reason, count in counts.items() if count}
    if not kept:
        told = "; ".join(f"{reason}: {count:,}" for reason, count in left_out.items())
        raise DataError(f"No case is left to judge by ({told or 'there was none'}).")
    return tuple(kept), left_out


def _judge(
    method: Method, data: TrainingData, cases: Sequence[Case], ks: Sequence[int]
) -> MethodResult:
    started = time.perf_counter()
    ranker = method.fit(data)
    fitted = time.perf_counter()
    requests = data.requests(cases)
    targets = Targets.of_ids([case.targets for case in cases], data.candidates)
    rankers = getattr(ranker, "rankers", (ranker,))  # one for each seed, or the one
    ranked = [
        ranking_columns(
            method.name,
            each.rank(requests, max(ks)),
            cases,
            requests,
            data.candidates,
            max(ks),
        )
        for each in rankers
    ]
    done = time.perf_counter()
    found = [metric_values(hits(columns, targets), targets.counts, ks) for columns in ranked]
    values = {name: np.mean([each[name] for each in found], axis=0) for name in found[0]}
    chosen = getattr(ranker, "chosen", {})
    return MethodResult(
        method.name,
        ranked[0],
        values,
        {
            **(dict(chosen) if isinstance(chosen, Mapping) else {"choice": str(chosen)}),
            **_spread(found, cases, ks),
        },
        fitted - started,
        done - fitted,
    )


def _spread(
    found: Sequence[Mapping[str, Values]], cases: Sequence[Case], ks: Sequence[int]
) -> dict[str, str]:
    """Tell what each seed of one method reached, at the cut-off nearest to 10."""
    if len(found) < 2:
        return {}
    number = {user: i for i, user in enumerate(dict.fromkeys(case.user for case in cases))}
    of_case = np.array([number[case.user] for case in cases], dtype=np.intp)
    k = min(ks, key=lambda k: abs(k - 10))
    told = {}
    for metric in (f"recall@{k}", f"ndcg@{k}"):
        means = [user_means(each[metric], of_case, len(number)).mean() for each in found]
        told[f"{metric} by seed"] = ", ".join(f"{mean:.4f}" for mean in means)
    return told


def _validation(
    splitter: Splitter, split: Split, options: EvaluationOptions
) -> tuple[Split | None, tuple[str, ...]]:
    try:
        validation = splitter.validation(split, seed=options.seed)
    except DataError as error:
        return None, (f"There is no validation part: {error.message}",)
    if len(validation.cases) < options.min_train:
        few = f"training holds {len(validation.cases)} cases, and {options.min_train} are the least"
        return None, (f"There is no validation part: {few}.",)
    return validation, ()


def _counts(known: Interactions, split: Split, data: TrainingData) -> dict[str, int]:
    validation = data.validation
    return {
        "covered items": len(data.features.ids),
        "candidates": len(data.candidates),
        "interactions": len(known),
        "users": len(known.users),
        "training interactions": len(split.train),
        "test cases": len(split.cases),
        "test users": len({case.user for case in split.cases}),
        "validation cases": len(validation.cases) if validation else 0,
        "validation users": len({case.user for case in validation.cases}) if validation else 0,
    }
