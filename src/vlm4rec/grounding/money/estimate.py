"""What calls and runs will cost: what is expected, and the most that it may be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from vlm4rec.grounding.money.photo import Patches, PhotoTokens, photo_tokens
from vlm4rec.grounding.money.prices import Price
from vlm4rec.grounding.money.usage import Usage, cost
from vlm4rec.grounding.providers.structured import IN_WORDS, strict_schema

__all__ = ["ANSWER_TOKENS", "CallEstimate", "RunEstimate", "estimate_call", "estimate_run"]

ANSWER_TOKENS = 143
"""Tokens of an answer, without thinking.

The mean over 4,000 groundings of photos of the H&M sample, written as JSON: 463 characters, in
tokens of the MiniLM tokenizer. ``tests/grounding/money/test_answer_length.py`` measures it
again. Other tokenizers count up to a third more or less.
"""

_CHARACTERS = 4
"""Characters of English in a token; Google's and OpenAI's documentation both name it."""

_FRAME = 1024
"""Tokens that nothing here counts, at most: the roles of a chat, what a provider says of tools
(Anthropic names 159 to 530 for Claude 3), and what is added to the question of a second ask."""

_USUAL = Patches(rule="patches", patch=28)
_NONE = PhotoTokens(expected=0, most=0)


@dataclass(frozen=True, slots=True)
class CallEstimate:
    """What one call will take.

    Parameters
    ----------
    tokens_in, tokens_out
        What is expected; thinking is not in it.
    tokens_in_most
        The most that the prompt may have.
    tokens_out_most
        The most that the answer may have, thinking included; None if no limit is sent along.
    cost, cost_batch
        US dollars expected, by itself and in a batch; None if the price is not known.
    most
        The most that it may cost; None if the price is not known or the answer has no limit.
    """

    tokens_in: int
    tokens_out: int
    tokens_in_most: int
    tokens_out_most: int | None
    cost: float | None
    cost_batch: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """What many calls will take, added up.

    Parameters
    ----------
    photos
        How many calls.
    tokens_in, tokens_out
        What is expected.
    cost, cost_batch
        US dollars expected, by calls and by batches; None if the price of one is not known.
    most
        The most that all may cost by calls; None if that of one is not known.
    """

    photos: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    cost_batch: float | None
    most: float | None


def estimate_call(
    price: Price | None,
    question: str,
    size: tuple[int, int],
    max_side: int | None,
    most_tokens_out: int | None,
) -> CallEstimate:
    """Estimate one call.

    Parameters
    ----------
    price
        What the model costs, None if that is not known. Then how it counts photos is not known
        either, and a patch of 28 pixels is taken for a token, as it is with Qwen-VL and Claude.
    question
        What is asked, with the item's title if it is in it.
    size
        Width and height of the photo in pixels, (0, 0) where they are not known.
    max_side
        The longest side of the photo as sent; None if none is sent.
    most_tokens_out
        The limit on the answer's tokens that is sent along; None if none is.

    Examples
    --------
    >>> from vlm4rec.grounding.money.prices import PriceTable
    >>> price = PriceTable.load().lookup("gpt-4.1-mini")
    >>> call = estimate_call(price, "Describe this product.", (1200, 900), 768, 1000)
    >>> call.tokens_in > 700, call.tokens_out, call.most > call.cost > call.cost_batch
    (True, 143, True)
    """
    rule = _USUAL if price is None else price.photo
    photo = _NONE if max_side is None else photo_tokens(rule, size, max_side)
    form, form_most = _form()
    tokens_in = photo.expected + (len(question) + form) // _CHARACTERS
    tokens_in_most = photo.most + len(question.encode("utf-8", "replace")) + form_most
    tokens_out = min(ANSWER_TOKENS, most_tokens_out or ANSWER_TOKENS)
    expected = Usage(tokens_in=tokens_in, tokens_out=tokens_out)
    return CallEstimate(
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_in_most=tokens_in_most,
        tokens_out_most=most_tokens_out,
        cost=None if price is None else cost(price, expected),
        cost_batch=None if price is None else cost(price, expected, batch=True),
        most=_most(price, tokens_in_most, most_tokens_out),
    )


def estimate_run(calls: Iterable[CallEstimate]) -> RunEstimate:
    """Add up the estimates of calls, which may be many: none is kept.

    Examples
    --------
    >>> estimate_run([])
    RunEstimate(photos=0, tokens_in=0, tokens_out=0, cost=0.0, cost_batch=0.0, most=0.0)
    """
    photos = tokens_in = tokens_out = 0
    dollars: float | None = 0.0
    batch: float | None = 0.0
    most: float | None = 0.0
    for call in calls:
        photos += 1
        tokens_in += call.tokens_in
        tokens_out += call.tokens_out
        dollars = _added(dollars, call.cost)
        batch = _added(batch, call.cost_batch)
        most = _added(most, call.most)
    return RunEstimate(photos, tokens_in, tokens_out, dollars, batch, most)


def _most(price: Price | None, tokens_in: int, tokens_out: int | None) -> float | None:
    if price is None or tokens_out is None:
        return None
    return (tokens_in * price.dearest_input + tokens_out * price.output) / 1_000_000


def _added(total: float | None, more: float | None) -> float | None:
    return None if total is None or more is None else total + more


@lru_cache(maxsize=1)
def _form() -> tuple[int, int]:
    """Return the characters that ask for the answer's form, and the most tokens around it all.

    A token is at least one byte in the vocabularies of all providers, so that bytes bound it.
    """
    schema = len(json.dumps(strict_schema()))
    return schema, schema + len(IN_WORDS.encode()) + _FRAME
