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
    refused, and the connection given up. Since answers have an id of their own, this befalls
    none that is right; a server whose answers have none, and are all alike, is found out by the
    next connection, and left alone from then on.
    """

    def __init__(self) -> None:
        self._before: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()
        self._refused = b""
        self._all_alike = False

    async def check(self, response: Any) -> bytes:
        """Return the content of a response of the HTTP library.

        Raises
        ------
        SentTwiceError
            If it is that of the response before.
        """
        content: bytes = response.content
        connection = response.extensions.get("network_stream")
        if connection is None or self._all_alike:
            return content
        before = self._before.get(connection)
        if before is None and content == self._refused:
            self._all_alike = True
        elif before == content:
            self._refused = content
            await connection.aclose()
            raise SentTwiceError("it came before")
        self._before[connection] = content
        return content
