from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from tests.baselines.small_data import ITEMS, interactions_of, training_data
from tests.evaluation.conftest import Rule, Spy, case, in_order, of_cases
from vlm4rec.baselines.random_ranking import Random
from vlm4rec.errors import DataError
from vlm4rec.evaluation.evaluate import (
    VARIANTS_IN,
    VARIANTS_OUT,
    EvaluationOptions,
    Prepared,
    evaluate,
    findable,
    prepare,
)
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splits.registry import splitter_by_name
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.variants import Variants

PAIRS = Variants({item: f"product {number // 4}" for number, item in enumerate(ITEMS)})


def test_all_methods_get_the_same(prepared: Prepared) -> None:
    spies = [Spy("one"), Spy("other", lambda request, k, all_: in_order(request, k, all_[::-1]))]
    evaluation = evaluate(spies, prepared, variants=PAIRS)
    for spy in spies:
        assert [data.variants for data in spy.learned] == [None, PAIRS]
        for data in spy.learned:
            assert replace(data, variants=None) == prepared.data
    assert spies[0].asked == spies[1].asked
    for setting, (requests, k) in zip(evaluation.settings, spies[0].asked, strict=True):
        assert k == 5
        assert len(requests) == len(setting.cases)
        for asked, judged in zip(requests, setting.cases, strict=True):
            assert (asked.history, asked.time) == (judged.history, judged.time)


def test_the_whole_history_is_masked_and_its_variants(prepared: Prepared) -> None:
    spy = Spy()
    evaluate([spy], prepared, variants=PAIRS)
    counted_in, left_out = (requests for requests, _ in spy.asked)
    for request in counted_in:
        assert set(request.masked) == set(request.history.items)
    for request in left_out:
        products = {PAIRS.products[item] for item in request.history.items}
        assert set(request.masked) == {i for i in ITEMS if PAIRS.products[i] in products}


def test_targets_that_are_variants_are_taken_out_and_counted(prepared: Prepared) -> None:
    evaluation = evaluate([Spy()], prepared, variants=PAIRS)
    counted_in, left_out = evaluation[VARIANTS_IN], evaluation[VARIANTS_OUT]
    assert counted_in.cases == prepared.split.cases
    assert counted_in.left_out == {}
    wanted, gone, empty, full = [], 0, 0, 0
    for each in prepared.split.cases:
        masked = PAIRS.of(each.history.items)
        free = tuple(item for item in each.targets if item not in masked)
        gone += len(each.targets) - len(free)
        empty += not free
        full += set(masked) == set(ITEMS)
        wanted += [replace(each, targets=free)] if free else []
    assert left_out.cases == tuple(wanted)
    assert gone
    assert empty
    assert full
    assert left_out.left_out == {
        "targets that are variants of the history": gone,
        "cases without a target left": empty,
        "cases with all candidates masked": full,
    }


def test_without_variants_there_is_one_setting(prepared: Prepared) -> None:
    assert [setting.name for setting in evaluate([Spy()], prepared).settings] == [VARIANTS_IN]


def test_no_method_sees_what_it_is_to_find(prepared: Prepared) -> None:
    spy = Spy()
    evaluate([spy], prepared)
    data = spy.learned[0]
    hidden = {(each.user, item) for each in prepared.split.cases for item in each.targets}
    known = set(data.interactions.frame.select("user", "item").rows())
    assert hidden
    assert not hidden & known
    assert data.validation is not None
    held = {(each.user, item) for each in data.validation.cases for item in each.targets}
    assert not hidden & held
    assert not held & set(data.validation.train.frame.select("user", "item").rows())


def naive(ranking: Sequence[str], targets: Sequence[str], k: int) -> dict[str, float]:
    """Return the metrics of one ranking, as the books write them."""
    first = ranking[:k]
    places = [place for place, item in enumerate(first, start=1) if item in targets]
    ideal = sum(1 / math.log2(1 + place) for place in range(1, min(k, len(targets)) + 1))
    return {
        "recall": len(places) / len(targets),
        "precision": len(places) / k,
        "hitrate": 1.0 if places else 0.0,
        "mrr": 1 / places[0] if places else 0.0,
        "ndcg": sum(1 / math.log2(1 + place) for place in places) / ideal,
        "map": sum((n + 1) / place for n, place in enumerate(places)) / len(targets),
    }


def test_users_are_averaged_as_a_naive_computation_does() -> None:
    rng = np.random.default_rng(0)
    candidates = [f"i{number:02}" for number in range(30)]
    cases = []
    for _ in range(80):
        drawn = rng.permutation(candidates).tolist()
        cases.append(case(f"u{rng.integers(12)}", drawn[:4], *drawn[4 : 5 + rng.integers(4)]))
    prepared = of_cases(cases, candidates, ks=(1, 4, 10))
    setting = evaluate([Random()], prepared)[VARIANTS_IN]
    rankings = Random().fit(prepared.data).rank(prepared.data.requests(cases), 10)
    for k in (1, 4, 10):
        by_user: dict[str, list[dict[str, float]]] = {}
        for each, ranking in zip(cases, rankings, strict=True):
            by_user.setdefault(each.user, []).append(naive(ranking, each.targets, k))
        assert setting.users == tuple(by_user)
        for name in ("recall", "precision", "hitrate", "mrr", "ndcg", "map"):
            means = [sum(v[name] for v in values) / len(values) for values in by_user.values()]
            found = setting.per_user("random", f"{name}@{k}")
            np.testing.assert_allclose(found, means, rtol=1e-12)
            mean = setting.mean("random", f"{name}@{k}")
            assert mean == pytest.approx(sum(means) / len(means), rel=1e-12)


def test_a_perfect_method_reaches_1_and_one_without_rankings_0() -> None:
    cases = [case("anna", ["a"], "b"), case("ben", ["b"], "f")]
    wanted = {("a",): ["b"], ("b",): ["f"]}
    methods = [
        Spy("perfect", lambda request, *_: wanted[request.history.items]),
        Spy("silent", lambda *_: []),
    ]
    setting = evaluate(methods, of_cases(cases))[VARIANTS_IN]
    for name, values in setting.methods["perfect"].values.items():
        assert values.tolist() == ([1, 1] if name != "precision@3" else [1 / 3, 1 / 3])
    for values in setting.methods["silent"].values.values():
        assert values.tolist() == [0, 0]


def first(*items: str) -> Rule:
    return lambda request, k, candidates: [*items, *in_order(request, k, candidates)][:k]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (first("a"), "bad ranked 'a' for user 'anna', which is masked"),
        (first("c", "c"), "bad ranked 'c' twice for user 'anna'"),
        (first("nobody"), "bad ranked 'nobody', which is no candidate, for user 'anna'"),
        (lambda request, k, all_: in_order(request, k + 1, all_), "bad ranked 4 items for user"),
    ],
)
def test_a_method_that_breaks_the_rules_is_told(rule: Rule, told: str) -> None:
    prepared = of_cases([case("anna", ["a"], "b"), case("ben", ["c"], "b")])
    with pytest.raises(DataError, match=told):
        evaluate([Spy("good"), Spy("bad", rule)], prepared)


def test_a_variant_of_the_history_is_masked_in_the_second_setting_only() -> None:
    variants = Variants({"a": "shirt", "c": "shirt"})
    prepared = of_cases([case("anna", ["a"], "b")])
    method = Spy("bad", lambda *_: ["c"])
    evaluate([method], prepared)
    with pytest.raises(DataError, match="bad ranked 'c' for user 'anna', which is masked"):
        evaluate([method], prepared, variants=variants)


@dataclass
class Miscounting:
    """Gives one ranking too few."""

    name: str = "miscounting"

    def fit(self, data: TrainingData) -> Ranker:
        return _Miscounting()


class _Miscounting:
    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        return [list[str]() for _ in requests[1:]]


def test_a_ranking_that_is_missing_is_told() -> None:
    prepared = of_cases([case("anna", ["a"], "b"), case("ben", ["c"], "b")])
    with pytest.raises(DataError, match="miscounting gave 1 rankings for 2 cases"):
        evaluate([Miscounting()], prepared)


def test_no_case_left_is_told_with_the_reasons() -> None:
    prepared = of_cases([case("anna", ["a"], "gone", "lost"), case("ben", ["a"], "b")])
    same = Variants(dict.fromkeys("ab", "shirt"))
    with pytest.raises(DataError, match="No case is left") as told:
        evaluate([Spy()], prepared, variants=same)
    assert "targets that are no candidates: 2" in told.value.message
    assert "targets that are variants of the history: 1" in told.value.message
    assert "cases without a target left: 2" in told.value.message
    with pytest.raises(DataError, match=r"No case is left .*there was none"):
        evaluate([Spy()], of_cases([]))


def test_what_can_not_be_found_is_counted_and_not_judged_as_0() -> None:
    cases = [
        case("anna", ["a"], "b", "gone"),
        case("ben", ["a"], "gone"),
        case("zoe", list("abcdefg"), "gone"),
    ]
    setting = evaluate([Spy()], of_cases(cases))[VARIANTS_IN]
    assert setting.users == ("anna",)
    assert setting.cases[0].targets == ("b",)
    assert setting.mean("spy", "recall@1") == 1
    assert setting.left_out == {
        "targets that are no candidates": 3,
        "cases without a target left": 2,
        "cases with all candidates masked": 1,
    }


def test_a_customer_whose_mask_covers_everything_is_counted() -> None:
    one = Variants(dict.fromkeys("abcdef", "one product"))
    cases = [case("anna", ["a"], "b"), case("ben", ["stranger"], "b")]
    setting = evaluate([Spy()], of_cases(cases), variants=one)[VARIANTS_OUT]
    assert setting.users == ("ben",)
    assert setting.left_out["cases with all candidates masked"] == 1


def test_what_is_findable_keeps_the_order_of_targets() -> None:
    data = of_cases([]).data
    cases, left_out = findable([case("anna", ["a"], "f", "x", "b")], data)
    assert cases[0].targets == ("f", "b")
    assert left_out == {"targets that are no candidates": 1}


def test_cut_offs_beyond_the_candidates() -> None:
    data = training_data()
    rule = splitter_by_name("leave-last-out")
    prepared = prepare(rule, data.interactions, data.features, EvaluationOptions((50, 3, 50)))
    assert prepared.facts.ks == (3, 50)
    assert any("only 14 candidates" in note for note in prepared.facts.notes)
    setting = evaluate([Spy(), Random()], prepared)[VARIANTS_IN]
    for name in ("spy", "random"):
        assert setting.mean(name, "recall@50") == 1
        assert setting.methods[name].rankings.shape[1] == 50
        assert setting.mean(name, "recall@3") < 1


def test_that_there_is_no_validation_is_said() -> None:
    data = training_data()
    rule = splitter_by_name("leave-last-out")
    few = prepare(rule, data.interactions, data.features, EvaluationOptions(min_train=1000))
    assert few.data.validation is None
    assert few.facts.counts["validation cases"] == 0
    assert any("no validation part: training holds" in note for note in few.facts.notes)
    two_days = interactions_of([("u", "i00", 1), ("u", "i01", 2), ("v", "i01", 1), ("v", "i02", 2)])
    none = prepare(rule, two_days, data.features)
    assert none.data.validation is None
    assert any(note.startswith("There is no validation part") for note in none.facts.notes)
    assert evaluate([Spy()], none)[VARIANTS_IN].users == ("u", "v")


def test_a_split_that_leaves_nobody_is_told() -> None:
    rule = splitter_by_name("leave-last-out")
    once = interactions_of([("u", "i00", 1), ("v", "i01", 2)])
    for interactions in (once, Interactions.empty()):
        with pytest.raises(DataError):
            prepare(rule, interactions, training_data().features)


def test_what_is_not_covered_is_counted() -> None:
    data = training_data()
    more = interactions_of([("u00", "not covered", 1), ("stranger", "not covered", 2)])
    frame = data.interactions.frame.vstack(more.frame)
    rule = splitter_by_name("leave-last-out")
    prepared = prepare(rule, Interactions(frame), data.features)
    assert prepared.facts.left_out["interactions with items that are not covered"] == 2
    assert prepared.facts.counts["users"] == 30
    plain = prepare(rule, data.interactions, data.features)
    assert prepared.split.cases == plain.split.cases


def test_the_facts_count_what_there_is(prepared: Prepared) -> None:
    counts = prepared.facts.counts
    assert counts["covered items"] == counts["candidates"] == len(ITEMS)
    assert counts["interactions"] == len(training_data().interactions)
    assert counts["training interactions"] == len(prepared.split.train)
    assert counts["test cases"] == len(prepared.split.cases)
    assert counts["test users"] == len({each.user for each in prepared.split.cases})
    assert prepared.data.validation is not None
    assert counts["validation cases"] == len(prepared.data.validation.cases) >= 10


def test_undefined_features_are_told() -> None:
    data = training_data()
    bad = np.ones((len(ITEMS), 2), dtype=np.float32)
    bad[3, 1] = np.nan
    features = ItemFeatures(ITEMS, {"title": lambda: bad})
    prepared = prepare(splitter_by_name("leave-last-out"), data.interactions, features)

    @dataclass
    class Reads:
        name: str = "reads"

        def fit(self, data: TrainingData) -> Ranker:
            data.features["title"]
            raise AssertionError

    with pytest.raises(DataError, match="'title' hold numbers that are infinite or undefined"):
        evaluate([Reads()], prepared)


def test_names_of_methods_differ(prepared: Prepared) -> None:
    with pytest.raises(DataError, match="Two methods are called 'spy'"):
        evaluate([Spy(), Spy("other"), Spy()], prepared)
    with pytest.raises(DataError, match="Give a method"):
        evaluate([], prepared)


@pytest.mark.parametrize("ks", [(), (0,), (5, -1)])
def test_cut_offs_are_at_least_1(ks: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="cut-offs must be at least 1"):
        EvaluationOptions(ks)


def test_progress_is_told(prepared: Prepared) -> None:
    told: list[tuple[str, int, int]] = []
    watch: Callable[[str, int, int], None] = lambda *what: told.append(what)  # noqa: E731
    evaluate([Spy("one"), Spy("two")], prepared, variants=PAIRS, watch=watch)
    assert [(done, total) for _, done, total in told] == [(n, 4) for n in range(5)]
    assert [what for what, _, _ in told[:4]] == [
        "one (variants in)",
        "two (variants in)",
        "one (variants out)",
        "two (variants out)",
    ]


@dataclass
class Chooses:
    """A method whose ranker tells what it chose."""

    chosen: object
    name: str = "chooses"

    def fit(self, data: TrainingData) -> Ranker:
        ranker = Random().fit(data)
        ranker.chosen = self.chosen  # type: ignore[attr-defined]
        return ranker


@pytest.mark.parametrize(
    ("chosen", "told"),
    [({"profile": "max"}, {"profile": "max"}), ("ItemKNN (20)", {"choice": "ItemKNN (20)"})],
)
def test_what_was_chosen_is_kept(prepared: Prepared, chosen: object, told: dict[str, str]) -> None:
    setting = evaluate([Chooses(chosen), Random()], prepared)[VARIANTS_IN]
    assert setting.methods["chooses"].chosen == told
    assert setting.methods["random"].chosen == {}
