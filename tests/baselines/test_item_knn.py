from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.baselines.small_data import interactions_of, training_data
from vlm4rec.baselines.item_knn import SIMILARITIES, ItemKNN
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History
from vlm4rec.recommending.method import TrainingData
from vlm4rec.recommending.ranker import Request
from vlm4rec.recommending.score_ranker import ScoreRanker, tie_order

ITEMS = [f"i{number:02}" for number in range(9)]


def naive(users: NDArray[np.float64], how: ItemKNN, items: list[str]) -> NDArray[np.float64]:
    """Similarities by the definition, one pair of items at a time."""
    n = users.shape[1]
    found = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            both = float(users[:, i] @ users[:, j])
            if i == j or not both:
                continue
            one, other = users[:, i].sum(), users[:, j].sum()
            scale = (one * other) ** 0.5 if how.similarity == "cosine" else one + other - both
            found[i, j] = both / (scale + how.shrinkage)
    found = found.astype(np.float32).astype(np.float64)  # what differs by rounding alone is equal
    order = tie_order(items)
    for i in range(n):
        best = sorted(range(n), key=lambda j: (-found[i, j], order[j]))
        found[i, best[how.neighbours :]] = 0
    return found


rows = st.lists(
    st.tuples(st.sampled_from("uvwxyz"), st.sampled_from(ITEMS)), min_size=3, max_size=40
)


@settings(max_examples=60)
@given(
    rows,
    st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from([1.0, 0.5, 2.0])), max_size=5),
    st.integers(1, 9),
    st.sampled_from([0.0, 1.0, 10.0]),
    st.sampled_from(list(SIMILARITIES)),
)
def test_scores_are_those_of_the_definition(
    bought: list[tuple[str, str]],
    past: list[tuple[str, float]],
    neighbours: int,
    shrinkage: float,
    similarity: str,
) -> None:
    how = ItemKNN(neighbours, shrinkage, similarity)
    interactions = interactions_of([(user, item, None) for user, item in bought])
    data = TrainingData(interactions, training_data().features, tuple(ITEMS))
    ranker = how.fit(data)
    assert isinstance(ranker, ScoreRanker)
    items = sorted({item for _, item in bought})
    users = sorted({user for user, _ in bought})
    matrix = np.array([[float((user, item) in bought) for item in items] for user in users])
    weights = dict.fromkeys(items, 0.0)
    for item, weight in past:
        if item in weights:
            weights[item] += weight
    expected = np.array(list(weights.values())) @ naive(matrix, how, items)
    scores = ranker.scores([request(past)])[0]
    if not any(weights.values()):
        assert np.isneginf(scores).all()
        return
    found = dict(zip(ITEMS, scores.tolist(), strict=True))
    np.testing.assert_allclose([found[item] for item in items], expected, rtol=1e-5)
    assert all(found[item] == 0 for item in set(ITEMS) - set(items))


def request(past: list[tuple[str, float]]) -> Request:
    n = len(past)
    items, weights = tuple(item for item, _ in past), tuple(weight for _, weight in past)
    return Request(History(items, (None,) * n, ("purchase",) * n, weights))


def test_what_the_same_people_buy_comes_first() -> None:
    data = training_data()
    ranking = ItemKNN(50, 1).fit(data).rank([Request(History.of(["i00", "i04"]))], 4)[0]
    assert all(int(item[1:]) % 2 == 0 for item in ranking)


def test_buying_again_counts_once_in_training() -> None:
    data = training_data()
    frame = data.interactions.frame
    doubled = replace(data, interactions=type(data.interactions)(pl.concat([frame, frame])))
    requests = [Request(History.of(["i00"])), Request(History.of(["i03", "i05"]))]
    assert ItemKNN().fit(doubled).rank(requests, 12) == ItemKNN().fit(data).rank(requests, 12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"neighbours": 0},
        {"shrinkage": -1.0},
        {"shrinkage": float("nan")},
        {"similarity": "dice"},
    ],
)
def test_wrong_parameters_are_told(wrong: dict[str, object]) -> None:
    with pytest.raises(DataError):
        ItemKNN(**wrong)  # type: ignore[arg-type]
