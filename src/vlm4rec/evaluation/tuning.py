"""Choosing a blend on validation: which profile, which whitening, which signals, which weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from vlm4rec.baselines.blends import BlendChoice, blend_signals
from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.interactions.splitting import Case
from vlm4rec.recommending.blend import (
    PENALTIES,
    BlendRanker,
    learn_choices,
    pick_penalty,
    signal_rankers,
)
from vlm4rec.recommending.blocks import whitened_features
from vlm4rec.recommending.choice_model import ChoiceModel
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.validation import validation_score

__all__ = ["TunedBlend", "TunedBlendRanker", "expanded", "judged_cases", "load_optuna"]

PROFILES = ("mean", "recency:30", "recency:7", "recency:90")
SHRINKAGES = (0.1, 0.03, 0.3, None)
_FOLDS = 3
_MOST_CASES = 2_000
_MOST_DRAWS = 10
"""For each choice of the budget."""


@dataclass(frozen=True)
class TunedBlend:
    """A blend of which profile, whitening and signals are chosen on validation, by Optuna.

    A choice is judged by NDCG@10 on validation users whose cases its weights were not learned
    from, in three folds. The budget is the number of choices that are tried; the first is always
    the plain mean with whitening. Then the weights are learned on all validation cases, and the
    signals anew on all training data (`vlm4rec.recommending.blend`).

    Parameters
    ----------
    name
        What the table shows.
    features
        The blocks that it may use: names of item features; each is a signal of its own. Those
        that a shop does not have are left out; ``"metadata:*"`` and ``"facet:*"`` stand for all
        of their kind.
    beyond
        Whether sales over time and co-purchases (ItemKNN) are signals too.
    trials
        The budget.
    profiles, shrinkages
        What there is to choose from.
    watch
        Told how many choices were tried, and of how many.
    """

    name: str
    features: tuple[str, ...]
    beyond: bool = True
    trials: int = 6
    profiles: tuple[str, ...] = PROFILES
    shrinkages: tuple[float | None, ...] = SHRINKAGES
    watch: Callable[[int, int], None] | None = field(default=None, compare=False, repr=False)

    def fit(self, data: TrainingData) -> TunedBlendRanker:
        """Choose, and learn.

        Raises
        ------
        DataError
            If there is no validation part, or the shop has none of the features.
        MissingExtraError
            If Optuna is not installed.
        """
        if data.validation is None:
            raise DataError(
                f"{self.name!r} can't be tuned: there is no validation part.",
                "Choose another protocol.",
            )
        names = expanded(self.features, data.features.names)
        if not names and not self.beyond:
            told = ", ".join(self.features)
            raise DataError(f"The shop has nothing that {self.name!r} is made of: {told}.")
        whitened = _whitened_once(data.features)
        inner = data.for_validation()
        cases = judged_cases(_findable(inner, data.validation.cases), data.seed)
        scores = self._search(names, inner, cases, whitened, data.seed)
        best = max(scores, key=scores.__getitem__)
        ranker = self._learn(best, names, data, inner, cases, whitened)
        return TunedBlendRanker(ranker, best, scores)

    def _search(
        self,
        names: Sequence[str],
        inner: TrainingData,
        cases: Sequence[Case],
        whitened: Callable[[float | None], ItemFeatures],
        seed: int,
    ) -> dict[BlendChoice, float]:
        optuna = load_optuna()
        scores: dict[BlendChoice, float] = {}

        def judge(trial: Any) -> float:
            choice = BlendChoice(
                trial.suggest_categorical("profile", self.profiles),
                trial.suggest_categorical("shrinkage", self.shrinkages),
                trial.suggest_categorical("nearest", (False, True)),
            )
            if choice not in scores:
                signals = blend_signals(names, choice, beyond=self.beyond)
                view = replace(inner, features=whitened(choice.shrinkage))
                scores[choice] = crossfitted_score(signals, view, cases)
            return scores[choice]

        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed)
        )
        first = {"profile": self.profiles[0], "shrinkage": self.shrinkages[0], "nearest": False}
        study.enqueue_trial(first)
        budget = min(self.trials, len(self.profiles) * len(self.shrinkages) * 2)
        watch = self.watch or _watch_nothing
        watch(0, budget)
        for _ in range(_MOST_DRAWS * budget):  # Optuna draws what it drew before, too
            study.optimize(judge, n_trials=1)
            watch(len(scores), budget)
            if len(scores) == budget:
                break
        return scores

    def _learn(
        self,
        choice: BlendChoice,
        names: Sequence[str],
        data: TrainingData,
        inner: TrainingData,
        cases: Sequence[Case],
        whitened: Callable[[float | None], ItemFeatures],
    ) -> BlendRanker:
        signals = blend_signals(names, choice, beyond=self.beyond)
        view = replace(inner, features=whitened(choice.shrinkage))
        choices = learn_choices(list(signal_rankers(signals, view).values()), view, cases)
        penalty = pick_penalty(choices, PENALTIES)
        model = ChoiceModel.fit(choices, penalty)
        whole = replace(data, features=whitened(choice.shrinkage))
        return BlendRanker(signal_rankers(signals, whole), model, penalty)


@dataclass(frozen=True)
class TunedBlendRanker:
    """Ranks by the chosen blend, and tells of the choice.

    Parameters
    ----------
    ranker
        The blend.
    choice
        What was chosen.
    scores
        What each choice that was tried reached on validation, by NDCG@10.
    """

    ranker: BlendRanker
    choice: BlendChoice
    scores: Mapping[BlendChoice, float] = field(default_factory=dict)

    @property
    def chosen(self) -> dict[str, str]:
        """The choice, of how many, and the weights."""
        tried = f"{len(self.scores)} tried; NDCG@10 on validation {self.scores[self.choice]:.4f}"
        return {"choice": self.choice.told, "budget": tried, **self.ranker.chosen}

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Rank; see `vlm4rec.recommending.ranker.Ranker.rank`."""
        return self.ranker.rank(requests, k)


def expanded(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """Return the features that are meant and there; ``"facet:*"`` stands for all of its kind.

    >>> expanded(["title", "facet:*"], ["description", "facet:colour", "facet:style"])
    ['facet:colour', 'facet:style']
    """
    found: list[str] = []
    for name in wanted:
        if name.endswith("*"):
            found += [each for each in there if each.startswith(name[:-1])]
        elif name in there:
            found.append(name)
    return list(dict.fromkeys(found))


def crossfitted_score(
    signals: Mapping[str, Method], inner: TrainingData, cases: Sequence[Case]
) -> float:
    """Return the mean NDCG@10 of users on whose cases the weights were not learned."""
    rankers = signal_rankers(signals, inner)
    choices = learn_choices(list(rankers.values()), inner, cases)
    numbers = {user: i for i, user in enumerate(dict.fromkeys(case.user for case in cases))}
    total, users = 0.0, 0
    for fold in range(_FOLDS):
        held = [case for case in cases if numbers[case.user] % _FOLDS == fold]
        learn = choices.only(choices.groups % _FOLDS != fold)
        if not held or not len(learn.numbers):
            continue
        ranker = BlendRanker(rankers, ChoiceModel.fit(learn), 1e-3)
        n = len({case.user for case in held})
        total += n * validation_score(ranker, inner, held)
        users += n
    if not users:
        raise DataError("There are too few validation users to choose by.")
    return total / users


def _findable(data: TrainingData, cases: Sequence[Case]) -> list[Case]:
    """Return the cases with a target that may be ranked."""
    there = frozenset(data.candidates)
    return [
        case
        for case in cases
        if there.intersection(case.targets).difference(data.mask(case.history))
    ]


def _whitened_once(features: ItemFeatures) -> Callable[[float | None], ItemFeatures]:
    return cache(
        lambda shrinkage: features if shrinkage is None else whitened_features(features, shrinkage)
    )


def judged_cases(cases: Sequence[Case], seed: int) -> Sequence[Case]:
    """Return the validation cases that choices are judged by: all, or some where they are many."""
    if len(cases) <= _MOST_CASES:
        return cases
    rows = np.random.default_rng(seed).choice(len(cases), _MOST_CASES, replace=False)
    return [cases[row] for row in np.sort(rows)]


def _watch_nothing(_done: int, _total: int) -> None:
    """Watch nothing."""


def load_optuna() -> Any:
    """Return Optuna, told to be quiet.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("Tuning", "evaluate") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
