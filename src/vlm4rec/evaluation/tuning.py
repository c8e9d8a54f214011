"""Choosing a blend on validation: which profile, which whitening, which signals, which weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from vlm4rec.baselines.item_knn import ItemKNN
from vlm4rec.encoding.encoder import Floats
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
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker
from vlm4rec.recommending.time_rankers import Newness, RecentSales, StillSold
from vlm4rec.recommending.validation import validation_score

__all__ = ["BlendChoice", "TunedBlend", "TunedBlendRanker", "blend_signals"]

PROFILES = ("mean", "recency:30", "recency:7", "recency:90", "power:4", "max")
SHRINKAGES = (0.1, 0.03, 0.3, None)
_FOLDS = 3
_MOST_CASES = 2_000


@dataclass(frozen=True, slots=True)
class BlendChoice:
    """What is chosen beside the weights.

    Parameters
    ----------
    profile
        How a history becomes a query, in every block.
    shrinkage
        Of the whitening of every block; None for no whitening.
    nearest
        Whether the similarity to the nearest item of the history is a further signal of each
        block.
    """

    profile: str = "mean"
    shrinkage: float | None = 0.1
    nearest: bool = False

    @property
    def told(self) -> str:
        """The choice in words."""
        white = "no whitening" if self.shrinkage is None else f"whitening {self.shrinkage:g}"
        return f"profile {self.profile}, {white}" + (", and the nearest" if self.nearest else "")


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
    """

    name: str
    features: tuple[str, ...]
    beyond: bool = True
    trials: int = 12
    profiles: tuple[str, ...] = PROFILES
    shrinkages: tuple[float | None, ...] = SHRINKAGES

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
        inner, cases = data.for_validation(), _some(data.validation.cases, data.seed)
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
        optuna = _optuna()
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
        size = len(self.profiles) * len(self.shrinkages) * 2
        study.optimize(judge, n_trials=min(self.trials, size))
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


def blend_signals(names: Sequence[str], choice: BlendChoice, *, beyond: bool) -> dict[str, Method]:
    """Return the signals of a blend by name; whitening is in the features already."""
    signals: dict[str, Method] = {
        name: Content(name, name, profile=choice.profile) for name in names
    }
    if choice.nearest and choice.profile != "max":
        near = {f"{name}, nearest": Content(name, name, profile="max") for name in names}
        signals.update(near)
    if beyond:
        more: list[Method] = [
            *(RecentSales(days) for days in (7.0, 30.0, 90.0, None)),
            StillSold(),
            Newness(),
            LoggedScores("bought together", ItemKNN(200, 0.0)),
            LoggedScores("bought together, shrunk", ItemKNN(200, 10.0)),
        ]
        signals.update({method.name: method for method in more})
    return signals


def expanded(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """Return the features that are meant and there; ``"facet:*"`` stands for all of its kind.

    >>> expanded(["title", "facet:*"], ["description", "facet:colour", "facet:style"])
    ['facet:colour', 'facet:style']
    """
    found: list[str] = []
    for name in wanted:
        kind = name.removesuffix("*") if name.endswith("*") else ""
        found += [
            each for each in there if each == name or (kind != name and each.startswith(kind))
        ]
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


@dataclass(frozen=True)
class LoggedScores:
    """The logarithm of one plus the scores of a method whose scores are counts or sums.

    Parameters
    ----------
    name
        What it is called.
    method
        The method; it must give scores.
    """

    name: str
    method: Method

    def fit(self, data: TrainingData) -> ScoreRanker:
        """Learn the method."""
        ranker = signal_rankers({self.name: self.method}, data)[self.name]
        return _Logged(ranker)


class _Logged(ScoreRanker):
    def __init__(self, ranker: ScoreRanker) -> None:
        super().__init__(ranker.candidates)
        self._ranker = ranker

    def scores(self, requests: Sequence[Request]) -> Floats:
        scores = self._ranker.scores(requests)
        scores[~np.isfinite(scores)] = 0.0
        return np.asarray(np.log1p(10 * np.maximum(scores, 0.0)))


def _whitened_once(features: ItemFeatures) -> Callable[[float | None], ItemFeatures]:
    return cache(
        lambda shrinkage: features if shrinkage is None else whitened_features(features, shrinkage)
    )


def _some(cases: Sequence[Case], seed: int) -> Sequence[Case]:
    if len(cases) <= _MOST_CASES:
        return cases
    rows = np.random.default_rng(seed).choice(len(cases), _MOST_CASES, replace=False)
    return [cases[row] for row in np.sort(rows)]


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("Tuning", "evaluate") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
