"""Slices of cases and of targets, and values in them."""

from __future__ import annotations

import numpy as np
import pytest

from vlm4rec.errors import DataError
from vlm4rec.evaluation.beyond_accuracy import ItemCounts
from vlm4rec.evaluation.metrics import Targets, hits, metric_values
from vlm4rec.evaluation.slices import (
    Slice,
    all_slices,
    by_category,
    by_history_length,
    by_popularity,
    by_training,
    slice_values,
)
from vlm4rec.evaluation.statistics import bootstrap_interval
from vlm4rec.evaluation.user_means import user_means
from vlm4rec.interactions.interactions import History
from vlm4rec.interactions.splitting import Case


def case(length: int, user: str = "u") -> Case:
    return Case(user, History.of(["h"] * length), ("t",))


def counted(*counts: int) -> ItemCounts:
    return ItemCounts(np.array(counts), np.array(counts), 10)


def told(slices: list[Slice]) -> dict[str, list[list[int]]]:
    return {
        part.name: [part.targets[number].tolist() for number in range(len(part.targets))]
        for part in slices
    }


def test_history_lengths_and_their_borders() -> None:
    lengths = [1, 2, 4, 5, 9, 10, 19, 20, 300]
    found = by_history_length([case(n) for n in lengths], Targets.of([[0, 1]] * len(lengths)))
    chosen = {part.name: np.array(lengths)[part.cases].tolist() for part in found}
    assert chosen == {
        "1": [1],
        "2–4": [2, 4],
        "5–9": [5, 9],
        "10–19": [10, 19],
        "20+": [20, 300],
    }
    assert all(set(part.targets.counts.tolist()) == {0, 2} for part in found)


def test_popularity_splits_the_targets_of_a_case() -> None:
    counts = counted(50, 40, 5, 4, 3, 2, 1, 1, 1, 0)
    targets = Targets.of([[0, 2, 9], [1, 4], [6, 5]])
    found = by_popularity(targets, counts)
    assert told(found) == {
        "head": [[0], [1], []],
        "middle": [[2], [4], []],
        "tail": [[9], [], [6, 5]],
    }
    assert found[0].cases.tolist() == [True, True, False]


def test_warm_and_cold() -> None:
    found = by_training(Targets.of([[0, 1], [1]]), counted(3, 0))
    assert told(found) == {"warm": [[0], []], "cold": [[1], [1]]}


def test_the_most_common_categories_then_all_others() -> None:
    targets = Targets.of([[0, 3], [1], [2, 4], [5]])
    categories = ["hats", "boots", "boots", "capes", "", "other"]
    assert told(by_category(targets, categories, most=2)) == {
        "boots": [[], [1], [2], []],
        "capes": [[3], [], [], []],
        "other": [[0], [], [4], [5]],
    }
    assert list(told(by_category(targets, categories))) == ["boots", "capes", "hats", "other"]
    assert list(told(by_category(targets, categories, most=0))) == ["other"]


def test_what_is_no_candidate_is_in_no_slice_of_targets() -> None:
    targets = Targets.of([[-1, 0], [-1]])
    slices = [
        *by_popularity(targets, counted(3)),
        *by_training(targets, counted(3)),
        *by_category(targets, ["boots"]),
    ]
    assert all(part.targets.columns.tolist() == [0] for part in slices)
    assert len(slices) == 3


def test_each_target_is_in_one_slice_of_each_group() -> None:
    rng = np.random.default_rng(0)
    cases = [case(int(length)) for length in rng.integers(1, 30, size=60)]
    targets = Targets.of([rng.permutation(25)[: rng.integers(1, 6)] for _ in cases])
    counts = ItemCounts(rng.integers(0, 5, 25), rng.integers(0, 5, 25), 9)
    categories = [f"category {number % 11}" for number in range(25)]
    slices = all_slices(cases, targets, counts, categories, most=4)
    for group in ("history length", "popularity", "training", "category"):
        parts = [part for part in slices if part.group == group]
        found = np.sum([part.targets.counts for part in parts], axis=0)
        assert found.tolist() == targets.counts.tolist()
    names = [(part.group, part.name) for part in slices]
    assert len(set(names)) == len(names)
    assert names == [
        (p.group, p.name) for p in all_slices(cases, targets, counts, categories, most=4)
    ]
    assert "category" not in {part.group for part in all_slices(cases, targets, counts)}


def test_values_in_a_slice_are_those_of_its_targets_alone() -> None:
    rng = np.random.default_rng(1)
    targets = Targets.of([rng.permutation(12)[: rng.integers(1, 5)] for _ in range(40)])
    rankings = np.array([rng.permutation(12)[:6] for _ in range(40)])
    user_of_case = np.sort(rng.integers(0, 15, size=40))
    [head, *_] = by_popularity(targets, counted(9, 9, 8, *[1] * 9))
    found = slice_values(rankings, head, user_of_case, ["ndcg@5", "recall@3"], seed=3)
    rows = [row for row in range(40) if set(targets[row].tolist()) & {0, 1, 2}]
    only = [[c for c in targets[row].tolist() if c in {0, 1, 2}] for row in rows]
    by_case = metric_values(
        hits(rankings[rows], only), np.array([len(row) for row in only]), [3, 5]
    )
    users = sorted({int(user_of_case[row]) for row in rows})
    numbers = np.array([users.index(user_of_case[row]) for row in rows])
    for metric, value in found.items():
        expected = user_means(by_case[metric], numbers, len(users))
        assert value.values.tolist() == expected.tolist()
        assert value.users.tolist() == users
        assert value.mean == expected.mean()
        assert value.interval == bootstrap_interval(expected, seed=3)
        assert (value.n_users, value.n_cases) == (len(users), len(rows))
        assert value.n_targets == sum(map(len, only))
        assert (value.group, value.name, value.metric) == ("popularity", "head", metric)


def test_a_slice_of_all_is_the_whole() -> None:
    targets = Targets.of([[0, 1], [2]])
    rankings = np.array([[1, 2], [0, 2]])
    [whole] = by_training(targets, counted(1, 1, 1))
    found = slice_values(rankings, whole, np.array([0, 1]), ["map@2"], seed=0)["map@2"]
    values = metric_values(hits(rankings, targets), targets.counts, [2], ["map"])["map@2"]
    assert found.values.tolist() == values.tolist()


def test_a_slice_of_one_user_has_no_interval() -> None:
    part = Slice("training", "cold", Targets.of([[0], []]))
    found = slice_values(np.array([[0], [1]]), part, np.array([0, 1]), ["recall@1"], seed=0)
    assert (found["recall@1"].interval, found["recall@1"].n_users) == (None, 1)


def test_what_does_not_fit_is_told() -> None:
    targets = Targets.of([[0], [3]])
    with pytest.raises(DataError, match="2 cases don't fit 1 case"):
        by_history_length([case(1)], targets)
    with pytest.raises(DataError, match="column 3, but there are 2 candidates"):
        by_popularity(targets, counted(1, 2))
    with pytest.raises(DataError, match="column 3"):
        all_slices([case(1), case(1)], targets, counted(1, 1, 1, 1), ["boots"])
    nothing = Slice("training", "cold", Targets.of([[], []]))
    with pytest.raises(DataError, match="'cold' by training holds no case"):
        slice_values(np.array([[0], [1]]), nothing, np.array([0, 1]), ["recall@1"], seed=0)
    part = Slice("training", "cold", targets)
    with pytest.raises(DataError, match="no metric"):
        slice_values(np.array([[0], [1]]), part, np.array([0, 1]), ["auc"], seed=0)
    with pytest.raises(DataError, match="don't fit"):
        slice_values(np.array([[0]]), part, np.array([0, 1]), ["recall@1"], seed=0)
