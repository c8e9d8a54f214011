"""Any server that speaks OpenAI's chat API, through OpenAI's own client."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib.util
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, unquote, urlsplit

from vlm4rec.errors import DataError, LVLMError, MissingExtraError
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Parameter, Traits
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.providers.photo_payload import photo_data_url
from vlm4rec.grounding.providers.structured import IN_WORDS, strict_schema

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["OpenAILVLM"]

_DEFAULT_URL = "https://api.openai.com/v1"
_DETAILS = ("auto", "low", "high", "original")
_LONGEST_CONNECT = 10.0


class OpenAILVLM:
    """An LVLM behind OpenAI's API, or behind a server that speaks it.

    vLLM, SGLang, Ollama, llama.cpp and others do: give their ``base_url``. The key is taken
    from the environment variable ``OPENAI_API_KEY`` and from nowhere else, and goes to the
    server alone.

    The answer is asked for by a JSON schema. A server that refuses the schema is asked in
    words from then on.

    Its identity is model and parameters, without the server's address: the same open model
    gives the same answers wherever it runs, and moving a server must not make a catalog's
    groundings stale. Parameters that are None are left out of it, so that one added later
    changes no key.

    Parameters
    ----------
    model
        The model's name, as the server knows it.
    base_url
        The server's address, such as ``"http://localhost:8000/v1"``; by default that in
        ``OPENAI_BASE_URL``, else OpenAI's. A ``user:password@`` in it is used for basic
        authentication, and shown nowhere.
    temperature, max_tokens, seed
        As the server understands them; None leaves each to the server.
    max_side
        The longest side of the photo as sent, in pixels; smaller photos are sent as they are.
    detail
        How closely the model looks (``"low"``, ``"high"``), for servers that know it.
    timeout
        Seconds that one answer may take.

    Raises
    ------
    MissingExtraError
        If the official client is not installed.
    DataError
        If a parameter can't be meant.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        max_side: int = 768,
        detail: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        if importlib.util.find_spec("openai") is None:
            raise MissingExtraError("The openai provider", "openai")
        _check(max_side, detail, timeout)
        self.model = model
        self.base_url, self._basic = _address(base_url)
        self.max_tokens = max_tokens
        self.max_side = max_side
        self.detail = detail
        self.timeout = timeout
        self._sampling = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
        self._structured = True
        self._client: AsyncOpenAI | None = None

    @property
    def traits(self) -> Traits:
        """What it sends; a server on this machine charges nothing."""
        free = urlsplit(self.base_url).hostname in ("localhost", "127.0.0.1", "::1")
        return Traits(free, self.max_tokens, self.max_side)

    def identity(self, request: GroundingRequest) -> Identity:
        """Return model and parameters; they are the same for every request."""
        parameters: dict[str, Parameter] = {"max_side": self.max_side, "detail": self.detail}
        parameters |= self._sampling
        given = {name: value for name, value in parameters.items() if value is not None}
        return Identity("openai", self.model, given)

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        """Ask the server about one photo, once."""
        from vlm4rec.grounding.providers import openai_failures

        client = self._connected()
        url = await asyncio.to_thread(photo_data_url, request.photo, self.max_side)
        started = time.perf_counter()
        try:
            completion = await self._complete(client, request.prompt, url)
            return _answer(completion, self.model, time.perf_counter() - started)
        except openai_failures.FAILURES as error:
            secrets = (client.api_key, self._basic)
            failure = openai_failures.explain(error, self._server, self.timeout, secrets)
        # Raised out here, it doesn't carry the client's error, whose request holds the key.
        raise failure

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def __repr__(self) -> str:
        return f"<OpenAILVLM {self.model} at {self.base_url}>"

    @property
    def _official(self) -> bool:
        return urlsplit(self.base_url).hostname == urlsplit(_DEFAULT_URL).hostname

    @property
    def _server(self) -> str:
        return f"the server at {self.base_url}"

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            import openai

            self._client = openai.AsyncOpenAI(
                api_key=_key(required=self._official),
                base_url=self.base_url,
                timeout=openai.Timeout(self.timeout, connect=min(self.timeout, _LONGEST_CONNECT)),
                max_retries=0,
                default_headers={"Authorization": self._basic} if self._basic else None,
            )
        return self._client

    async def _complete(self, client: AsyncOpenAI, prompt: Prompt, url: str) -> object:
        """Ask by schema; where the server refuses it, in words, and for good if it takes those."""
        import openai

        if self._structured:
            with contextlib.suppress(openai.BadRequestError, openai.UnprocessableEntityError):
                return await self._create(client, prompt.text, url, _by_schema())
        in_words = f"{prompt.text}\n\n{IN_WORDS}"
        completion = await self._create(client, in_words, url, {})
        self._structured = False
        return completion

    async def _create(
        self, client: AsyncOpenAI, text: str, url: str, structure: Mapping[str, object]
    ) -> object:
        photo: dict[str, object] = {"url": url}
        if self.detail is not None:
            photo["detail"] = self.detail
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": photo}]
        body = {"messages": [{"role": "user", "content": content}], **structure, **self._sampled()}
        # The client's own timeout is between two bytes: a server that trickles would hold on.
        async with asyncio.timeout(self.timeout):
            return await client.chat.completions.create(model=self.model, **cast("Any", body))

    def _sampled(self) -> dict[str, object]:
        """Name the parameters as the server wants them: only OpenAI's knows the new name."""
        names = {"max_tokens": "max_completion_tokens"} if self._official else {}
        return {
            names.get(name, name): value
            for name, value in self._sampling.items()
            if value is not None
        }


def _check(max_side: int, detail: str | None, timeout: float) -> None:
    if max_side < 1:
        raise DataError(f"max_side is {max_side}.", "Give a number of pixels, such as 768.")
    if detail is not None and detail not in _DETAILS:
        raise DataError(f"detail is {detail!r}.", f"Choose from: {', '.join(_DETAILS)}.")
    if not timeout > 0:
        raise DataError(f"timeout is {timeout}.", "Give a number of seconds, such as 60.")


def _address(base_url: str | None) -> tuple[str, str]:
    """Return the address without credentials, and the header that carries them, or ""."""
    given = base_url or os.environ.get("OPENAI_BASE_URL") or _DEFAULT_URL
    try:
        parts = urlsplit(given)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        _ = parts.port
    except ValueError:
        right = False
    if not right:
        raise DataError(
            "The base URL is not an http or https address without a query.",
            "Give one such as http://localhost:8000/v1.",
        )
    userinfo, _, host = parts.netloc.rpartition("@")
    clean = SplitResult(parts.scheme, host, parts.path, "", "").geturl()
    if not userinfo:
        return clean, ""
    return clean, "Basic " + base64.b64encode(unquote(userinfo).encode()).decode("ascii")


def _key(*, required: bool) -> str:
    """Return the key; servers at home need none, but the client insists on one."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not key and required:
        raise LVLMError("OpenAI's server wants a key.", "Set OPENAI_API_KEY to it.", fatal=True)
    if not (key.isascii() and key.isprintable()):
        raise LVLMError(
            "OPENAI_API_KEY holds characters that no key has.", "Copy the key again.", fatal=True
        )
    return key or "none"


def _by_schema() -> dict[str, object]:
    schema = {"name": "photo_description", "strict": True, "schema": strict_schema()}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _answer(completion: Any, asked_of: str, seconds: float) -> LVLMAnswer:
    """Take what is of use; the client checks no types, and servers differ."""
    choices = getattr(completion, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise ValueError("there is no message in the answer")
    message = getattr(choices[0], "message", None)
    refusal = _string(message, "refusal")
    usage = getattr(completion, "usage", None)
    return LVLMAnswer(
        text=refusal or _string(message, "content"),
        model=_string(completion, "model") or asked_of,
        finish_reason="refusal" if refusal else _string(choices[0], "finish_reason") or None,
        tokens_in=_count(usage, "prompt_tokens"),
        tokens_cached=_count(getattr(usage, "prompt_tokens_details", None), "cached_tokens"),
        tokens_out=_count(usage, "completion_tokens"),
        seconds=seconds,
    )


def _string(holder: object, name: str) -> str:
    value = getattr(holder, name, None)
    return value if isinstance(value, str) else ""


def _count(holder: object, name: str) -> int | None:
    value = getattr(holder, name, None)
    return value if isinstance(value, int) else None
