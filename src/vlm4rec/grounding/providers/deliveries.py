"""Seeing to it that an answer is the answer to the question just asked."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from vlm4rec.grounding.providers.failures import SentTwiceError

__all__ = ["Deliveries"]


class Deliveries:
    """Notices an answer that a server, or a proxy before it, sent a second time.

    HTTP has no names for answers: they belong to the questions in the order in which both go
    over a connection. Where one comes twice, the client takes the second for the answer to
    the next question, and every photo after it gets the description of the one before.

    So an answer that equals, byte for byte, the one before it on the same connection is
    refused, and the connection given up. Answers have an id of their own, so this befalls none
    that is right; one without an id is let through. A server whose answers are all alike, id
    and all, as those of a mock are, is found out by the next connection, and left alone.
    """

    def __init__(self) -> None:
        self._before: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()
        self._refused = b""
        self._all_alike = False

    async def check(self, response: Any, id_: str) -> None:
        """See that an answer is not the one before it once more.

        Parameters
        ----------
        response
            The HTTP library's.
        id_
            The answer's own name for itself, empty if it has none.

        Raises
        ------
        SentTwiceError
            If it is.
        """
        content: bytes = response.content
        connection = response.extensions.get("network_stream")
        if connection is None or self._all_alike or not id_:
            return
        before = self._before.get(connection)
        if before is None and content == self._refused:
            self._all_alike = True
        elif before == content:
            self._refused = content
            await connection.aclose()
            raise SentTwiceError("it came before")
        self._before[connection] = content
