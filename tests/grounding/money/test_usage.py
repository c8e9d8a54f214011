from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.grounding.money.prices import Price, PriceTable
from vlm4rec.grounding.money.usage import Usage, cost

PRICES = list(PriceTable.load())
counts = st.one_of(st.none(), st.integers())


def test_each_part_has_its_price(price: Price) -> None:
    usage = Usage(tokens_in=1000, tokens_cached=600, tokens_written=100, tokens_out=50)
    dollars = (300 * 2.0 + 600 * 0.5 + 100 * 3.0 + 50 * 10.0) / 1e6
    assert cost(price, usage) == pytest.approx(dollars, rel=1e-12)
    assert cost(price, usage, batch=True) == pytest.approx(dollars / 2, rel=1e-12)


def test_parts_that_were_not_counted_are_none(price: Price) -> None:
    assert cost(price, Usage(1000, None, None, 0)) == cost(price, Usage(1000, 0, 0, 0)) == 0.002


def test_without_a_count_of_tokens_nobody_knows(price: Price) -> None:
    assert cost(price, Usage(None, 5, 5, 5)) is None
    assert cost(price, Usage(5, 5, 5, None)) is None
    assert cost(price, Usage()) is None


def test_a_part_above_the_whole_is_paid_for(price: Price) -> None:
    assert cost(price, Usage(100, 400, 0, 0)) == pytest.approx(400 * 0.5 / 1e6)


@given(st.sampled_from(PRICES), counts, counts, counts, counts)
def test_whatever_a_server_counts_the_cost_is_an_amount_of_money(
    price: Price, whole: int | None, cached: int | None, written: int | None, out: int | None
) -> None:
    dollars = cost(price, Usage(whole, cached, written, out))
    assert (dollars is None) == (whole is None or out is None)
    assert dollars is None or (dollars >= 0 and math.isfinite(dollars))


def test_a_count_beyond_all_measure(price: Price) -> None:
    dollars = cost(price, Usage(10**400, 10**400, None, 10**400))
    assert dollars is not None
    assert math.isfinite(dollars)
