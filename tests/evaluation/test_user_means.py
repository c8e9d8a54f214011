from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import DataError
from vlm4rec.evaluation.user_means import defined_user_means, user_means


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1)), min_size=1))
def test_means_are_what_a_loop_finds(cases: list[tuple[int, float]]) -> None:
    numbers = {user: number for number, user in enumerate(sorted({user for user, _ in cases}))}
    by_user = defaultdict(list)
    for user, value in cases:
        by_user[numbers[user]].append(value)
    index = np.array([numbers[user] for user, _ in cases])
    means = user_means(np.array([value for _, value in cases]), index, len(numbers))
    assert means.tolist() == pytest.approx(
        [sum(by_user[user]) / len(by_user[user]) for user in sorted(by_user)]
    )
    assert means.dtype == np.float64


def test_a_user_with_many_cases_counts_once() -> None:
    values = np.array([1.0, 1.0, 1.0, 0.0])
    assert user_means(values, np.array([0, 0, 0, 1]), 2).mean() == 0.5


def test_what_can_t_be_averaged_is_told() -> None:
    with pytest.raises(DataError, match=r"1 user of 3 have no case \(the first: number 1\)"):
        user_means(np.array([1.0, 0.0]), np.array([0, 2]), 3)
    with pytest.raises(DataError, match=r"1 value of 2 .* case number 1"):
        user_means(np.array([1.0, np.nan]), np.array([0, 0]), 1)
    with pytest.raises(DataError, match="don't fit"):
        user_means(np.array([1.0]), np.array([0, 0]), 1)
    with pytest.raises(DataError, match="from 0 to 0"):
        user_means(np.array([1.0]), np.array([1]), 1)


def test_no_users_have_no_means() -> None:
    none = np.array([], dtype=np.intp)
    assert user_means(np.array([]), none, 0).tolist() == []


def test_undefined_values_are_left_out_and_users_who_have_no_other() -> None:
    values = np.array([0.5, np.nan, np.nan, 1.0, 0.0])
    means, users = defined_user_means(values, np.array([0, 0, 1, 2, 2]), 3)
    assert (means.tolist(), users.tolist()) == ([0.5, 0.5], [0, 2])
    means, users = defined_user_means(np.array([np.nan]), np.array([0]), 1)
    assert (means.tolist(), users.tolist()) == ([], [])
