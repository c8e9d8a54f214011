"""Blending: one score of many signals, with weights learned from what customers chose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.splitting import Case
from vlm4rec.recommending.choice_model import ChoiceModel, Choices
from vlm4rec.recommending.method import Method, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker

__all__ = ["Blend", "BlendRanker", "learn_choices", "pick_penalty", "signal_rankers"]

PENALTIES = (1e-3, 1e-2, 3e-2, 1e-1)
_FOLDS = 3
_SHOWN = 127
"""Items that were not chosen, for each that was, at most."""
_MOST_CHOICES = 8_000
_BLOCK = 256


@dataclass(frozen=True)
class Blend:
    """Adds up signals, each with a weight learned from what customers chose.

    The signals learn on the inner training part, and the weights from the validation cases, which
    no signal has seen: a conditional logit model (`vlm4rec.recommending.choice_model`) of the
    item chosen against a sample of items that were not. Then the signals learn again on all
    training data. The penalty is chosen on folds of the validation users.

    Parameters
    ----------
    name
        What the table shows.
    signals
        Methods whose rankers give scores (`ScoreRanker`), by their names in reports.
    penalties
        What to choose the penalty from.

    Raises
    ------
    DataError
        If there is no signal.
    """

    name: str
    signals: Mapping[str, Method]
    penalties: tuple[float, ...] = PENALTIES

    def __post_init__(self) -> None:
        if not self.signals:
            raise DataError(f"{self.name!r} has no signal to blend.")

    def fit(self, data: TrainingData) -> BlendRanker:
        """Learn.

        Raises
        ------
        DataError
            If there is no validation part, or a signal gives no scores.
        """
        if data.validation is None:
            raise DataError(
                f"{self.name!r} can't learn its weights: there is no validation part.",
                "Choose another protocol, or a method without weights.",
            )
        inner = data.for_validation()
        choices = learn_choices(
            list(signal_rankers(self.signals, inner).values()), inner, data.validation.cases
        )
        penalty = pick_penalty(choices, self.penalties)
        model = ChoiceModel.fit(choices, penalty)
        return BlendRanker(signal_rankers(self.signals, data), model, penalty)


class BlendRanker(ScoreRanker):
    """Ranks by the weighted sum of signals.

    A signal that says nothing of a request, such as similarity where the history is empty, counts
    for nothing, and the others rank. Where no signal says anything there is no ranking.

    Parameters
    ----------
    signals
        The rankers by name.
    model
        Their weights, in the same order.
    penalty
        What the weights were learned with.
    """

    def __init__(
        self, signals: Mapping[str, ScoreRanker], model: ChoiceModel, penalty: float
    ) -> None:
        super().__init__(next(iter(signals.values())).candidates)
        self.signals = dict(signals)
        self.model = model
        self.penalty = penalty

    @property
    def chosen(self) -> dict[str, str]:
        """The penalty and the weight of each standardised signal, as text."""
        pairs = zip(self.signals, self.model.weights, strict=True)
        return {
            "penalty": f"{self.penalty:g}",
            **{name: f"{weight:+.3f}" for name, weight in pairs},
        }

    def scores(self, requests: Sequence[Request]) -> Floats:
        """Return the sums; see `ScoreRanker.scores`."""
        total = np.zeros((len(requests), len(self.candidates)), dtype=np.float32)
        told = np.zeros(len(requests), dtype=np.bool_)
        for given, speaks in self.shares(requests):
            total += given
            told |= speaks
        total[~told] = -np.inf
        return total

    def shares(self, requests: Sequence[Request]) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
        """Give for each signal what it adds to the scores, and which requests it speaks of.

        The arrays are float32, shape (n requests, n candidates), and bool, shape (n requests,).
        """
        centres, slopes = self.model.centre, self.model.slopes
        for ranker, centre, slope in zip(self.signals.values(), centres, slopes, strict=True):
            numbers = ranker.scores(requests)
            silent = np.isinf(numbers)  # what is undefined goes on, and is an error
            speaks = np.asarray(~silent.all(axis=1))
            numbers -= np.float32(centre)
            numbers[silent] = 0.0
            numbers *= np.float32(slope)
            yield numbers, speaks


def signal_rankers(signals: Mapping[str, Method], data: TrainingData) -> dict[str, ScoreRanker]:
    """Return what the signals learned.

    Raises
    ------
    DataError
        If one gives rankings without scores.
    """
    rankers: dict[str, ScoreRanker] = {}
    for name, method in signals.items():
        ranker = method.fit(data)
        if not isinstance(ranker, ScoreRanker):
            raise DataError(f"The method {method.name!r} gives no scores, so it can't be blended.")
        rankers[name] = ranker
    return rankers


def learn_choices(
    rankers: Sequence[ScoreRanker], data: TrainingData, cases: Sequence[Case]
) -> Choices:
    """Return what customers chose in cases, with what the signals say of it.

    A user's choices count together as the square root of how many cases the user has, and the
    targets of one case share its weight. Where a signal says nothing of an item, the mean of what
    it says stands in.

    Raises
    ------
    DataError
        If no target may be ranked.
    """
    shown = _shown(rankers[0], data, cases)
    if not len(shown.rows):
        raise DataError("No validation case has a target that may be ranked.")
    requests = data.requests(cases)
    numbers = np.empty((*shown.columns.shape, len(rankers)), dtype=np.float32)
    for start in range(0, len(cases), _BLOCK):
        of_block = np.flatnonzero((shown.rows >= start) & (shown.rows < start + _BLOCK))
        rows = shown.rows[of_block] - start
        for p, ranker in enumerate(rankers):
            scores = ranker.scores(requests[start : start + _BLOCK])
            numbers[of_block, :, p] = scores[rows[:, np.newaxis], shown.columns[of_block]]
    for p in range(len(rankers)):
        _fill(numbers[..., p])
    return Choices(numbers, shown.weights, shown.users)


def _fill(numbers: NDArray[np.float32]) -> None:
    """Put the mean in the place of what is infinite: what the ranker's centre will be."""
    silent = np.isinf(numbers)
    if silent.any():
        mean = 0.0 if silent.all() else numbers.mean(dtype=np.float64, where=~silent)
        numbers[silent] = mean


def pick_penalty(choices: Choices, penalties: Sequence[float]) -> float:
    """Return the penalty that makes unseen users' choices most likely; of equals the first."""
    users, numbers = np.unique(choices.groups, return_inverse=True)
    if len(penalties) == 1 or len(users) < 2 * _FOLDS:
        return penalties[len(penalties) // 2]
    folds = numbers % _FOLDS

    def likely(penalty: float) -> float:
        halves = [(choices.only(folds != f), choices.only(folds == f)) for f in range(_FOLDS)]
        fitted = [(ChoiceModel.fit(learn, penalty), judge) for learn, judge in halves]
        parts = [model.log_likelihood(judge) * judge.weights.sum() for model, judge in fitted]
        return float(sum(parts))

    return max(penalties, key=likely)


@dataclass(frozen=True)
class _Shown:
    """The columns of what was chosen and what else was shown, and whose choice it was."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    weights: NDArray[np.float64]
    users: NDArray[np.intp]


def _shown(ranker: ScoreRanker, data: TrainingData, cases: Sequence[Case]) -> _Shown:
    rng = np.random.default_rng(data.seed)
    n = len(ranker.candidates)
    # Half of few, so that none is shown twice: that would make them weigh more than the chosen.
    size = max(1, min(_SHOWN, (n - 1) // 2))
    numbers = {user: i for i, user in enumerate(dict.fromkeys(case.user for case in cases))}
    times = np.bincount([numbers[case.user] for case in cases], minlength=len(numbers))
    found: list[tuple[int, NDArray[np.intp], float, int]] = []
    for row in _order(cases, rng):
        if len(found) >= _MOST_CHOICES:
            break
        case = cases[row]
        masked = ranker.columns(data.mask(case.history))
        targets = [c for c in ranker.columns(case.targets) if c not in set(masked)]
        free = np.ones(n, dtype=np.bool_)
        free[masked] = False
        free[targets] = False
        others = np.flatnonzero(free)
        if not len(others):
            continue
        for target in targets:
            drawn = rng.choice(others, size, replace=len(others) < size)
            user = numbers[case.user]
            weight = 1 / (len(targets) * float(times[user]) ** 0.5)
            found.append((row, np.concatenate([[target], drawn]), weight, user))
    found = found[:_MOST_CHOICES]
    return _Shown(
        np.array([each[0] for each in found], dtype=np.intp),
        np.array([each[1] for each in found], dtype=np.intp).reshape(len(found), size + 1),
        np.array([each[2] for each in found]),
        np.array([each[3] for each in found], dtype=np.intp),
    )


def _order(cases: Sequence[Case], rng: np.random.Generator) -> Sequence[int]:
    """Return the cases in order, or in a drawn one where there are too many to learn from."""
    if sum(len(case.targets) for case in cases) <= _MOST_CHOICES:
        return range(len(cases))
    return [int(row) for row in rng.permutation(len(cases))]
