"""Metrics, against values by hand and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.evaluation import metrics as metrics_module
from vlm4rec.evaluation.metrics import (
    METRICS,
    Targets,
    cut_off_notes,
    hits,
    metric_name,
    metric_values,
    parse_metric,
    places,
    unreachable,
)

KS = [1, 2, 4]


def judged(
    rankings: list[list[int]], targets: list[list[int]], ks: list[int]
) -> dict[str, NDArray[np.float64]]:
    width = max(*ks, *map(len, rankings))
    padded = np.array([ranking + [-1] * (width - len(ranking)) for ranking in rankings])
    return metric_values(hits(padded, targets), np.array([len(row) for row in targets]), ks)


def test_values_by_hand() -> None:
    values = judged([[7, 3, 5, 1], [2]], [[3, 1, 9], [8]], KS)
    first = {name: float(column[0]) for name, column in values.items()}
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert first == pytest.approx(
        {
            "recall@1": 0,
            "recall@2": 1 / 3,
            "recall@4": 2 / 3,
            "ndcg@1": 0,
            "ndcg@2": (1 / math.log2(3)) / (1 + 1 / math.log2(3)),
            "ndcg@4": (1 / math.log2(3) + 1 / math.log2(5)) / ideal,
            "hitrate@1": 0,
            "hitrate@2": 1,
            "hitrate@4": 1,
            "mrr@1": 0,
            "mrr@2": 1 / 2,
            "mrr@4": 1 / 2,
            "map@1": 0,
            "map@2": (1 / 2) / 3,
            "map@4": (1 / 2 + 2 / 4) / 3,
            "precision@1": 0,
            "precision@2": 1 / 2,
            "precision@4": 1 / 2,
        },
        abs=1e-15,
    )
    assert all(column[1] == 0 for column in values.values())
    assert all(column.dtype == np.float64 for column in values.values())


def test_a_short_ranking_is_divided_by_k_all_the_same() -> None:
    values = judged([[3]], [[3]], [1, 4])
    assert values["precision@4"].tolist() == [0.25]
    assert values["ndcg@4"].tolist() == values["recall@4"].tolist() == [1.0]


def test_average_precision_is_divided_by_the_targets_not_by_k() -> None:
    assert judged([[0, 1]], [[0, 1, 2, 3]], [2])["map@2"].tolist() == [0.5]


def test_what_is_no_candidate_is_never_found_but_counts() -> None:
    targets = Targets.of_ids([["b", "gone"], ["gone"]], ["a", "b"])
    assert targets.columns.tolist() == [1, -1, -1]
    found = hits(np.array([[1, -1], [-1, -1]]), targets)
    assert found.tolist() == [[True, False], [False, False]]
    assert metric_values(found, targets.counts, [2], ["recall"])["recall@2"].tolist() == [0.5, 0]
    assert unreachable([["b", "gone"], ["gone"]], ["a", "b"]) == [(0, "gone"), (1, "gone")]


def test_places_don_t_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rankings = np.array([rng.permutation(20)[:7] for _ in range(50)])
    targets = Targets.of([rng.permutation(20)[: rng.integers(0, 6)] for _ in range(50)])
    whole = places(rankings, targets)
    values = metric_values(hits(rankings, targets), np.maximum(targets.counts, 1), [3, 7])
    for target, (case, place) in enumerate(zip(targets.cases, whole, strict=True)):
        row = rankings[case].tolist()
        column = int(targets.columns[target])
        assert place == (row.index(column) if column in row else -1)
    monkeypatch.setattr(metrics_module, "_CELLS", 10)
    assert places(rankings, targets).tolist() == whole.tolist()
    again = metric_values(hits(rankings, targets), np.maximum(targets.counts, 1), [3, 7])
    assert all(np.array_equal(values[name], again[name]) for name in values)


def test_targets_of_a_case_and_only_some_of_them() -> None:
    targets = Targets.of([[4, 2], [], [3]])
    assert [targets[case].tolist() for case in range(len(targets))] == [[4, 2], [], [3]]
    assert targets[-1].tolist() == [3]
    some = targets.only(np.array([False, True, False]))
    assert [some[case].tolist() for case in range(3)] == [[2], [], []]
    with pytest.raises(IndexError):
        targets[3]


def test_nothing_to_judge_is_no_error() -> None:
    none = Targets.of([])
    assert hits(np.empty((0, 3), dtype=np.int32), none).shape == (0, 3)
    assert metric_values(np.empty((0, 3), dtype=bool), none.counts, [3])["mrr@3"].tolist() == []
    assert places(np.empty((1, 0), dtype=np.int32), [[2]]).tolist() == [-1]


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(DataError, match=r"shape \(1, 2\) don't fit 2 cases"):
        hits(np.array([[1, 2]]), [[1], [2]])
    row = np.array([[True, False]])
    with pytest.raises(DataError, match="cut-off 3 is not from 1 to 2"):
        metric_values(row, np.array([1]), [1, 3])
    with pytest.raises(DataError, match="cut-off 0"):
        metric_values(row, np.array([1]), [0])
    with pytest.raises(DataError, match="1 case without a target"):
        metric_values(row, np.array([0]), [1])
    with pytest.raises(DataError, match="don't fit numbers of targets"):
        metric_values(row, np.array([1, 1]), [1])
    with pytest.raises(DataError, match="no metric 'auc'"):
        metric_values(row, np.array([1]), [1], ["auc"])


@pytest.mark.parametrize("name", list(METRICS))
def test_names_are_read_as_they_are_written(name: str) -> None:
    assert parse_metric(metric_name(name, 20)) == (name, 20)
    assert parse_metric(f" {METRICS[name].title}@5 ") == (name, 5)


@pytest.mark.parametrize("text", ["", "ndcg", "ndcg@", "ndcg@0", "ndcg@-1", "ndcg@1.5", "auc@10"])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(DataError, match="There is no metric"):
        parse_metric(text)


@given(st.text(max_size=12))
def test_any_text_is_a_metric_or_a_data_error(text: str) -> None:
    try:
        name, k = parse_metric(text)
    except DataError:
        return
    assert parse_metric(metric_name(name, k)) == (name, k)


def test_cut_offs_beyond_the_candidates_are_noted() -> None:
    assert cut_off_notes([5, 10], 10) == []
    assert cut_off_notes([20, 5, 50], 10) == [
        "There are only 10 candidates, so that rankings at 20, 50 hold all that may be ranked."
    ]
    assert cut_off_notes([2], 1)[0].startswith("There is only 1 candidate, ")


@st.composite
def one_case(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    ranking = draw(st.permutations(range(12)))[: draw(st.integers(0, 12))]
    targets = draw(st.lists(st.integers(0, 15), min_size=1, max_size=9, unique=True))
    return ranking, targets


@given(one_case())
def test_bounds_and_what_grows_with_k(case: tuple[list[int], list[int]]) -> None:
    ranking, targets = case
    ks = list(range(1, 13))
    values = judged([ranking], [targets], ks)
    for name in METRICS:
        by_k = [float(values[metric_name(name, k)][0]) for k in ks]
        assert all(0 <= value <= 1 for value in by_k)
        if name not in {"ndcg", "precision"}:
            assert by_k == sorted(by_k)
    for k in ks:
        at = {name: float(values[metric_name(name, k)][0]) for name in METRICS}
        assert (at["hitrate"] > 0) == (at["recall"] > 0) == (at["ndcg"] > 0) == (at["map"] > 0)
        assert at["recall"] * len(targets) == pytest.approx(at["precision"] * k)
        assert at["mrr"] <= at["hitrate"]


@given(st.integers(1, 12), st.integers(1, 12))
def test_nothing_is_better_than_all_targets_first(n: int, k: int) -> None:
    values = judged([list(range(12))], [list(range(n))], [k])
    assert values[metric_name("ndcg", k)].tolist() == [1.0]
    assert values[metric_name("mrr", k)].tolist() == [1.0]
    assert values[metric_name("map", k)].tolist() == [min(n, k) / n]


@given(one_case(), st.integers(0, 10))
def test_a_target_moved_up_is_never_worse(case: tuple[list[int], list[int]], place: int) -> None:
    ranking, targets = case
    if place + 1 >= len(ranking) or ranking[place] in targets or ranking[place + 1] not in targets:
        return
    better = ranking.copy()
    better[place], better[place + 1] = ranking[place + 1], ranking[place]
    values = judged([ranking, better], [targets, targets], [1, 5, 12])
    assert all(column[1] >= column[0] for column in values.values())
