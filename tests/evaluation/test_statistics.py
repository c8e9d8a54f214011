"""Intervals, tests and effect sizes, against scipy, values by hand and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.evaluation import statistics
from vlm4rec.evaluation.statistics import (
    Interval,
    bootstrap_interval,
    bootstrap_intervals,
    bootstrap_means,
    compare_all,
    effect_size,
    holm,
    paired_permutation,
    ratio_interval,
)

Values = NDArray[np.float64]


def hit_rates(n: int, rate: float, seed: int) -> Values:
    """Values such as evaluations have: most users 0, some parts, few 1."""
    rng = np.random.default_rng(seed)
    cases = rng.integers(1, 5, size=n)
    return rng.binomial(cases, rate) / cases


def certain(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


def test_the_interval_is_scipy_s() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    values = hit_rates(200, 0.2, 1)
    ours = certain(bootstrap_interval(values, resamples=20_000, seed=0))
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.05 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.05 * width)


def test_the_interval_is_about_the_normal_one() -> None:
    values = hit_rates(500, 0.3, 2)
    found = certain(bootstrap_interval(values, resamples=5000, seed=3, level=0.9))
    half = 1.645 * values.std() / math.sqrt(len(values))
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_a_higher_level_is_wider() -> None:
    values = hit_rates(50, 0.3, 2)
    levels = [
        certain(bootstrap_interval(values, seed=0, level=level)) for level in (0.5, 0.9, 0.99)
    ]
    assert levels[2].low < levels[1].low < levels[0].low < levels[0].high < levels[1].high


def test_the_same_seed_gives_the_same_and_another_one_other_draws() -> None:
    values = hit_rates(40, 0.3, 2)
    assert bootstrap_interval(values, seed=5) == bootstrap_interval(values, seed=5)
    assert bootstrap_means([values], seed=5).tolist() != bootstrap_means([values], seed=6).tolist()


def test_methods_share_their_draws() -> None:
    values = hit_rates(60, 0.3, 2)
    means = bootstrap_means(np.stack([values, values + 0.25, 2 * values]), seed=0)
    np.testing.assert_allclose(means[:, 1], means[:, 0] + 0.25, atol=1e-12)
    np.testing.assert_allclose(means[:, 2], 2 * means[:, 0], atol=1e-12)
    [first, _, third] = bootstrap_intervals(np.stack([values, values + 0.25, 2 * values]), seed=0)
    alone = certain(bootstrap_interval(values, seed=0))
    assert certain(first).low == pytest.approx(alone.low, abs=1e-12)
    assert certain(third).high == pytest.approx(2 * certain(first).high)


def test_draws_don_t_depend_on_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = hit_rates(40, 0.3, 2), hit_rates(40, 0.4, 3)
    means, p = bootstrap_means([a, b], seed=0), paired_permutation(a, b, rounds=500, seed=0)
    monkeypatch.setattr(statistics, "_CELLS", 40 * 8)
    np.testing.assert_allclose(bootstrap_means([a, b], seed=0), means, atol=1e-15)
    assert paired_permutation(a, b, rounds=500, seed=0) == p


def test_each_user_is_drawn_as_often_as_chance_has_it() -> None:
    means = bootstrap_means(np.eye(5), resamples=4000, seed=0)
    np.testing.assert_allclose(means.mean(axis=0), 0.2, atol=0.01)
    np.testing.assert_allclose(means.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(means.var(axis=0), 0.2 * 0.8 / 5, rtol=0.1)


def test_one_user_has_no_interval_and_equal_values_a_point() -> None:
    assert bootstrap_interval([0.5], seed=0) is None
    assert bootstrap_interval([0.5, 0.5], seed=0) == Interval(0.5, 0.5)
    assert ratio_interval([0.5], [0.25], seed=0) is None


def test_the_ratio_s_interval_is_that_of_the_ratios_drawn() -> None:
    a, b = hit_rates(300, 0.4, 2), hit_rates(300, 0.2, 3)
    found = certain(ratio_interval(a, b, seed=0))
    means = bootstrap_means([a, b], seed=0)
    ratios = np.sort(means[:, 0] / means[:, 1])
    assert found.low == pytest.approx(np.quantile(ratios, 0.025))
    assert found.high == pytest.approx(np.quantile(ratios, 0.975))
    assert found.low < a.mean() / b.mean() < found.high


def test_a_ratio_to_what_may_be_nothing_has_no_interval() -> None:
    rare = np.zeros(20)
    rare[3] = 1.0
    assert ratio_interval(np.ones(20), rare, seed=0) is None


def test_few_differences_are_tried_in_all_ways_as_scipy_does() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    for n in (2, 3, 5, 9):
        a, b = rng.integers(0, 4, n) / 3, rng.integers(0, 4, n) / 3
        theirs = scipy_stats.permutation_test(
            (a - b,), np.sum, permutation_type="samples", n_resamples=np.inf
        ).pvalue
        assert paired_permutation(a, b, seed=0) == pytest.approx(theirs, abs=1e-12)
        zeros = np.zeros(30)
        padded = [np.concatenate([values, zeros]) for values in (a, b)]
        assert paired_permutation(*padded, seed=0) == pytest.approx(theirs, abs=1e-12)


def test_many_differences_are_drawn_and_agree_with_scipy() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    for seed, rate in ((0, 0.2), (1, 0.25), (2, 0.3)):
        a, b = hit_rates(120, 0.2, seed), hit_rates(120, rate, seed + 10)
        theirs = scipy_stats.permutation_test(
            (a - b,),
            lambda d, axis: d.sum(axis=axis),
            permutation_type="samples",
            n_resamples=20_000,
            vectorized=True,
            rng=np.random.default_rng(0),
        ).pvalue
        ours = paired_permutation(a, b, rounds=20_000, seed=0)
        assert ours == pytest.approx(theirs, abs=5 * math.sqrt(theirs * (1 - theirs) / 1e4) + 1e-3)


def test_drawn_and_exact_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        a, b = rng.integers(0, 3, 12) / 2, rng.integers(0, 3, 12) / 2
        exact = paired_permutation(a, b, seed=0)
        with monkeypatch.context() as patch:
            patch.setattr(statistics, "_EXACT", 0)
            drawn = paired_permutation(a, b, rounds=20_000, seed=0)
        assert drawn == pytest.approx(exact, abs=0.02)


def test_p_is_two_sided_never_0_and_1_where_nobody_differs() -> None:
    a, b = hit_rates(300, 0.9, 0), hit_rates(300, 0.1, 1)
    assert paired_permutation(a, b, rounds=999, seed=0) == 1 / 1000
    assert paired_permutation(b, a, rounds=999, seed=0) == 1 / 1000
    assert paired_permutation(a, a, seed=0) == 1.0
    assert paired_permutation([0.3], [0.1], seed=0) == 1.0
    rounding = np.full(30, 0.1) + 0.2
    assert paired_permutation(rounding, np.full(30, 0.3), seed=0) == 1.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_p_is_symmetric_and_within_bounds(seed: int, n: int) -> None:
    a, b = hit_rates(n, 0.4, seed), hit_rates(n, 0.5, seed + 1)
    p = paired_permutation(a, b, rounds=50, seed=seed)
    assert 0 < p <= 1
    assert p == paired_permutation(b, a, rounds=50, seed=seed)


def test_ties_with_what_was_seen_count_whatever_the_rounding() -> None:
    """Thirds add up to sums that are equal on paper alone."""
    differences = np.tile([1 / 3, -1 / 3, 1 / 3], 7)
    exact = sum(math.comb(21, k) for k in range(22) if abs(2 * k - 21) >= 7) / 2**21
    a = np.full(21, 5 / 7)
    found = paired_permutation(a + differences, a, rounds=40_000, seed=0)
    assert found == pytest.approx(exact, abs=0.01)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.02, 0.03, 0.04]).tolist() == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.04, 0.005, 0.5]).tolist() == pytest.approx([0.08, 0.015, 0.5])
    assert holm([0.9, 0.6]).tolist() == [1.0, 1.0]
    assert holm([0.2]).tolist() == [0.2]
    assert holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_rejects_what_stepping_down_rejects(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))
    assert (adjusted <= 1).all()
    rejected: set[int] = set()
    for step, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[number] * (len(p_values) - step) > 0.05:
            break
        rejected.add(number)
    assert rejected == {number for number, p in enumerate(adjusted) if p <= 0.05}


@pytest.mark.parametrize("bad", [[-0.1], [1.1], [math.nan], [[0.1]]])
def test_holm_refuses_what_is_no_p_value(bad: list[float]) -> None:
    with pytest.raises(DataError, match="from 0 to 1"):
        holm(bad)


def test_the_effect_size_by_hand_and_where_there_is_none() -> None:
    assert effect_size([2.0, 4.0], [1.0, 1.0]) == pytest.approx(2 / math.sqrt(2))
    a, b = hit_rates(50, 0.4, 0), hit_rates(50, 0.2, 1)
    assert effect_size(a, b) == pytest.approx((a - b).mean() / (a - b).std(ddof=1))
    assert effect_size(a, a) == 0.0
    assert effect_size([0.4, 0.5, 0.6], [0.3, 0.4, 0.5]) is None
    assert effect_size([0.4], [0.3]) is None


def test_comparisons_say_what_each_function_says() -> None:
    values = {
        name: hit_rates(80, rate, seed)
        for seed, (name, rate) in enumerate({"ours": 0.5, "theirs": 0.4, "title": 0.2}.items())
    }
    found = compare_all(values, seed=7, rounds=2000)
    assert [(c.first, c.second) for c in found] == [
        ("ours", "theirs"),
        ("ours", "title"),
        ("theirs", "title"),
    ]
    for c in found:
        a, b = values[c.first], values[c.second]
        assert c.n_users == 80
        assert c.difference == pytest.approx(a.mean() - b.mean())
        interval = certain(bootstrap_interval(a - b, seed=7))
        assert certain(c.difference_interval).low == pytest.approx(interval.low)
        assert certain(c.difference_interval).high == pytest.approx(interval.high)
        assert c.ratio == pytest.approx(a.mean() / b.mean())
        ratio = certain(ratio_interval(a, b, seed=7))
        assert certain(c.ratio_interval).low == pytest.approx(ratio.low)
        assert certain(c.ratio_interval).high == pytest.approx(ratio.high)
        assert c.p == paired_permutation(a, b, rounds=2000, seed=7)
        assert c.effect == effect_size(a, b)
    assert [c.p_adjusted for c in found] == holm([c.p for c in found]).tolist()
    assert compare_all(values, seed=7, rounds=2000) == found


def test_the_pairs_can_be_chosen() -> None:
    values = {name: hit_rates(60, 0.3, seed) for seed, name in enumerate("abc")}
    [found] = compare_all(values, seed=0, pairs=[("c", "a")], rounds=500)
    assert (found.first, found.second, found.p_adjusted) == ("c", "a", found.p)
    assert compare_all(values, seed=0, pairs=[]) == []
    assert compare_all({"a": values["a"]}, seed=0) == []
    with pytest.raises(DataError, match="no method 'd' to compare"):
        compare_all(values, seed=0, pairs=[("a", "d")])


def test_by_default_many_pairs_can_all_be_significant() -> None:
    names = [f"method {number}" for number in range(15)]
    values = {name: np.linspace(0, 1, 30) + number for number, name in enumerate(names)}
    found = compare_all(values, seed=0)
    assert len(found) == 105
    assert all(c.p_adjusted < 0.01 for c in found)


def test_methods_without_any_hit_compare() -> None:
    [found] = compare_all({"a": np.zeros(40), "b": np.zeros(40)}, seed=0)
    assert (found.difference, found.ratio, found.ratio_interval) == (0.0, None, None)
    assert (found.p, found.effect) == (1.0, 0.0)
    [alone] = compare_all({"a": [0.5], "b": [0.25]}, seed=0)
    assert (alone.difference_interval, alone.ratio, alone.p) == (None, 2.0, 1.0)


def test_what_can_t_be_judged_is_told() -> None:
    with pytest.raises(DataError, match="no user"):
        bootstrap_interval([], seed=0)
    with pytest.raises(DataError, match="no user"):
        paired_permutation([], [], seed=0)
    with pytest.raises(DataError, match="no user"):
        compare_all({"a": [], "b": []}, seed=0)
    with pytest.raises(DataError, match="1 value of 2 are not finite"):
        bootstrap_interval([math.nan, 1], seed=0)
    with pytest.raises(DataError, match="same users only"):
        effect_size([1, 2], [1])
    with pytest.raises(DataError, match="one value a user"):
        bootstrap_interval([[1.0, 2.0]], seed=0)
    for level in (0.0, 1.0, math.nan):
        with pytest.raises(DataError, match="level must be between"):
            bootstrap_interval([1, 2], level=level, seed=0)
    with pytest.raises(DataError, match="at least 1 resample"):
        bootstrap_interval([1, 2], resamples=0, seed=0)
    with pytest.raises(DataError, match="at least 1 round"):
        paired_permutation([1, 2], [1, 1], rounds=0, seed=0)


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    truth, trials = 0.25, 600
    covered = 0
    for trial in range(trials):
        values = hit_rates(200, truth, 1000 + trial)
        found = certain(bootstrap_interval(values, resamples=500, level=0.9, seed=trial))
        covered += found.low <= truth <= found.high
    # 4 standard deviations of a binomial, and the slight optimism of percentiles.
    assert covered / trials == pytest.approx(0.9, abs=4 * math.sqrt(0.9 * 0.1 / trials) + 0.01)


@pytest.mark.slow
def test_intervals_of_users_cover_where_those_of_cases_would_not() -> None:
    """Cases of one user are alike: to take them for independent is to be too sure."""
    trials = 300
    by_user, by_case = 0, 0
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        taste = rng.beta(1, 3, size=100)
        cases = rng.binomial(1, taste[:, None], size=(100, 20)).astype(float)
        users = certain(bootstrap_interval(cases.mean(axis=1), resamples=400, seed=trial))
        apart = certain(bootstrap_interval(cases.ravel(), resamples=400, seed=trial))
        by_user += users.low <= 0.25 <= users.high
        by_case += apart.low <= 0.25 <= apart.high
    assert by_user / trials > 0.9
    assert by_case / trials < 0.8


@pytest.mark.slow
def test_p_is_uniform_where_methods_are_worth_the_same() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    trials = 500
    p = []
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        a, b = rng.gamma(0.5, size=(2, 60))
        p.append(paired_permutation(a, b, rounds=999, seed=trial))
    assert scipy_stats.kstest(p, "uniform").pvalue > 0.001
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(
        0.05, abs=4 * math.sqrt(0.05 * 0.95 / trials)
    )


@pytest.mark.slow
def test_holm_keeps_the_chance_of_any_false_call() -> None:
    trials, false = 300, 0
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        values = {name: rng.random(40) for name in "abcd"}
        false += any(
            c.p_adjusted <= 0.1 for c in compare_all(values, seed=trial, rounds=499, resamples=1)
        )
    assert false / trials <= 0.1 + 4 * math.sqrt(0.1 * 0.9 / trials)
