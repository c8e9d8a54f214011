"""Drawing at random by name: each draw depends on the seed and the ids alone."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

__all__ = ["drawn", "lots"]

_BETWEEN = "\x1f"
"""No id holds it."""


def lots(seed: int, purpose: str, *ids: pl.Series) -> pl.Series:
    """Return a number from 0 to 2**64 - 1 for each row, drawn evenly.

    A row's number comes from the seed, the purpose and the row's ids, by hash. So it stays what
    it is when rows are added, taken out or shuffled, on every machine.

    Parameters
    ----------
    seed
        Another seed gives other numbers.
    purpose
        What is drawn, in a word, so that draws for different things are independent.
    ids
        One or more columns of text, of one length.

    Returns
    -------
    pl.Series
        UInt64, named ``"lot"``.

    Examples
    --------
    >>> lots(0, "users", pl.Series(["ann", "bob"])).to_list()
    [9794041830868377770, 9263616246294341076]
    """
    key = hashlib.blake2b(f"{seed}{_BETWEEN}{purpose}".encode(), digest_size=16).digest()
    texts = pl.select(pl.concat_str(list(ids), separator=_BETWEEN)).to_series().to_list()
    digests = (hashlib.blake2b(text.encode(), key=key, digest_size=8).digest() for text in texts)
    numbers = np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)
    return pl.Series("lot", numbers, dtype=pl.UInt64)


def drawn(lot: pl.Series, share: float) -> pl.Series:
    """Return whether each row is drawn, where each is with the probability ``share``.

    >>> drawn(pl.Series([0, 2**63], dtype=pl.UInt64), 0.5).to_list()
    [True, False]
    """
    return lot < int(share * 2**64)
