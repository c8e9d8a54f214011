"""Several clients of one server, so that none has to look after many connections."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["Clients"]

_CALLS = 4
"""Calls that a client has under way before another one is opened."""

_MOST = 32
"""Clients; more would look after fewer connections each, and be more to look after."""


@dataclass(slots=True)
class _Client:
    client: Any
    calls: int = 0


class Clients:
    """Gives each call the client with the fewest calls under way, and opens more of them.

    The pool of connections that the official clients share looks at every connection twice a
    call, and asks the system about each that is idle. With 64 of them in one pool, that takes
    longer than all else that a call does; so each client gets few, and as many calls as it has
    connections, as far as that can be.

    Parameters
    ----------
    open_
        Opens a client.

    Examples
    --------
    >>> import itertools
    >>> numbers = itertools.count()
    >>> clients = Clients(lambda: next(numbers))
    >>> with contextlib.ExitStack() as calls:
    ...     [calls.enter_context(clients.one()) for _ in range(10)]
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    """

    def __init__(self, open_: Callable[[], Any]) -> None:
        self._open = open_
        self._opened: list[_Client] = []

    @property
    def first(self) -> Any:
        """The client that was opened first, for calls that are few."""
        if not self._opened:
            self._opened.append(_Client(self._open()))
        return self._opened[0].client

    @contextlib.contextmanager
    def one(self) -> Iterator[Any]:
        """Give a client for one call."""
        chosen = self._least_busy()
        chosen.calls += 1
        try:
            yield chosen.client
        finally:
            chosen.calls -= 1

    async def close(self) -> None:
        """Close all; the next call opens one anew."""
        opened, self._opened = self._opened, []
        for each in opened:
            await each.client.close()

    def _least_busy(self) -> _Client:
        found = min(self._opened, key=lambda each: each.calls, default=None)
        if found is None or (found.calls >= _CALLS and len(self._opened) < _MOST):
            found = _Client(self._open())
            self._opened.append(found)
        return found
