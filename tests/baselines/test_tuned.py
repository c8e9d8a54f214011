from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from tests.baselines.small_data import CANDIDATES, training_data
from vlm4rec.baselines.ease import EASE
from vlm4rec.baselines.item_knn import ItemKNN
from vlm4rec.baselines.popularity import Popularity, RecentPopularity
from vlm4rec.baselines.random_ranking import Random
from vlm4rec.baselines.tuned import Tuned, tuned_collaborative
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.method import Method, TrainingData
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.validation import validation_score


@dataclass
class Watched:
    """Ranks by popularity, or the other way round, and keeps what it learned from."""

    name: str
    worst: bool = False
    seen: list[TrainingData] = field(default_factory=list)

    def fit(self, data: TrainingData) -> Ranker:
        self.seen.append(data)
        ranker = Popularity().fit(data)
        return Backwards(ranker) if self.worst else ranker


@dataclass
class Backwards:
    ranker: Ranker

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        return [ranking[::-1][:k] for ranking in self.ranker.rank(requests, len(CANDIDATES))]


def test_the_best_on_validation_is_learned_on_everything() -> None:
    data = training_data()
    assert data.validation is not None
    bad, good = Watched("bad", worst=True), Watched("good")
    ranker = Tuned("either", [bad, good], "hitrate", 3).fit(data)
    assert ranker.chosen == "good"
    assert [seen.interactions for seen in good.seen] == [data.validation.train, data.interactions]
    assert [seen.interactions for seen in bad.seen] == [data.validation.train]
    assert good.seen[0].validation is None


def test_the_scores_are_those_on_validation() -> None:
    data = training_data()
    assert data.validation is not None
    choices: dict[str, Method] = {"a few": ItemKNN(2, 0), "all": ItemKNN(50, 0), "lots": Random()}
    ranker = Tuned("KNN", choices, "recall", 5).fit(data)
    inner = data.for_validation()
    assert list(ranker.scores) == list(choices)
    for name, method in choices.items():
        expected = validation_score(method.fit(inner), inner, data.validation.cases, "recall", 5)
        assert ranker.scores[name] == expected
    assert ranker.scores[ranker.chosen] == max(ranker.scores.values())
    request = Request(History.of(["i00"]))
    assert ranker.rank([request], 4) == choices[ranker.chosen].fit(data).rank([request], 4)


def test_of_equals_the_first_is_chosen() -> None:
    choices: dict[str, Method] = {"one": Popularity(), "other": Popularity()}
    assert Tuned("same", choices).fit(training_data()).chosen == "one"


def test_without_validation_nothing_is_chosen() -> None:
    data = replace(training_data(), validation=None)
    with pytest.raises(DataError, match="'KNN' can't be chosen: there is no validation part"):
        Tuned("KNN", [ItemKNN()]).fit(data)


def test_choices_need_names_of_their_own() -> None:
    with pytest.raises(DataError, match="are called 'EASE \\(regularisation 1\\)'"):
        Tuned("EASE", [EASE(1), EASE(1)])
    with pytest.raises(DataError, match="nothing to choose from for 'EASE'"):
        Tuned("EASE", [])


def test_the_grids_hold_methods_of_different_names() -> None:
    grids = tuned_collaborative()
    assert [method.name for method in grids] == [
        "ItemKNN",
        "EASE",
        "ALS",
        "BPR",
        "recent popularity",
    ]
    recent = grids[-1]
    assert isinstance(recent, Tuned)
    assert list(recent.choices) == [RecentPopularity(days) for days in (3, 7, 14, 30, 90)]
