"""What an answer cost, by the server's own count of tokens."""

from __future__ import annotations

from dataclasses import dataclass

from vlm4rec.grounding.money.prices import Price

__all__ = ["Usage", "cost"]

_MILLION = 1_000_000

_MOST = 10**9
"""Tokens; a server that counts more in one call miscounts."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one call as the server counted them, None where it did not say.

    Parameters
    ----------
    tokens_in
        The whole prompt, with the photo and with the cached and written parts.
    tokens_cached
        The part of it that the server read from its cache.
    tokens_written
        The part of it that the server wrote to its cache.
    tokens_out
        The answer, with thinking.
    """

    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_written: int | None = None
    tokens_out: int | None = None


def cost(price: Price, usage: Usage, *, batch: bool = False) -> float | None:
    """Return what a call cost in US dollars, None if the server counted no tokens.

    Parts of the prompt that the server did not count are taken for none. Parts larger than the
    whole, as some servers count, are paid for as they are. A count below 0 is taken for 0.

    Parameters
    ----------
    price
        What the model costs.
    usage
        What the server counted.
    batch
        Whether the call was one of a batch.

    Examples
    --------
    >>> from vlm4rec.grounding.money.prices import PriceTable
    >>> price = PriceTable.load().lookup("gpt-4.1-mini")
    >>> round(cost(price, Usage(tokens_in=1500, tokens_cached=1000, tokens_out=150)), 6)
    0.00054
    >>> cost(price, Usage(tokens_in=1500)) is None
    True
    """
    if usage.tokens_in is None or usage.tokens_out is None:
        return None
    cached, written = _sane(usage.tokens_cached), _sane(usage.tokens_written)
    dollars = (
        _sane(usage.tokens_in - cached - written) * price.input
        + cached * price.cached_input
        + written * price.written_input
        + _sane(usage.tokens_out) * price.output
    ) / _MILLION
    return dollars * price.batch if batch else dollars


def _sane(count: int | None) -> int:
    return min(max(0, count or 0), _MOST)
