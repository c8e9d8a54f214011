from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from vlm4rec.errors import DataError
from vlm4rec.grounding.money.budget import Budget

MICRO = 10**6


def test_no_call_passes_that_might_pass_the_limit() -> None:
    budget = Budget(1.0)
    assert budget.reserve(0.4)
    assert budget.reserve(0.6)
    assert not budget.reserve(0.000001)
    assert budget.left == 0.0
    budget.settle(0.6, 0.1, charged=False)
    assert (budget.spent, budget.reserved, budget.left) == (0.1, 0.4, 0.5)
    assert budget.reserve(0.5)


def test_tenths_add_up_exactly() -> None:
    budget = Budget(0.3)
    for _ in range(3):
        assert budget.reserve(0.1)
        budget.settle(0.1, 0.1, charged=False)
    assert budget.spent == 0.3
    assert budget.left == 0.0
    assert not budget.reserve(1e-9)


def test_an_answer_that_got_lost_counts_as_the_most_it_may_have_cost() -> None:
    budget = Budget(1.0)
    assert budget.reserve(0.6)
    budget.settle(0.6, 0.0, charged=True)
    assert (budget.spent, budget.uncertain, budget.left) == (0.0, 0.6, 0.4)
    assert not budget.reserve(0.5)


@pytest.mark.parametrize("cost", [None, math.nan, math.inf, -1.0, 1e300])
def test_so_does_an_answer_of_which_nobody_knows_the_cost(cost: float | None) -> None:
    budget = Budget(1.0)
    assert budget.reserve(0.6)
    budget.settle(0.6, cost, charged=False)
    assert (budget.spent, budget.uncertain, budget.overruns) == (0.0, 0.6, 0)


def test_a_call_that_cost_nothing_gives_all_back() -> None:
    budget = Budget(1.0)
    assert budget.reserve(1.0)
    budget.settle(1.0, 0.0, charged=False)
    assert (budget.spent, budget.uncertain, budget.left) == (0.0, 0.0, 1.0)


def test_waiting_is_of_use_while_calls_may_turn_out_cheaper() -> None:
    budget = Budget(1.0)
    assert budget.reserve(0.8)
    assert not budget.reserve(0.5)
    assert not budget.exhausted(0.5)
    budget.settle(0.8, 0.7, charged=False)
    assert budget.exhausted(0.5)
    assert not budget.exhausted(0.3)
    assert budget.reserve(0.3)
    assert budget.exhausted(0.5)  # even if that one were free


def test_a_call_that_costs_more_than_its_bound_is_counted_in_full() -> None:
    budget = Budget(1.0)
    assert budget.reserve(0.5)
    assert budget.reserve(0.1)
    budget.settle(0.5, 1.5, charged=False)
    assert (budget.spent, budget.overruns, budget.left) == (1.5, 1, 0.0)
    assert not budget.reserve(0.0)
    assert budget.exhausted(0.0)
    budget.settle(0.1, 0.1, charged=False)
    assert budget.overruns == 1


def test_without_a_limit_all_passes_and_is_counted() -> None:
    budget = Budget(None)
    assert budget.reserve(1e6)
    assert not budget.exhausted(1e6)
    assert (budget.limit, budget.left, budget.reserved) == (None, None, 1e6)
    budget.settle(1e6, 2.5, charged=False)
    assert budget.spent == 2.5


def test_what_is_free_needs_no_room() -> None:
    budget = Budget(0.0)
    assert budget.reserve(0.0)
    assert not budget.reserve(0.01)
    budget.settle(0.0, None, charged=False)
    assert (budget.uncertain, budget.overruns) == (0.0, 0)


@pytest.mark.parametrize("limit", [-1.0, math.nan, math.inf])
def test_a_limit_that_is_no_amount_of_money(limit: float) -> None:
    with pytest.raises(DataError, match=r"The budget is .*\. Give an amount"):
        Budget(limit)


def test_misuse_is_told() -> None:
    budget = Budget(1.0)
    with pytest.raises(ValueError, match="More is settled"):
        budget.settle(0.0, 0.0, charged=False)
    assert budget.reserve(0.1)
    with pytest.raises(ValueError, match="More is settled"):
        budget.settle(0.2, 0.0, charged=False)
    for amount in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="no amount of money"):
            budget.reserve(amount)
    assert budget.reserved == 0.1


class Spending(RuleBasedStateMachine):
    """A run as the budget sees it, beside the same in whole numbers of micro-dollars."""

    under_way = Bundle("under_way")

    @initialize(limit=st.integers(0, 10 * MICRO))
    def start(self, limit: int) -> None:
        self.budget = Budget(limit / MICRO)
        self.limit = limit
        self.spent = self.uncertain = self.reserved = 0

    @rule(target=under_way, most=st.integers(0, 3 * MICRO))
    def reserve(self, most: int) -> object:
        fits = self.spent + self.uncertain + self.reserved + most <= self.limit
        assert self.budget.reserve(most / MICRO) == fits
        if not fits:
            return multiple()
        self.reserved += most
        return most

    @rule(most=consumes(under_way), part=st.floats(0, 1))
    def answered(self, most: int, part: float) -> None:
        cost = int(most * part)
        self.budget.settle(most / MICRO, cost / MICRO, charged=False)
        self.reserved -= most
        self.spent += cost

    @rule(most=consumes(under_way), cost=st.sampled_from([0.0, None]))
    def lost(self, most: int, cost: float | None) -> None:
        self.budget.settle(most / MICRO, cost, charged=True)
        self.reserved -= most
        self.uncertain += most

    @rule(most=consumes(under_way))
    def answered_without_usage(self, most: int) -> None:
        self.budget.settle(most / MICRO, None, charged=False)
        self.reserved -= most
        self.uncertain += most

    @rule(most=consumes(under_way))
    def refused(self, most: int) -> None:
        self.budget.settle(most / MICRO, 0.0, charged=False)
        self.reserved -= most

    @rule(most=st.integers(0, 3 * MICRO))
    def ask_whether_to_wait(self, most: int) -> None:
        never = self.spent + self.uncertain + most > self.limit
        assert self.budget.exhausted(most / MICRO) == never

    @invariant()
    def the_limit_holds(self) -> None:
        assert self.budget.limit is not None
        assert self.budget.spent + self.budget.uncertain <= self.budget.limit + 1e-9
        assert self.spent + self.uncertain + self.reserved <= self.limit

    @invariant()
    def it_adds_up_exactly(self) -> None:
        budget = self.budget
        assert budget.spent == self.spent / MICRO
        assert budget.uncertain == self.uncertain / MICRO
        assert budget.reserved == self.reserved / MICRO
        gone = self.spent + self.uncertain + self.reserved
        assert budget.left == (self.limit - gone) / MICRO
        assert budget.overruns == 0


TestSpending = Spending.TestCase
