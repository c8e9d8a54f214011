from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tests.baselines.small_data import CANDIDATES, ITEMS, day, training_data
from vlm4rec.baselines.popularity import Popularity
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending import blend
from vlm4rec.recommending.blend import (
    Blend,
    BlendRanker,
    learn_choices,
    pick_penalty,
    signal_rankers,
)
from vlm4rec.recommending.choice_model import ChoiceModel, Choices
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import ItemFeatures, Method, TrainingData
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.score_ranker import ScoreRanker
from vlm4rec.recommending.time_rankers import RecentSales
from vlm4rec.recommending.variants import Variants

ALL = len(CANDIDATES)
Rule = Callable[[Request, Sequence[str]], Floats]


@dataclass
class Signal:
    """Scores by a rule, and keeps what it learned from and what it was asked."""

    rule: Rule
    name: str = "signal"
    seen: list[TrainingData] = field(default_factory=list)
    asked: list[list[Request]] = field(default_factory=list)

    def fit(self, data: TrainingData) -> ScoreRanker:
        self.seen.append(data)
        self.asked.append([])
        return _Ruled(data.candidates, self.rule, self.asked[-1])


class _Ruled(ScoreRanker):
    def __init__(self, candidates: Sequence[str], rule: Rule, asked: list[Request]) -> None:
        super().__init__(candidates)
        self._rule, self._asked = rule, asked

    def scores(self, requests: Sequence[Request]) -> Floats:
        self._asked += requests
        return np.array([self._rule(r, self.candidates) for r in requests], np.float32)


def place(_request: Request, candidates: Sequence[str]) -> Floats:
    """Score each candidate by its column: so a choice tells which items were shown."""
    return np.arange(len(candidates), dtype=np.float32)


def nothing(_request: Request, candidates: Sequence[str]) -> Floats:
    return np.full(len(candidates), -np.inf, dtype=np.float32)


def data_of(
    cases: Sequence[Case], items: int = 40, variants: Variants | None = None, seed: int = 0
) -> TrainingData:
    """Return items without features, and cases to learn weights from."""
    ids = tuple(f"i{number:03}" for number in range(items))
    split = Split(Interactions.empty(), tuple(cases), Interactions.empty())
    nothing_known = ItemFeatures(ids, {})
    return TrainingData(
        split.train, nothing_known, ids, split.log, validation=split, variants=variants, seed=seed
    )


def shown(data: TrainingData) -> tuple[Choices, list[list[str]]]:
    """Return the choices, and the items shown in each, the chosen one first."""
    assert data.validation is not None
    made = learn_choices([Signal(place).fit(data)], data, data.validation.cases)
    return made, [[data.candidates[int(c)] for c in row] for row in made.numbers[..., 0]]


def case(user: str, history: Sequence[str], *targets: str) -> Case:
    return Case(user, History.of(history), targets)


def test_signals_learn_without_validation_and_then_from_all() -> None:
    data, signal = training_data(), Signal(place)
    assert data.validation is not None
    Blend("blend", {"one": signal}).fit(data)
    inner, whole = signal.seen
    assert inner.interactions is data.validation.train
    assert inner.log is data.validation.log
    assert inner.validation is None
    assert whole is data


def test_weights_are_learned_from_the_validation_cases_and_no_others() -> None:
    data, signal = training_data(), Signal(place)
    assert data.validation is not None
    Blend("blend", {"one": signal}).fit(data)
    asked_inner, asked_whole = signal.asked
    assert asked_inner == data.for_validation().requests(data.validation.cases)
    assert asked_whole == []


def test_what_is_chosen_comes_first_and_what_is_masked_never() -> None:
    one, other = case("u", ["i000", "i001"], "i005", "i007"), case("v", ["i009"], "i003")
    data = data_of([one, other] * 30)
    _, rows = shown(data)
    assert [row[0] for row in rows[:3]] == ["i005", "i007", "i003"]
    others = {"u": set[str](), "v": set[str]()}
    for row in rows:
        others["v" if row[0] == "i003" else "u"].update(row[1:])
    assert others["u"] == set(data.candidates) - {"i000", "i001", "i005", "i007"}
    assert others["v"] == set(data.candidates) - {"i009", "i003"}


@pytest.mark.parametrize("items", [3, 4, 7, 40])
def test_of_few_items_none_is_shown_twice(items: int) -> None:
    _, rows = shown(data_of([case(f"u{n}", ["i000"], "i001") for n in range(5)], items=items))
    for row in rows:
        assert len(set(row)) == len(row) == 1 + (items - 1) // 2


def test_variants_of_the_history_are_neither_shown_nor_chosen() -> None:
    variants = Variants({"i000": "shirt", "i005": "shirt", "i006": "shirt"})
    cases = [case("u", ["i000"], "i005", "i007"), case("v", ["i005"], "i006")]
    made, rows = shown(data_of(cases, variants=variants))
    assert [row[0] for row in rows] == ["i007"]
    assert not {"i000", "i005", "i006"} & set(rows[0])
    assert made.weights.tolist() == [1.0]


def test_of_many_items_each_is_shown_once() -> None:
    data = data_of([case(f"u{n}", ["i000"], "i001") for n in range(9)], items=600)
    _, rows = shown(data)
    for row in rows:
        assert len(set(row)) == len(row) == 1 + blend._SHOWN
    assert len({tuple(row) for row in rows}) == 9  # drawn for each choice anew
    assert len({item for row in rows for item in row}) > 500


def test_a_target_that_is_no_candidate_is_passed_over() -> None:
    made, rows = shown(data_of([case("u", ["nobody"], "gone", "i002"), case("v", ["i1"], "gone")]))
    assert [row[0] for row in rows] == ["i002"]
    assert made.groups.tolist() == [0]


def test_a_user_with_many_cases_counts_by_their_root() -> None:
    cases = [case("busy", ["i000"], "i001", "i002") for _ in range(9)] + [case("v", ["i1"], "i003")]
    made, _ = shown(data_of(cases))
    of_user = np.bincount(made.groups, made.weights)
    np.testing.assert_allclose(of_user, [3, 1])
    assert np.unique(made.weights[made.groups == 0]).size == 1


def test_too_many_choices_are_drawn_from_all_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blend, "_MOST_CHOICES", 60)
    cases = [case(f"u{n:02}", ["i000"], "i001", "i002", "i003") for n in range(40)]
    made, _ = shown(data_of(cases))
    assert len(made.numbers) == 60
    assert made.groups.max() > 30
    assert made.groups.min() < 10


def test_users_are_never_split_between_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[set[int]] = []
    judged: list[set[int]] = []

    class Watched(ChoiceModel):
        @classmethod
        def fit(cls, choices: Choices, penalty: float = 1e-3) -> ChoiceModel:
            learned.append(set(choices.groups.tolist()))
            model = ChoiceModel.fit(choices, penalty)
            return cls(model.weights, model.centre, model.scale)

        def log_likelihood(self, choices: Choices) -> float:
            judged.append(set(choices.groups.tolist()))
            return super().log_likelihood(choices)

    monkeypatch.setattr(blend, "ChoiceModel", Watched)
    numbers = np.random.default_rng(0).normal(size=(60, 5, 2)).astype(np.float32)
    groups = np.sort(np.random.default_rng(1).integers(0, 20, 60)) * 3  # numbers with gaps
    everyone = set(groups.tolist())
    penalty = pick_penalty(Choices(numbers, np.ones(60), groups), (1e-3, 1e-1))
    assert penalty in (1e-3, 1e-1)
    assert len(learned) == len(judged) == 6
    for own, others in zip(learned, judged, strict=True):
        assert not own & others
        assert own | others == everyone
        assert others
    assert set().union(*judged) == everyone


def test_of_noise_the_highest_penalty_is_best() -> None:
    numbers = np.random.default_rng(0).normal(size=(60, 5, 8)).astype(np.float32)
    noise = Choices(numbers, np.ones(60), np.arange(60))
    assert pick_penalty(noise, (1e-4, 1e-2, 1.0)) == 1.0
    telling = numbers.copy()
    telling[:, 0, 0] += 3
    assert pick_penalty(Choices(telling, np.ones(60), np.arange(60)), (1e-3, 10.0)) == 1e-3


def test_few_users_do_not_choose_a_penalty() -> None:
    numbers = np.random.default_rng(0).normal(size=(50, 5, 2)).astype(np.float32)
    few = Choices(numbers, np.ones(50), np.arange(50) % 5)
    assert pick_penalty(few, (1e-4, 1e-3, 1e-2)) == 1e-3


def planted() -> tuple[TrainingData, dict[str, Method]]:
    """Return choices by 2 times one signal and minus 1 times another; a third says nothing."""
    rng = np.random.default_rng(3)
    users = [f"u{number:04}" for number in range(1500)]
    own = {user: rng.normal(size=(3, 40)).astype(np.float32) for user in users}
    cases = []
    for user in users:
        sums = 2 * own[user][0] - own[user][1] + rng.gumbel(size=40)
        cases.append(Case(user, History((user,), (None,), ("x",), (1.0,)), (_id(sums.argmax()),)))

    def rule(number: int) -> Rule:
        return lambda request, _: own[request.history.items[0]][number]

    signals: dict[str, Method] = {
        name: Signal(rule(number), name) for number, name in enumerate(("good", "bad", "idle"))
    }
    return data_of(cases), signals


def _id(column: int | np.intp) -> str:
    return f"i{int(column):03}"


def test_planted_weights_are_found() -> None:
    data, signals = planted()
    ranker = Blend("blend", signals).fit(data)
    np.testing.assert_allclose(ranker.model.slopes, [2, -1, 0], atol=0.2)
    assert list(ranker.chosen) == ["penalty", "good", "bad", "idle"]
    assert ranker.chosen["good"].startswith("+")
    assert ranker.chosen["bad"].startswith("-")


def test_the_score_is_the_weighted_sum() -> None:
    data, signals = planted()
    ranker = Blend("blend", signals).fit(data)
    request = Request(History.of(["u0007"]), mask=())
    parts = [signals[name].fit(data) for name in signals]
    sums = sum(
        slope * part.scores([request])[0].astype(np.float64)  # type: ignore[attr-defined]
        for slope, part in zip(ranker.model.slopes, parts, strict=True)
    )
    scores = ranker.scores([request])[0]
    np.testing.assert_allclose(scores - scores.mean(), sums - np.mean(sums), atol=1e-4)
    assert ranker.rank([request], 3)[0] == [_id(c) for c in np.argsort(-scores)[:3]]


def test_the_same_seed_gives_the_same_weights() -> None:
    cases = [case(f"u{n}", ["i000"], _id(1 + n % 7)) for n in range(30)]

    def weights(seed: int) -> list[object]:
        made = Blend("blend", {"one": Signal(place)}).fit(data_of(cases, items=600, seed=seed))
        return list(made.model.weights)

    assert weights(0) == weights(0)
    assert weights(0) != weights(1)


def model(*weights: float, centre: float = 0.0) -> ChoiceModel:
    p = len(weights)
    return ChoiceModel(np.array(weights), np.full(p, centre), np.ones(p))


def ranker_of(rules: Sequence[Rule], made: ChoiceModel, items: int = 6) -> BlendRanker:
    data = data_of([], items)
    signals: dict[str, Method] = {str(n): Signal(rule) for n, rule in enumerate(rules)}
    return BlendRanker(signal_rankers(signals, data), made, 1e-3)


@pytest.mark.parametrize("weight", [3.0, -3.0, 0.0])
def test_a_signal_that_says_nothing_counts_for_nothing(weight: float) -> None:
    request = [Request(History.of(["i001"]))]
    with_it = ranker_of([place, nothing], model(1, weight, centre=0.7))
    without = ranker_of([place], model(1, centre=0.7))
    np.testing.assert_array_equal(with_it.scores(request), without.scores(request))
    assert with_it.rank(request, 9) == [["i005", "i004", "i003", "i002", "i000"]]


def test_an_item_of_which_a_signal_says_nothing_is_as_the_mean() -> None:
    def half(_request: Request, candidates: Sequence[str]) -> Floats:
        return np.array([-np.inf, 3, 1, -np.inf, 2, 2][: len(candidates)], dtype=np.float32)

    scores = ranker_of([half], model(2, centre=2)).scores([Request(History.of(["x"]))])[0]
    assert scores.tolist() == [0, 2, -2, 0, 0, 0]


def test_the_mean_stands_in_when_weights_are_learned_too() -> None:
    """So an item is not better, or worse, for what a signal can't say of it."""

    def high(request: Request, candidates: Sequence[str]) -> Floats:
        scores = np.full(len(candidates), 100, dtype=np.float32)
        scores[::2] = 101
        return nothing(request, candidates) if request.history.items[0] == "i009" else scores

    cases = [case("u", ["i000"], "i001"), case("v", ["i009"], "i002")]
    data = data_of(cases)
    made = learn_choices([Signal(high).fit(data)], data, cases)
    assert np.unique(made.numbers[0]).tolist() == [100, 101]
    mean = made.numbers[0].mean()
    np.testing.assert_allclose(made.numbers[1], mean, rtol=1e-6)
    assert ChoiceModel.fit(made).centre[0] == pytest.approx(mean, rel=1e-6)


def test_a_signal_that_never_says_anything_can_be_blended() -> None:
    data = training_data()
    signals: dict[str, Method] = {"sales": RecentSales(None), "none": Signal(nothing)}
    ranker = Blend("blend", signals).fit(data)
    alone = Blend("alone", {"sales": RecentSales(None)}).fit(data)
    assert ranker.model.weights[1] == 0
    asked = [Request(History.of(["i00"]), day(15))]
    assert ranker.rank(asked, ALL) == alone.rank(asked, ALL)


def test_an_empty_history_is_ranked_by_the_rest() -> None:
    data = training_data()
    signals: dict[str, Method] = {"title": Content("t", "title"), "sales": RecentSales(None)}
    ranker = Blend("blend", signals).fit(data)
    assert ranker.model.weights[1] != 0
    empty = Request(History.of([]), day(30))
    sales = signals["sales"].fit(data).rank([empty], ALL)[0]
    expected = sales if ranker.model.weights[1] > 0 else None
    ranking = ranker.rank([empty], ALL)[0]
    assert set(ranking) == set(CANDIDATES)
    if expected is not None:
        assert ranking == expected


def test_where_no_signal_says_anything_there_is_no_ranking() -> None:
    signals: dict[str, Method] = {"title": Content("t", "title"), "image": Content("i", "image")}
    ranker = Blend("blend", signals).fit(training_data())
    asked = [Request(History.of(items)) for items in ([], ["i00"], ["nobody"])]
    assert [len(ranking) for ranking in ranker.rank(asked, ALL)] == [0, ALL - 1, 0]


@pytest.mark.parametrize("weight", [1.0, 0.0])
def test_undefined_scores_are_told(weight: float) -> None:
    def bad(_request: Request, candidates: Sequence[str]) -> Floats:
        return np.full(len(candidates), np.nan, dtype=np.float32)

    with pytest.raises(DataError, match="not numbers"):
        ranker_of([place, bad], model(1, weight)).rank([Request(History.of(["x"]))], 2)
    with pytest.raises(DataError, match="infinite or undefined"):
        Blend("blend", {"place": Signal(place), "bad": Signal(bad)}).fit(training_data())


def test_the_mask_holds_under_any_weights() -> None:
    ranker = ranker_of([place], model(-5.0))
    ranking = ranker.rank([Request(History.of(["i001"]), mask=("i000", "i001", "x"))], 9)[0]
    assert ranking == ["i002", "i003", "i004", "i005"]


@dataclass
class OnlyRanks:
    name: str = "only ranks"

    def fit(self, data: TrainingData) -> Ranker:
        ranker = Popularity().fit(data)
        return _NoScores(ranker)


@dataclass
class _NoScores:
    ranker: Ranker

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        return self.ranker.rank(requests, k)


def test_what_can_not_be_blended_is_told() -> None:
    with pytest.raises(DataError, match="'blend' has no signal"):
        Blend("blend", {})
    with pytest.raises(DataError, match="'only ranks' gives no scores"):
        Blend("blend", {"it": OnlyRanks()}).fit(training_data())
    with pytest.raises(DataError, match="'blend' can't learn its weights: there is no validation"):
        Blend("blend", {"it": Popularity()}).fit(replace(training_data(), validation=None))


def test_without_a_target_that_may_be_ranked_nothing_is_learned() -> None:
    bought_all = case("u", [_id(n) for n in range(40)], "i001")
    for cases in ([case("u", ["i000"], "gone")], [bought_all], []):
        with pytest.raises(DataError, match="No validation case has a target that may be ranked"):
            Blend("blend", {"one": Signal(place)}).fit(data_of(cases))


def test_a_user_who_has_all_but_the_target_chose_from_nothing() -> None:
    only = case("u", [_id(n) for n in range(39)], "i039")
    with pytest.raises(DataError, match="No validation case"):
        Blend("blend", {"one": Signal(place)}).fit(data_of([only]))


def test_histories_may_hold_more_than_the_candidates() -> None:
    assert set(ITEMS) > set(CANDIDATES)
    ranker = Blend("blend", {"title": Content("t", "title")}).fit(training_data())
    assert len(ranker.rank([Request(History.of([ITEMS[-1]]))], ALL)[0]) == ALL
