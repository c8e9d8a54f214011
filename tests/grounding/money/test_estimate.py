from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.grounding.money.estimate import (
    ANSWER_TOKENS,
    CallEstimate,
    estimate_call,
    estimate_run,
)
from vlm4rec.grounding.money.prices import Price, PriceTable
from vlm4rec.grounding.money.usage import Usage, cost
from vlm4rec.grounding.prompts import DEFAULT_PROMPT

PRICES = list(PriceTable.load())
QUESTION = DEFAULT_PROMPT.text


def test_a_call(price: Price) -> None:
    call = estimate_call(price, QUESTION, (800, 600), 768, 1000)
    assert call.tokens_out == ANSWER_TOKENS
    assert call.tokens_out_most == 1000
    assert 100 < call.tokens_in < 100 + (len(QUESTION) + 2000) / 4
    assert call.cost == cost(price, Usage(call.tokens_in, tokens_out=ANSWER_TOKENS))
    assert call.cost_batch == cost(
        price, Usage(call.tokens_in, tokens_out=ANSWER_TOKENS), batch=True
    )
    # The dearest that a prompt token may be is one that is written to the cache.
    assert call.most == pytest.approx((call.tokens_in_most * 3.0 + 1000 * 10.0) / 1e6)


def test_the_photo_counts_only_if_it_is_sent(price: Price) -> None:
    sent = estimate_call(price, QUESTION, (800, 600), 768, None)
    not_sent = estimate_call(price, QUESTION, (800, 600), None, None)
    assert sent.tokens_in - not_sent.tokens_in == 100
    assert sent.tokens_in_most - not_sent.tokens_in_most == 100


def test_without_a_price_tokens_are_still_estimated() -> None:
    call = estimate_call(None, QUESTION, (784, 784), 784, 500)
    small = estimate_call(None, QUESTION, (28, 28), 784, 500)
    assert call.tokens_in - small.tokens_in == 28 * 28 - 1
    assert (call.cost, call.cost_batch, call.most) == (None, None, None)


def test_without_a_limit_on_the_answer_there_is_no_bound(price: Price) -> None:
    call = estimate_call(price, QUESTION, (0, 0), 768, None)
    assert call.cost is not None
    assert (call.tokens_out_most, call.most) == (None, None)


def test_an_answer_is_not_expected_to_pass_its_limit(price: Price) -> None:
    assert estimate_call(price, QUESTION, (0, 0), 768, 20).tokens_out == 20


@given(
    price=st.sampled_from(PRICES),
    question=st.text(),
    size=st.tuples(st.integers(0, 5000), st.integers(0, 5000)),
    max_side=st.integers(1, 2048),
    limit=st.integers(1, 10_000),
    part=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_nothing_within_the_bounds_costs_more_than_the_most(
    price: Price,
    question: str,
    size: tuple[int, int],
    max_side: int,
    limit: int,
    part: tuple[float, float, float, float],
) -> None:
    call = estimate_call(price, question, size, max_side, limit)
    assert call.tokens_in <= call.tokens_in_most
    assert call.tokens_out <= limit
    tokens_in = int(call.tokens_in_most * part[0])
    cached = int(tokens_in * part[1])
    written = int((tokens_in - cached) * part[2])
    actual = cost(price, Usage(tokens_in, cached, written, int(limit * part[3])))
    assert actual is not None
    assert call.most is not None
    assert actual <= call.most * (1 + 1e-12)
    assert call.cost is not None
    assert call.cost <= call.most * (1 + 1e-12)


def test_a_run_adds_up(price: Price) -> None:
    call = estimate_call(price, QUESTION, (800, 600), 768, 1000)
    run = estimate_run([call] * 50)
    assert (run.photos, run.tokens_in, run.tokens_out) == (
        50,
        50 * call.tokens_in,
        50 * call.tokens_out,
    )
    assert call.cost is not None
    assert call.most is not None
    assert run.cost == pytest.approx(50 * call.cost)
    assert run.cost_batch == pytest.approx(25 * call.cost)
    assert run.most == pytest.approx(50 * call.most)


def test_one_call_of_unknown_price_makes_the_sum_unknown(price: Price) -> None:
    calls = [
        estimate_call(price, QUESTION, (0, 0), 768, 1000),
        estimate_call(None, QUESTION, (0, 0), 768, 1000),
        estimate_call(price, QUESTION, (0, 0), 768, 1000),
    ]
    run = estimate_run(calls)
    assert (run.photos, run.cost, run.cost_batch, run.most) == (3, None, None, None)


def test_a_run_keeps_no_call(price: Price) -> None:
    def calls() -> Iterator[CallEstimate]:
        for number in range(20_000):
            yield estimate_call(price, f"{QUESTION} {number}", (800, 600), 768, 1000)

    estimate_run(calls())  # fills the caches
    tracemalloc.start()
    run = estimate_run(calls())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert run.photos == 20_000
    assert peak < 100_000
