"""What every `Index` must do, against a brute-force oracle in float64."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.index.exact import ExactIndex
from vlm4rec.index.index import Index

Factory = Callable[[Sequence[str], Floats], Index]


@pytest.fixture(params=[ExactIndex])
def factory(request: pytest.FixtureRequest) -> Factory:
    made: Factory = request.param
    return made


def vectors(n: int, d: int = 16, seed: int = 0) -> Floats:
    return normalise(np.random.default_rng(seed).normal(size=(n, d)))


def ids(n: int) -> list[str]:
    return [f"{row:05}" for row in range(n)]


def oracle(
    names: Sequence[str], items: Floats, query: Floats, k: int, exclude: Sequence[str] = ()
) -> list[str]:
    scores = [float(np.dot(v.astype(np.float64), query.astype(np.float64))) for v in items]
    ranked = sorted(zip(names, scores, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return [name for name, _ in ranked if name not in set(exclude)][:k]


@pytest.mark.parametrize(("n", "queries", "k"), [(1, 1, 5), (50, 3, 10), (3000, 300, 20)])
def test_the_best_come_first(factory: Factory, n: int, queries: int, k: int) -> None:
    names, items, asked = ids(n), vectors(n), vectors(queries, seed=1)
    for query, hits in zip(asked, factory(names, items).search(asked, k), strict=True):
        assert list(hits.ids) == oracle(names, items, query, k)
        assert (np.diff(hits.scores) <= 0).all()


def test_scores_are_dot_products(factory: Factory) -> None:
    items, query = vectors(20), vectors(1, seed=1)
    hits = factory(ids(20), items).search(query, 20)[0]
    by_id = dict(zip(ids(20), items.astype(np.float64) @ query[0], strict=True))
    np.testing.assert_allclose(hits.scores, [by_id[id_] for id_ in hits.ids], atol=1e-7)


@pytest.mark.parametrize("copies", [2, 7, 100])
def test_ties_break_by_id_in_any_batch(factory: Factory, copies: int) -> None:
    items = np.repeat(vectors(5, d=33), copies, axis=0)
    shuffled = np.random.default_rng(3).permutation(len(items))
    index = factory(ids(len(items)), items[shuffled])
    asked = vectors(9, d=33, seed=1)
    single = [index.search(query, 3 * copies // 2)[0].ids for query in asked]
    batch = [hits.ids for hits in index.search(asked, 3 * copies // 2)]
    assert single == batch
    for query, found in zip(asked, single, strict=True):
        want = oracle(ids(len(items)), items[shuffled], query, 3 * copies // 2)
        assert list(found) == want


def test_excluded_items_never_come_back_and_k_still_do(factory: Factory) -> None:
    names, items, asked = ids(30), vectors(30), vectors(2, seed=1)
    exclude = [names[:15], ["00003", "nobody", "00003"]]
    for row, hits in enumerate(factory(names, items).search(asked, 10, exclude=exclude)):
        assert list(hits.ids) == oracle(names, items, asked[row], 10, exclude[row])


def test_only_what_is_allowed_comes_back(factory: Factory) -> None:
    names, items, asked = ids(30), vectors(30), vectors(1, seed=1)
    allowed = [*names[5:9], "nobody"]
    hits = factory(names, items).search(asked, 10, only=allowed, exclude=[["00006"]])[0]
    assert sorted(hits.ids) == ["00005", "00007", "00008"]
    assert factory(names, items).search(asked, 10, only=[])[0].ids == ()


def test_fewer_than_k_only_where_fewer_are_allowed(factory: Factory) -> None:
    index = factory(ids(4), vectors(4))
    assert len(index.search(vectors(1), 10)[0].ids) == 4
    assert index.search(vectors(1), 10, exclude=[ids(4)])[0].ids == ()


def test_an_empty_index_finds_nothing(factory: Factory) -> None:
    index = factory([], np.zeros((0, 16), dtype=np.float32))
    assert len(index) == 0
    assert index.search(vectors(2), 3)[1].ids == ()


def test_add_and_remove(factory: Factory) -> None:
    names, items = ids(10), vectors(10)
    index = factory(names[::2], items[::2])
    index.add(names[1::2], items[1::2])
    index.add(["00003"], items[[7]])
    changed = items.copy()
    changed[3] = items[7]
    asked = vectors(1, seed=1)
    assert list(index.search(asked, 10)[0].ids) == oracle(names, changed, asked[0], 10)
    assert index.remove(["00003", "nobody"]) == 1
    assert index.remove(["00003"]) == 0
    assert len(index) == 9
    assert "00003" not in index.search(asked, 10)[0].ids


def test_saved_and_opened_it_finds_the_same(factory: Factory, tmp_path: Path) -> None:
    index = factory(ids(40), vectors(40))
    index.save(tmp_path / "index")
    opened = type(index).open(tmp_path / "index")
    asked = vectors(3, seed=1)
    before, after = index.search(asked, 7), opened.search(asked, 7)
    assert [hits.ids for hits in before] == [hits.ids for hits in after]
    assert (opened.dimension, len(opened)) == (16, 40)


@pytest.mark.parametrize("k", [0, -1])
def test_k_is_at_least_one(factory: Factory, k: int) -> None:
    with pytest.raises(DataError, match="at least 1"):
        factory(ids(4), vectors(4)).search(vectors(1), k)


@pytest.mark.parametrize("k", [2.0, "3", None, np.float64(1)])
def test_k_is_a_whole_number(factory: Factory, k: object) -> None:
    with pytest.raises(DataError, match="whole number"):
        factory(ids(4), vectors(4)).search(vectors(1), k)  # type: ignore[arg-type]


def test_k_may_be_numpys(factory: Factory) -> None:
    k: int = np.int64(2)  # type: ignore[assignment]
    assert len(factory(ids(4), vectors(4)).search(vectors(1), k)[0].ids) == 2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_query_that_is_not_finite_is_told(factory: Factory, value: float) -> None:
    query = np.ones((2, 16))
    query[1, 5] = value
    with pytest.raises(DataError, match="infinite or undefined"):
        factory(ids(4), vectors(4)).search(query, 1)  # type: ignore[arg-type]


def test_brackets_in_a_path_are_no_pattern(factory: Factory, tmp_path: Path) -> None:
    index = factory(ids(4), vectors(4))
    index.save(tmp_path / "index[1]*")
    assert len(type(index).open(tmp_path / "index[1]*")) == 4


def test_very_many_ties_break_by_id(factory: Factory) -> None:
    names, distinct = ids(6000), vectors(3, d=33)
    items = distinct[np.random.default_rng(0).integers(0, 3, size=6000)]
    items[77] = items[78] * np.float32(1 + 1e-6)  # nearly tied, and really better
    index = factory(names, items)
    for query in (*distinct, np.zeros(33, dtype=np.float32)):
        found = index.search(query[np.newaxis], 2500)[0]
        assert list(found.ids) == oracle(names, items, query, 2500)
    index.add(["00005"], items[[77]])
    items[5] = items[77]
    assert list(index.search(items[[77]], 3)[0].ids) == oracle(names, items, items[77], 3)


def test_equal_vectors_do_not_slow_a_search_down(factory: Factory) -> None:
    same = np.repeat(vectors(1, d=384), 20_000, axis=0)
    plain, equal = factory(ids(20_000), vectors(20_000, d=384)), factory(ids(20_000), same)
    asked = vectors(1, d=384, seed=1)

    def taken(index: Index) -> float:
        index.search(asked, 10)
        times = []
        for _ in range(7):
            start = time.perf_counter()
            index.search(asked, 10)
            times.append(time.perf_counter() - start)
        return min(times)

    assert taken(equal) < 10 * taken(plain) + 0.005


def test_a_query_of_another_dimension_is_told(factory: Factory) -> None:
    with pytest.raises(DataError, match="3 dimensions, the index 16"):
        factory(ids(4), vectors(4)).search(np.ones((1, 3), dtype=np.float32), 1)


small = st.integers(-2, 2)


@settings(deadline=None)
@given(
    st.lists(st.tuples(small, small), min_size=1, max_size=30),
    st.tuples(small, small),
    st.integers(1, 40),
    st.sets(st.integers(0, 29)),
)
def test_any_ties_rank_as_the_oracle_says(
    rows: list[tuple[int, int]], query: tuple[int, int], k: int, gone: set[int]
) -> None:
    names = ids(len(rows))
    items, asked = np.array(rows, np.float32), np.array([query], np.float32)
    exclude = [f"{row:05}" for row in gone]
    hits = ExactIndex(names, items).search(asked, k, exclude=[exclude])[0]
    assert list(hits.ids) == oracle(names, items, asked[0], k, exclude)


def test_unsorted_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        ExactIndex(["b", "a"], vectors(2))
