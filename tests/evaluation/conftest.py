"""Methods that tests can follow by eye, and a small split that is ready to be judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tests.baselines.small_data import training_data
from vlm4rec.evaluation.evaluate import EvaluationOptions, Prepared, prepare
from vlm4rec.evaluation.results import Facts
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splits.registry import splitter_by_name
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.ranker import Ranker, Request

__all__ = ["Spy", "case", "in_order", "of_cases"]

Rule = Callable[[Request, int, Sequence[str]], list[str]]


def in_order(request: Request, k: int, candidates: Sequence[str]) -> list[str]:
    """Rank in the order of the candidates."""
    return [item for item in candidates if item not in request.masked][:k]


@dataclass
class Spy:
    """A method that ranks by a rule, and keeps what it learned from and what it was asked."""

    name: str = "spy"
    rule: Rule = in_order
    learned: list[TrainingData] = field(default_factory=list)
    asked: list[tuple[Sequence[Request], int]] = field(default_factory=list)

    def fit(self, data: TrainingData) -> Ranker:
        self.learned.append(data)
        return _SpyRanker(self, data.candidates)


@dataclass
class _SpyRanker:
    spy: Spy
    candidates: tuple[str, ...]

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        self.spy.asked.append((list(requests), k))
        return [self.spy.rule(request, k, self.candidates) for request in requests]


def case(user: str, history: Sequence[str], *targets: str) -> Case:
    return Case(user, History.of(history), targets)


def of_cases(
    cases: Sequence[Case], candidates: Sequence[str] = tuple("abcdef"), ks: Sequence[int] = (1, 3)
) -> Prepared:
    """Return cases as they are, ready to be judged by."""
    nothing = Interactions.empty()
    ids = tuple(sorted(candidates))
    data = TrainingData(nothing, ItemFeatures(ids, {}), ids)
    facts = Facts("by hand", "Cases made by hand.", 0, tuple(ks), {}, {})
    return Prepared(Split(nothing, tuple(cases), nothing), data, facts)


@pytest.fixture
def prepared() -> Prepared:
    """The last purchase of thirty customers of two tastes, with a validation part."""
    data = training_data()
    rule = splitter_by_name("leave-last-out")
    return prepare(rule, data.interactions, data.features, EvaluationOptions((1, 3, 5)))
