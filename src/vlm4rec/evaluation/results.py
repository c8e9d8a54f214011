"""What an evaluation found: rankings and values by case, from which all else follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.evaluation.user_means import user_means
from vlm4rec.interactions.splitting import Case

__all__ = ["Evaluation", "Facts", "MethodResult", "Setting"]

Values = NDArray[np.float64]


@dataclass(frozen=True)
class MethodResult:
    """What one method ranked, and what that was worth.

    Parameters
    ----------
    name
        The method's.
    rankings
        Columns of the candidates, best first, int32, shape (n cases, K); -1 where there is no more.
    values
        For each metric, such as ``"ndcg@10"``, float64, shape (n cases,).
    chosen
        What the method chose on validation, in its own words; empty where it had no choice.
    fit_seconds, rank_seconds
        How long it learned and ranked.
    """

    name: str
    rankings: NDArray[np.int32]
    values: Mapping[str, Values]
    chosen: Mapping[str, str] = field(default_factory=dict)
    fit_seconds: float = 0.0
    rank_seconds: float = 0.0


@dataclass(frozen=True)
class Setting:
    """The same cases under one mask, for every method.

    Parameters
    ----------
    name
        ``"variants in"`` or ``"variants out"``.
    cases
        Their targets are those that can be found under this mask.
    left_out
        What was left out under this mask and how often, by its reason in plain words.
    methods
        The results by the method's name, in the order in which the methods were given.
    """

    name: str
    cases: tuple[Case, ...]
    left_out: Mapping[str, int]
    methods: Mapping[str, MethodResult]

    @cached_property
    def users(self) -> tuple[str, ...]:
        """The users, in order of their first case."""
        return tuple(dict.fromkeys(case.user for case in self.cases))

    @cached_property
    def user_of_case(self) -> NDArray[np.intp]:
        """For each case the number of its user, shape (n cases,)."""
        number = {user: i for i, user in enumerate(self.users)}
        return np.array([number[case.user] for case in self.cases], dtype=np.intp)

    def per_user(self, method: str, metric: str) -> Values:
        """Return the mean of each user's cases: float64, shape (n users,).

        Raises
        ------
        DataError
            If there is no such method or metric.
        """
        if method not in self.methods:
            raise DataError(f"No method {method!r} was evaluated.", _choose(list(self.methods)))
        values = self.methods[method].values
        if metric not in values:
            raise DataError(f"There is no metric {metric!r}.", _choose(list(values)))
        return user_means(values[metric], self.user_of_case, len(self.users))

    def mean(self, method: str, metric: str) -> float:
        """Return the mean over users of each user's mean."""
        return float(self.per_user(method, metric).mean())


@dataclass(frozen=True)
class Facts:
    """How it was judged: what a reader must know before the first number.

    Parameters
    ----------
    protocol
        The split's name.
    told
        Its rule in plain words.
    seed
        Of all that was drawn at random.
    ks
        The cut-offs, ascending.
    counts
        How many interactions, users, items and so on there were, by plain words.
    left_out
        What the split left out and how often.
    notes
        What else a reader must know, a sentence each.
    """

    protocol: str
    told: str
    seed: int
    ks: tuple[int, ...]
    counts: Mapping[str, int]
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    facts
        How it was judged.
    candidates
        The items that every method ranked: what the columns of the rankings stand for.
    settings
        The results under each mask.
    """

    facts: Facts
    candidates: tuple[str, ...]
    settings: tuple[Setting, ...]

    def __getitem__(self, setting: str) -> Setting:
        """Return the results under one mask."""
        for held in self.settings:
            if held.name == setting:
                return held
        raise DataError(
            f"There is no setting {setting!r}.", _choose([held.name for held in self.settings])
        )


def _choose(names: Sequence[str]) -> str:
    return f"Choose from: {', '.join(names)}."
