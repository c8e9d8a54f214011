"""What was probably meant by an id that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from vlm4rec.errors import UnknownIdError

__all__ = ["unknown_item", "unknown_user"]

_MOST = 20_000
"""Comparing by likeness takes time in proportion; beyond this many ids only zeros are tried."""


def unknown_item(item: str, ids: Sequence[str]) -> UnknownIdError:
    """Return the error for an item that the catalog lacks."""
    return UnknownIdError(f"There is no item {item!r} in this shop.", _hint(item, ids))


def unknown_user(user: str, users: Sequence[str]) -> UnknownIdError:
    """Return the error for a user without interactions."""
    if not users:
        return UnknownIdError(
            f"There is no user {user!r}: this shop holds no interactions.",
            "Recommend for a history instead: --history ID,ID",
        )
    remedy = _hint(user, users) or f"Its users are such as {users[0]!r}."
    return UnknownIdError(f"There is no user {user!r} in this shop.", remedy)


def _hint(wanted: str, ids: Sequence[str]) -> str:
    """Propose an id that differs by lost zeros, or looks alike."""
    bare = wanted.strip().lstrip("0")
    close = [id_ for id_ in ids if id_.lstrip("0") == bare][:1]
    if not close and len(ids) <= _MOST:
        close = difflib.get_close_matches(wanted, ids, n=1, cutoff=0.75)
    return f"Did you mean {close[0]!r}?" if close else ""
