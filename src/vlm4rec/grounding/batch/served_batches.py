"""What the batch APIs of providers with a server have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import httpx2

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.batch.failures import failed_request
from vlm4rec.grounding.batch.seam import Result
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Parameter, Traits
from vlm4rec.grounding.providers.anthropic import AnthropicLVLM
from vlm4rec.grounding.providers.failures import Server
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.photo_payload import checked_jpeg, with_photo

__all__ = ["SLACK", "UPLOAD", "ServedBatches", "key_in"]

T = TypeVar("T")

SLACK = timedelta(days=1)
"""By how much the clocks here and at a provider may differ."""

UPLOAD = 600.0
"""Seconds that a server may take to answer for a whole file."""

_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class ServedBatches(ABC):
    """The batch API of a provider, for an LVLM of that provider, which knows how to ask.

    Parameters
    ----------
    lvlm
        Whom to ask, and how.
    """

    def __init__(self, lvlm: OpenAILVLM | AnthropicLVLM) -> None:
        self._lvlm = lvlm

    @property
    def provider(self) -> str:
        """The provider's name, as in the identity of its answers."""
        return self._lvlm.provider

    @property
    def model(self) -> str:
        """The model's name, as the provider knows it."""
        return self._lvlm.model

    @property
    def traits(self) -> Traits:
        """The LVLM's."""
        return self._lvlm.traits

    def identity(self, request: GroundingRequest) -> Identity:
        """Return the LVLM's: an answer is the same whichever way it came."""
        return self._lvlm.identity(request)

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        """Ask about one photo, now and at full price."""
        return await self._lvlm.ground(request)

    async def close(self) -> None:
        """Close the connections."""
        await self._lvlm.close()

    def line(self, key: str, request: GroundingRequest) -> bytes:
        """Return a request as a line of a batch file."""
        lvlm = self._lvlm
        jpeg = checked_jpeg(request.photo, lvlm.max_side, request.photo_sha256)
        way, parameters = lvlm.ways[lvlm._way], lvlm._draw(request).parameters
        return with_photo(self._line(key, lvlm.body(request, way, parameters)), jpeg)

    def varied(self, request: GroundingRequest) -> Mapping[str, Parameter]:
        """Return what the LVLM varies for a second answer."""
        return self._lvlm._draw(request).varied

    async def collect(self, remote: str) -> AsyncGenerator[Result, None]:
        """Give what came of each request; a line that makes no sense is no result."""
        async with aclosing(self._lines(remote)) as lines:
            async for line in lines:
                try:
                    result = self._result(json.loads(line))
                except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
                    continue
                yield result

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._lvlm!r}>"

    @abstractmethod
    def _line(self, key: str, body: dict[str, object]) -> dict[str, object]:
        """Return a request with its key, as the batch API wants it."""

    @abstractmethod
    def _lines(self, remote: str) -> AsyncGenerator[bytes, None]:
        """Give the lines of a batch's results."""

    @abstractmethod
    def _result(self, fields: Any) -> Result:
        """Understand a line, or raise what comes of looking into it."""

    def _answer(self, body: Any) -> LVLMAnswer | LVLMError:
        """Read one answer; nobody knows how long it took by itself."""
        try:
            self._lvlm._failures().see_no_error(body)
            return replace(self._lvlm.read(body, 0.0, {}), seconds=None)
        except ValueError:
            return failed_request("it came without a message", retryable=True, charged=True)

    async def _call(self, call: Callable[[Any], Awaitable[T]], *, creating: bool = False) -> T:
        """Call the client; where a batch was to be created, ``charged`` tells that it may be."""
        client = self._lvlm._connected()
        try:
            return await call(client)
        except self._failing() as error:
            failure = self._explained(error, client)
            failure.charged = creating and _may_have_arrived(error)
        # Raised out here, it doesn't carry the client's error, whose request holds the key.
        raise failure

    async def _streamed(
        self, open_: Callable[[Any], AbstractAsyncContextManager[Any]]
    ) -> AsyncGenerator[bytes, None]:
        """Give the lines of a download as they come; a last one that is cut is a line too."""
        client = self._lvlm._connected()
        failure: LVLMError | None = None
        rest = b""
        try:
            async with open_(client) as response:
                async for block in response.iter_bytes():
                    *lines, rest = (rest + block).split(b"\n")
                    for line in filter(None, lines):
                        yield line
        except self._failing() as error:
            failure = self._explained(error, client)
            failure.charged = False
        if failure is not None:
            raise failure
        if rest:
            yield rest

    def _failing(self) -> tuple[type[Exception], ...]:
        return (*self._lvlm._failures().FAILURES, httpx2.HTTPError)

    def _explained(self, error: Exception, client: Any) -> LVLMError:
        lvlm = self._lvlm
        if isinstance(error, httpx2.HTTPError):  # the client lets it through from a download
            return LVLMError(f"The download from {lvlm._server} broke off.", retryable=True)
        secrets = (str(client.api_key), lvlm._address.basic)
        server = Server(lvlm._server, lvlm._key.variable, lvlm.timeout, secrets)
        explained: LVLMError = lvlm._failures().explain(error, server)
        return explained


def key_in(fields: Any) -> str:
    """Return the key in a line of results; a TypeError if it is none."""
    key = fields["custom_id"]
    if not isinstance(key, str):
        raise TypeError
    return key


def _may_have_arrived(error: Exception) -> bool:
    """Tell whether a batch may have been made although the call failed."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return status >= 500 and status != 529
    return not isinstance(error.__cause__, _NEVER_SENT)
