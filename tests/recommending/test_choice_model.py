from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.recommending.choice_model import ChoiceModel, Choices

PLANTED = np.array([1.5, -0.8, 0.0])


def planted(n: int = 400, m: int = 30, weights: NDArray[np.float64] = PLANTED) -> Choices:
    """Return choices by weights and a taste that nobody sees (Gumbel): the model's own world."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n, m, len(weights))).astype(np.float32)
    best = (numbers @ weights + rng.gumbel(size=(n, m))).argmax(axis=1)
    return choices(_chosen_first(numbers, best))


def choices(numbers: Floats, weights: NDArray[np.float64] | None = None) -> Choices:
    n = len(numbers)
    return Choices(numbers, np.ones(n) if weights is None else weights, np.arange(n))


def _chosen_first(numbers: Floats, chosen: NDArray[np.intp]) -> Floats:
    rows = np.arange(len(numbers))
    turned = numbers.copy()
    turned[rows, 0], turned[rows, chosen] = numbers[rows, chosen], numbers[rows, 0]
    return turned


def optimum(made: Choices, penalty: float) -> NDArray[np.float64]:
    """Return the weights of standardised numbers by a general optimiser, all in float64."""
    numbers = made.numbers.astype(np.float64)
    standard = (numbers - numbers.mean(axis=(0, 1))) / numbers.std(axis=(0, 1))
    shares = made.weights / made.weights.sum()

    def loss(weights: NDArray[np.float64]) -> float:
        sums = standard @ weights
        likely = sums[:, 0] - logsumexp(sums, axis=1)
        return float(-likely @ shares + penalty * weights @ weights)

    found = minimize(loss, np.zeros(standard.shape[2]), method="BFGS", options={"gtol": 1e-8})
    return np.asarray(found.x)


@pytest.mark.parametrize("penalty", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_weights_are_those_of_a_general_optimiser(penalty: float, weighted: bool) -> None:
    made = planted(150, 12)
    if weighted:
        weights = np.random.default_rng(1).uniform(0, 3, len(made.weights))
        weights[:20] = 0
        made = Choices(made.numbers * 7 - 3, weights, made.groups)
    found = ChoiceModel.fit(made, penalty)
    np.testing.assert_allclose(found.weights, optimum(made, penalty), atol=2e-4)


def test_of_two_items_it_is_a_logistic_regression_of_their_difference() -> None:
    made = planted(300, 2)
    penalty = 0.05
    found = ChoiceModel.fit(made, penalty)
    standard = (made.numbers - found.centre) / found.scale
    difference = standard[:, 0] - standard[:, 1]
    both = np.concatenate([difference, -difference])  # that one or the other was chosen
    labels = np.repeat([1, 0], len(difference))
    factor = 1 / (2 * penalty * len(both))
    rival = LogisticRegression(C=factor, fit_intercept=False, tol=1e-10, max_iter=1000)
    rival.fit(both, labels)
    np.testing.assert_allclose(found.weights, rival.coef_[0], atol=1e-3)


def test_planted_weights_are_found() -> None:
    found = ChoiceModel.fit(planted(3_000, 20), 1e-5)
    np.testing.assert_allclose(found.slopes, PLANTED, atol=0.1)


def test_a_sample_of_what_was_not_chosen_tells_the_same() -> None:
    made = planted(4_000, 60)
    few = np.concatenate([made.numbers[:, :1], made.numbers[:, -10:]], axis=1)
    found = ChoiceModel.fit(choices(few), 1e-5)
    np.testing.assert_allclose(found.slopes, PLANTED, atol=0.12)


def test_the_unit_of_a_signal_does_not_matter() -> None:
    made = planted()
    units = np.array([1000, 0.001, 1])
    scaled = choices((made.numbers * units + np.array([50, 0, -3])).astype(np.float32))
    one, other = ChoiceModel.fit(made), ChoiceModel.fit(scaled)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-3)
    np.testing.assert_allclose(one.slopes, other.slopes * units, atol=1e-3)
    assert one.log_likelihood(made) == pytest.approx(other.log_likelihood(scaled), abs=1e-4)


def test_a_higher_penalty_makes_smaller_weights() -> None:
    made = planted()
    sizes = [np.abs(ChoiceModel.fit(made, p).weights).sum() for p in (1e-4, 1e-2, 1e-1, 1, 100)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.05 < sizes[0]


def test_what_counts_more_weighs_more() -> None:
    one, other = planted(200), planted(200, weights=-PLANTED)
    numbers = np.concatenate([one.numbers, other.numbers])
    for share, sign in ((0.9, 1), (0.1, -1)):
        weights = np.repeat([share, 1 - share], 200)
        assert np.sign(ChoiceModel.fit(choices(numbers, weights)).weights[0]) == sign


def test_the_log_likelihood_is_the_weighted_mean_over_choices() -> None:
    made = planted(50, 7)
    made = Choices(made.numbers, np.arange(50.0), made.groups)
    model = ChoiceModel.fit(made)
    sums = made.numbers.astype(np.float64) @ model.slopes
    each = sums[:, 0] - logsumexp(sums, axis=1)
    wanted = np.average(each, weights=made.weights)
    assert model.log_likelihood(made) == pytest.approx(wanted, abs=1e-5)
    assert model.log_likelihood(made) > -np.log(7)  # that of knowing nothing


def test_a_signal_that_is_the_same_for_all_counts_for_nothing() -> None:
    numbers = planted().numbers
    numbers = np.concatenate([numbers, np.full((*numbers.shape[:2], 1), 12.3, np.float32)], axis=2)
    found = ChoiceModel.fit(choices(numbers))
    assert found.weights[3] == pytest.approx(0, abs=1e-6)
    assert np.isfinite(found.slopes).all()
    np.testing.assert_allclose(found.weights[:3], ChoiceModel.fit(planted()).weights, atol=1e-4)


def test_the_same_signal_twice_is_halved() -> None:
    numbers = planted().numbers[..., :1]
    once = ChoiceModel.fit(choices(numbers)).weights
    twice = ChoiceModel.fit(choices(np.concatenate([numbers, numbers], axis=2))).weights
    assert twice[0] == pytest.approx(twice[1], abs=1e-6)
    assert once[0] == pytest.approx(twice.sum(), rel=0.01)


@pytest.mark.parametrize("penalty", [1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("gap", [0.1, 1000.0])
def test_choices_that_a_signal_tells_in_full_give_a_finite_optimum(
    penalty: float, gap: float
) -> None:
    numbers = np.random.default_rng(0).normal(size=(100, 20, 2)).astype(np.float32)
    numbers[:, 0, 0] = numbers[:, :, 0].max(axis=1) + gap
    made = choices(numbers)
    found = ChoiceModel.fit(made, penalty)
    assert np.isfinite(found.weights).all()
    assert found.weights[0] > 0.5
    assert found.log_likelihood(made) > -1 > -np.log(20)
    if penalty >= 1e-4:
        best = optimum(made, penalty)
        loss = [
            penalty * w @ w - ChoiceModel(w, found.centre, found.scale).log_likelihood(made)
            for w in (found.weights, best)
        ]
        assert loss[0] <= loss[1] + 1e-5


def test_one_choice_is_enough() -> None:
    numbers = np.array([[[2.0], [0.0], [1.0]]], dtype=np.float32)
    assert ChoiceModel.fit(choices(numbers), 0.1).weights[0] > 0


def test_nothing_but_the_chosen_says_nothing() -> None:
    numbers = np.random.default_rng(0).normal(size=(9, 1, 2)).astype(np.float32)
    np.testing.assert_allclose(ChoiceModel.fit(choices(numbers)).weights, 0, atol=1e-9)


@given(
    st.integers(1, 6), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32), st.booleans()
)
def test_the_weights_are_never_worse_than_none(
    n: int, m: int, p: int, seed: int, coarse: bool
) -> None:
    rng = np.random.default_rng(seed)
    numbers = rng.normal(scale=10.0 ** rng.integers(-3, 6), size=(n, m, p)).astype(np.float32)
    made = choices(np.round(numbers) if coarse else numbers)
    found = ChoiceModel.fit(made, 1e-3)
    assert np.isfinite(found.weights).all()
    assert found.log_likelihood(made) >= -np.log(m) - 1e-4


def test_only_some_of_the_choices() -> None:
    made = planted(6, 3)
    some = made.only(made.groups % 2 == 1)
    assert some.groups.tolist() == [1, 3, 5]
    np.testing.assert_array_equal(some.numbers, made.numbers[[1, 3, 5]])
    assert len(some.weights) == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_undefined_numbers_are_told(bad: float) -> None:
    numbers = planted(5, 4).numbers
    numbers[2, 3, 1] = bad
    with pytest.raises(DataError, match="infinite or undefined"):
        ChoiceModel.fit(choices(numbers))


@pytest.mark.parametrize("weights", [np.zeros(5), np.full(5, np.nan)])
def test_choices_that_all_count_nothing_are_none(weights: NDArray[np.float64]) -> None:
    with pytest.raises(DataError, match="no choice to learn from"):
        ChoiceModel.fit(choices(planted(5, 4).numbers, weights))


def test_without_a_choice_nothing_is_learned() -> None:
    with pytest.raises(DataError, match="no choice to learn from"):
        ChoiceModel.fit(choices(np.empty((0, 4, 2), dtype=np.float32)))


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_the_penalty_is_positive(penalty: float) -> None:
    with pytest.raises(DataError, match="penalty must be positive"):
        ChoiceModel.fit(planted(5, 4), penalty)
