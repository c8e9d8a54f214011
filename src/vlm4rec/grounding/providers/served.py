"""What the providers with a server behind them have in common."""

from __future__ import annotations

import asyncio
import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from vlm4rec.errors import DataError
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Parameter
from vlm4rec.grounding.providers.clients import Clients
from vlm4rec.grounding.providers.deliveries import Deliveries
from vlm4rec.grounding.providers.failures import Server, UnreadableError
from vlm4rec.grounding.providers.photo_payload import with_photo
from vlm4rec.grounding.providers.preparing import Preparer
from vlm4rec.grounding.providers.server_address import Address, Key

__all__ = ["Sampling", "ServedLVLM", "Way", "count", "string"]

_LONGEST_CONNECT = 10.0
_WARMER = 0.7
_PROSE = 40
"""Characters; the answer of a server that does not know of structure is longer than that."""

_SHOWING_NOTHING = ("refusal", "content_filter", "length")
_MOST_TOKENS = 10**9
"""A server that counts more in one answer has miscounted."""


class Way(NamedTuple):
    """How the structure of an answer is asked for."""

    name: str
    in_words: bool


class Sampling(NamedTuple):
    """What a request says of how to draw the answer, and what of it is other than usual."""

    parameters: dict[str, Parameter]
    varied: dict[str, Parameter]


class ServedLVLM(ABC):
    """An LVLM behind a server, asked through the official client of its API.

    A provider says how a request looks (`body`), how an answer is read (`read`), and what the
    client's errors mean (its module of failures). One question is one request with one
    deadline; nothing is retried here, but a request that the server refuses as it stands: it is
    asked for the structure of the answer in the next of the provider's ways, and from then on
    so; and without a temperature, where the model takes none. A server that passes over the
    structure in silence, and answers with prose, is asked in the next way the next time.

    Parameters
    ----------
    model
        The model's name, as the server knows it.
    address, key
        Where it is, and which key is for it.
    sampling
        Temperature and the like by name; None leaves each to the server.
    max_side
        The longest side of the photo as sent, in pixels.
    timeout
        Seconds that one answer may take.

    Raises
    ------
    DataError
        If a parameter can't be meant.
    """

    provider: ClassVar[str]
    path: ClassVar[str]
    ways: ClassVar[tuple[Way, ...]]

    def __init__(
        self,
        model: str,
        address: Address,
        key: Key,
        sampling: Mapping[str, Parameter],
        max_side: int,
        timeout: float,
    ) -> None:
        if max_side < 1:
            raise DataError(f"max_side is {max_side}.", "Give a number of pixels, such as 768.")
        if not 0 < timeout < math.inf:
            raise DataError(f"timeout is {timeout}.", "Give a number of seconds, such as 60.")
        for name, value in sampling.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise DataError(f"{name} is {value}.", "Give a finite number.")
        self.model = model
        self.base_url = address.url
        self.max_side = max_side
        self.timeout = timeout
        self._address = address
        self._key = key
        self._sampling = {name: value for name, value in sampling.items() if value is not None}
        self._way = 0
        self._heeded = False  # whether an answer had the structure that was asked for
        self._takes_temperature = True
        self._deliveries = Deliveries()
        self._photos = Preparer(max_side)
        self._clients = Clients(self._opened)

    def identity(self, request: GroundingRequest) -> Identity:
        """Return model and parameters; they are the same for every request."""
        return Identity(self.provider, self.model, {"max_side": self.max_side, **self._sampling})

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        """Ask the server about one photo, once."""
        failures = self._failures()
        with self._clients.one() as client:
            jpeg = await self._photos.jpeg(request)
            started = time.perf_counter()
            try:
                answer, sampling, way = await self._structured(client, request, jpeg)
                failures.see_no_error(answer)
                seconds = time.perf_counter() - started
                return self._learned(self.read(answer, seconds, sampling.varied), way)
            except failures.FAILURES as error:
                secrets = (str(client.api_key), self._address.basic)
                server = Server(self._server, self._key.variable, self.timeout, secrets)
                failure = failures.explain(error, server)
        # Raised out here, it doesn't carry the client's error, whose request holds the key.
        raise failure

    async def close(self) -> None:
        """Close the connections."""
        await self._clients.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.model} at {self.base_url}>"

    @abstractmethod
    def body(
        self, request: GroundingRequest, way: Way, parameters: Mapping[str, Parameter]
    ) -> dict[str, object]:
        """Return the request as the API wants it, with `PHOTO` in the place of the photo."""

    @abstractmethod
    def read(self, answer: Any, seconds: float, varied: Mapping[str, Parameter]) -> LVLMAnswer:
        """Take what is of use of an answer; a ValueError if it has no message."""

    @abstractmethod
    def _open(self, key: str, connect: float) -> Any:
        """Return a client; it has ``connect`` seconds to open a connection."""

    @abstractmethod
    def _failures(self) -> Any:
        """Return the module that knows the client's errors; it is loaded only now."""

    @property
    def _server(self) -> str:
        return f"the server at {self.base_url}"

    @property
    def _headers(self) -> dict[str, str] | None:
        return {"Authorization": self._address.basic} if self._address.basic else None

    def _connected(self) -> Any:
        return self._clients.first

    def _opened(self) -> Any:
        # Shorter than the whole, so that who can't be reached is known not to have answered.
        connect = min(self.timeout / 2, _LONGEST_CONNECT)
        return self._open(self._key.read(self._server), connect)

    @cached_property
    def _certificates(self) -> Any:
        """Whom to trust; to read it takes longer than all else that opening a client does."""
        import httpx2

        return httpx2.create_ssl_context()

    async def _structured(
        self, client: Any, request: GroundingRequest, jpeg: bytes
    ) -> tuple[Any, Sampling, int]:
        """Ask in the way that worked; where it is refused, in the next, and for good if it works.

        A photo that the server refuses for another reason is refused in every way.
        """
        *rest, last = range(self._way, len(self.ways))
        for way in rest:
            try:
                return await self._sampled(client, request, jpeg, way)
            except self._failures().REFUSED:
                continue
        return await self._sampled(client, request, jpeg, last)

    async def _sampled(
        self, client: Any, request: GroundingRequest, jpeg: bytes, way: int
    ) -> tuple[Any, Sampling, int]:
        """Ask with the temperature, and without it if the model turns out to take none."""
        failures = self._failures()
        sampling = self._draw(request)
        try:
            answer = await self._post(client, request, jpeg, way, sampling)
        except failures.REFUSED as error:
            if "temperature" not in sampling.parameters or not failures.no_temperature(error):
                raise
            self._takes_temperature = False
            sampling = self._draw(request)
            answer = await self._post(client, request, jpeg, way, sampling)
        self._way = max(self._way, way)
        return answer, sampling, way

    def _learned(self, came: LVLMAnswer, way: int) -> LVLMAnswer:
        """Return an answer; where it shows that the server passes over this way, ask in the next.

        Such a server answers with prose. The answer counts as it is, for it is paid for; one
        that is a refusal, or too short to be a description, shows nothing.
        """
        if self.ways[way].in_words or self._heeded or came.finish_reason in _SHOWING_NOTHING:
            return came
        if "{" in came.text:
            self._heeded = True
        elif len(came.text.strip()) >= _PROSE:
            self._way = max(self._way, way + 1)
        return came

    async def _post(
        self, client: Any, request: GroundingRequest, jpeg: bytes, way: int, sampling: Sampling
    ) -> Any:
        import httpx2  # what both official clients are built on

        body = self.body(request, self.ways[way], sampling.parameters)
        content = _Quiet(with_photo(body, jpeg))
        # The client's own timeout is between two bytes: a server that trickles would hold on.
        async with asyncio.timeout(self.timeout):
            # The call below the named one: building and checking objects would double the work.
            came = await client.post(self.path, cast_to=httpx2.Response, content=content)
        answer = json.loads(came.content)
        if not isinstance(answer, dict):
            raise UnreadableError("the answer is no object")
        await self._deliveries.check(came, string(answer, "id"))
        return answer

    def _draw(self, request: GroundingRequest) -> Sampling:
        """Vary what there is to vary where the first answer was not good enough."""
        varied: dict[str, Parameter] = {}
        if request.again:
            varied = {"again": request.again, **self._varied(request.again)}
        parameters = {**self._sampling, **varied}
        parameters.pop("again", None)
        if not self._takes_temperature:
            parameters.pop("temperature", None)
            varied.pop("temperature", None)
        return Sampling(parameters, varied)

    def _varied(self, again: int) -> dict[str, Parameter]:
        """Return the parameters that differ when asked again."""
        varied: dict[str, Parameter] = {}
        if not self._sampling.get("temperature"):
            varied["temperature"] = _WARMER
        seed = self._sampling.get("seed")
        if isinstance(seed, int):
            varied["seed"] = seed + again
        return varied


class _Quiet(bytes):
    """The body of a request, which a client that logs what it sends doesn't log."""

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes>"

    __str__ = __repr__


def string(holder: object, name: str) -> str:
    """Return a text of an answer, empty where it has none of that name."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def count(holder: object, name: str) -> int | None:
    """Return a count of an answer, None where it has none of that name."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None
