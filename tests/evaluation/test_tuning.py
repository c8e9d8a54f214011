from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.baselines.small_data import CANDIDATES, training_data
from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.evaluation import tuning
from vlm4rec.evaluation.tuning import TunedBlend, crossfitted_score, expanded
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending.choice_model import ChoiceModel, Choices
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.validation import validation_score

IDS = tuple(f"i{number:02}" for number in range(60))
PROFILES = ("mean", "last:1")


def planted(seed: int = 0) -> TrainingData:
    """Return customers who choose by the last item of their history alone."""
    rng = np.random.default_rng(1)
    groups = np.arange(60) % 12
    centres = rng.normal(size=(12, 16))
    vectors = normalise(centres[groups] + 0.1 * rng.normal(size=(60, 16)))
    cases = []
    for number in range(60):
        *earlier, last, target = rng.permutation(60)[:6].tolist()
        target = rng.choice(np.flatnonzero((groups == groups[last]) & (np.arange(60) != last)))
        history = [IDS[row] for row in (*earlier, last) if row != target]
        cases.append(Case(f"u{number:02}", History.of(history), (IDS[target],)))
    nothing = Interactions.empty()
    noise = normalise(rng.normal(size=(60, 8)))
    features = ItemFeatures(IDS, {"title": lambda: vectors, "image": lambda: noise})
    split = Split(nothing, tuple(cases), nothing)
    return TrainingData(nothing, features, IDS, validation=split, seed=seed)


def tuned(**options: object) -> TunedBlend:
    given = {"beyond": False, "trials": 8, "profiles": PROFILES, "shrinkages": (None,), **options}
    return TunedBlend("tuned", ("title", "image"), **given)  # type: ignore[arg-type]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The signals of each choice that is judged, in whose place stand made-up scores."""
    signals: list[list[str]] = []

    def score(named: Mapping[str, Method], inner: TrainingData, cases: Sequence[Case]) -> float:
        signals.append(list(named))
        return len(signals) / 100

    monkeypatch.setattr(tuning, "crossfitted_score", score)
    return signals


def test_the_planted_profile_is_chosen() -> None:
    ranker = tuned().fit(planted())
    assert ranker.choice.profile == "last:1"
    assert len(ranker.scores) > 1
    assert ranker.scores[ranker.choice] == max(ranker.scores.values())
    mean = max(score for choice, score in ranker.scores.items() if choice.profile == "mean")
    assert ranker.scores[ranker.choice] > mean + 0.1
    title, image = ranker.ranker.model.weights[:2]
    assert title > 5 * abs(image)


def test_the_choice_is_told() -> None:
    ranker = tuned().fit(planted())
    assert ranker.chosen["choice"] == ranker.choice.told
    assert f"{len(ranker.scores)} tried" in ranker.chosen["budget"]
    assert f"{ranker.scores[ranker.choice]:.4f}" in ranker.chosen["budget"]
    assert {"penalty", "title", "image"} <= set(ranker.chosen)


@pytest.mark.parametrize("trials", [1, 3, 6])
def test_the_budget_is_kept(trials: int, judged: list[list[str]]) -> None:
    wide = tuned(trials=trials, shrinkages=(0.1, 0.3, None), profiles=("mean", "max", "last:2"))
    ranker = wide.fit(planted())
    assert 1 <= len(judged) == len(ranker.scores) <= trials
    first = next(iter(ranker.scores))
    assert (first.profile, first.shrinkage, first.nearest) == ("mean", 0.1, False)


def test_no_choice_is_judged_twice(judged: list[list[str]]) -> None:
    ranker = tuned(trials=50).fit(planted())
    assert len(judged) == len(ranker.scores) <= 4


def test_the_progress_is_told(judged: list[list[str]]) -> None:
    told: list[tuple[int, int]] = []
    tuned(trials=3, watch=lambda done, total: told.append((done, total))).fit(planted())
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_of_equals_the_first_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "crossfitted_score", lambda *_: 0.5)
    assert tuned().fit(planted()).choice.profile == "mean"


def test_the_same_seed_gives_the_same_choice() -> None:
    requests = [Request(each.history) for each in planted().validation.cases[:9]]  # type: ignore[union-attr]

    def found(seed: int) -> tuple[object, ...]:
        ranker = tuned(trials=4).fit(planted(seed))
        return ranker.scores, ranker.chosen, ranker.rank(requests, 10)

    assert found(0) == found(0)
    assert found(3) == found(3)


def test_signals_learn_from_all_after_the_choice() -> None:
    data = training_data()
    method = TunedBlend("tuned", (), trials=1)
    ranker = method.fit(data)
    later = replace(data, log=Interactions.empty(), interactions=data.interactions)
    asked = [Request(History.of(["i00"]), None)]
    sales = ranker.ranker.signals["sales so far"].scores(asked)[0]
    counts = dict(data.log.frame["item"].value_counts().rows())
    expected = [np.log1p(counts.get(item, 0)) for item in CANDIDATES]
    np.testing.assert_allclose(sales, expected, rtol=1e-5)
    assert ranker.rank(asked, 3) != method.fit(later).rank(asked, 3)


def test_users_are_judged_by_weights_that_were_not_learned_from_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned: list[set[int]] = []
    judged: list[set[str]] = []

    class Watched(ChoiceModel):
        @classmethod
        def fit(cls, choices: Choices, penalty: float = 1e-3) -> ChoiceModel:
            learned.append(set(choices.groups.tolist()))
            return ChoiceModel.fit(choices, penalty)

    def score(ranker: object, data: TrainingData, cases: Sequence[Case]) -> float:
        judged.append({each.user for each in cases})
        return validation_score(ranker, data, cases)  # type: ignore[arg-type]

    monkeypatch.setattr(tuning, "ChoiceModel", Watched)
    monkeypatch.setattr(tuning, "validation_score", score)
    data = planted()
    cases = data.validation.cases  # type: ignore[union-attr]
    twice = [*cases, *(replace(each, targets=each.targets) for each in cases[::-1])]
    found = crossfitted_score({"title": Content("t", "title")}, data.for_validation(), twice)
    users = list(dict.fromkeys(each.user for each in twice))
    assert 0 < found <= 1
    assert len(learned) == len(judged) == 3
    for own, others in zip(learned, judged, strict=True):
        assert not {users[number] for number in own} & others
    assert set().union(*judged) == set(users)


def test_the_score_is_the_mean_over_all_users() -> None:
    """Of one signal alone, weights change no ranking: so folds change nothing either."""
    data = planted().for_validation()
    cases = planted().validation.cases  # type: ignore[union-attr]
    method = Content("t", "title", "last:1")
    expected = validation_score(method.fit(data), data, cases)
    assert crossfitted_score({"title": method}, data, cases) == pytest.approx(expected)


def test_grounding_comes_in_only_where_it_is_named() -> None:
    there = ["title", "description", "title+description", "metadata", "metadata:color",
             "facet:colour", "facet:style", "image"]  # fmt: skip
    ungrounded = ["title", "metadata", "metadata:*", "image"]
    assert expanded(ungrounded, there) == ["title", "metadata", "metadata:color", "image"]
    assert expanded(["facet:*", "facet:style", "facet:*"], there) == ["facet:colour", "facet:style"]
    assert expanded(["image", "title"], there) == ["image", "title"]
    assert expanded(["titl", "facet", "metadata:"], there) == []
    assert expanded(["title"], []) == expanded([], there) == []
    assert expanded(["metadata:*", "facet:*"], ["title"]) == []


def test_each_feature_is_a_signal() -> None:
    data = training_data()
    ranker = TunedBlend("tuned", ("title", "facet:*", "nothing"), beyond=False, trials=1).fit(data)
    facets = [name for name in data.features.names if name.startswith("facet:")]
    assert list(ranker.ranker.signals) == ["title", *facets]


def test_what_sells_is_a_signal_only_if_asked() -> None:
    method = TunedBlend("tuned", ("title",), trials=1)
    assert "sales so far" in method.fit(training_data()).ranker.signals
    alone = replace(method, beyond=False).fit(training_data())
    assert list(alone.ranker.signals) == ["title"]


def test_a_whitened_choice_whitens_the_features() -> None:
    white = tuned(shrinkages=(0.3,), trials=1).fit(planted())
    plain = tuned(shrinkages=(None,), trials=1).fit(planted())

    def vectors(ranker: tuning.TunedBlendRanker) -> Floats:
        content = ranker.ranker.signals["title"]
        return np.asarray(content.vectors.matrix)  # type: ignore[attr-defined]

    assert np.abs(vectors(white).mean(axis=0)).max() < np.abs(vectors(plain).mean(axis=0)).max()
    np.testing.assert_allclose(vectors(plain), planted().features["title"], atol=1e-6)
    assert "whitening 0.3" in white.chosen["choice"]


def test_what_can_not_be_tuned_is_told() -> None:
    with pytest.raises(DataError, match="'tuned' can't be tuned: there is no validation part"):
        tuned().fit(replace(planted(), validation=None))
    with pytest.raises(DataError, match="nothing that 'other' is made of: facet"):
        TunedBlend("other", ("facet:*", "metadata"), beyond=False).fit(planted())
