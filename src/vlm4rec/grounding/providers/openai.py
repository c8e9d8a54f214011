"""Any server that speaks OpenAI's chat API, through OpenAI's own client."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Mapping
from typing import Any

from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Parameter, Traits
from vlm4rec.grounding.providers.failures import UnreadableError
from vlm4rec.grounding.providers.photo_payload import PHOTO
from vlm4rec.grounding.providers.served import ServedLVLM, Way, count, string
from vlm4rec.grounding.providers.server_address import Address, Key
from vlm4rec.grounding.providers.structured import strict_schema, worded

__all__ = ["OpenAILVLM"]

_OFFICIAL = "api.openai.com"
_KEYS = {
    _OFFICIAL: "OPENAI_API_KEY",
    "generativelanguage.googleapis.com": "GEMINI_API_KEY",
    "openrouter.ai": "OPENROUTER_API_KEY",
}
_DETAILS = ("auto", "low", "high", "original")
_MOST_TOKENS_OUT = 4096
"""What a model that doesn't stop may cost at most, at OpenAI's own server.

It changes no answer that is used, since one that was cut off is none; so it is no part of the
identity. Other servers get no limit: some refuse one that exceeds what they have room for.
"""


class OpenAILVLM(ServedLVLM):
    """An LVLM behind OpenAI's API, or behind a server that speaks it.

    vLLM, SGLang, Ollama, llama.cpp and others do: give their ``base_url``. The key is taken
    from the environment variable ``OPENAI_API_KEY`` and from nowhere else, and goes to the
    server alone; for Gemini's and OpenRouter's servers it is ``GEMINI_API_KEY`` and
    ``OPENROUTER_API_KEY``.

    The answer is asked for by a JSON schema. A server that refuses the schema is asked in
    words from then on. A model that takes no temperature is asked without.

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
    send_key
        Whether the server gets the key, and what else the environment has for it: False for one
        that nobody named, since anyone on a shared machine may have started it.

    Raises
    ------
    MissingExtraError
        If the official client is not installed.
    DataError
        If a parameter can't be meant.
    """

    provider = "openai"
    path = "/chat/completions"
    ways = (Way("schema", in_words=False), Way("words", in_words=True))

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
        send_key: bool = True,
    ) -> None:
        if importlib.util.find_spec("openai") is None:
            raise MissingExtraError("The openai provider", "openai")
        if detail is not None and detail not in _DETAILS:
            raise DataError(f"detail is {detail!r}.", f"Choose from: {', '.join(_DETAILS)}.")
        address = Address.of(base_url, "OPENAI_BASE_URL", f"https://{_OFFICIAL}/v1")
        sampling = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
        key = Key.of(address, _KEYS, "OPENAI_API_KEY") if send_key else Key.none()
        super().__init__(model, address, key, sampling, max_side, timeout)
        self.max_tokens = max_tokens
        self.detail = detail
        self._official = address.belongs_to(_OFFICIAL)

    @property
    def traits(self) -> Traits:
        """What it sends; a server on this machine charges nothing."""
        limit = _MOST_TOKENS_OUT if self._official and self.max_tokens is None else self.max_tokens
        return Traits(self._address.here, limit, self.max_side)

    def identity(self, request: GroundingRequest) -> Identity:
        """Return model and parameters; they are the same for every request."""
        identity = super().identity(request)
        detail = {} if self.detail is None else {"detail": self.detail}
        return Identity(identity.provider, identity.model, {**identity.parameters, **detail})

    def body(
        self, request: GroundingRequest, way: Way, parameters: Mapping[str, Parameter]
    ) -> dict[str, object]:
        """Return a request of the chat API."""
        photo = {"url": f"data:image/jpeg;base64,{PHOTO}"}
        if self.detail is not None:
            photo["detail"] = self.detail
        text = worded(request, in_words=way.in_words)
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": photo}]
        return {
            "model": self.model,
            "messages": [{"role": "user", "content": content}],
            **({} if way.in_words else _by_schema()),
            **self._named(parameters),
        }

    def read(self, answer: Any, seconds: float, varied: Mapping[str, Parameter]) -> LVLMAnswer:
        """Take what is of use; servers differ in what they leave out."""
        choices = answer.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise UnreadableError("there is no message in the answer")
        message = choices[0].get("message")
        refusal = string(message, "refusal")
        usage = answer.get("usage")
        details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
        return LVLMAnswer(
            text=refusal or string(message, "content"),
            model=string(answer, "model") or self.model,
            finish_reason="refusal" if refusal else string(choices[0], "finish_reason") or None,
            tokens_in=count(usage, "prompt_tokens"),
            tokens_cached=count(details, "cached_tokens"),
            tokens_out=count(usage, "completion_tokens"),
            seconds=seconds,
            cost=_cost(usage),
            varied=varied,
        )

    def _named(self, parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
        """Name the parameters as the server wants them: only OpenAI's knows the new name."""
        if not self._official:
            return dict(parameters)
        named = {"max_tokens": _MOST_TOKENS_OUT, **parameters}
        return {
            "max_completion_tokens" if name == "max_tokens" else name: value
            for name, value in named.items()
        }

    def _open(self, key: str, connect: float) -> Any:
        import openai

        headers: dict[str, Any] = dict(self._headers or {})
        if not self._key.variable:
            mine = {"authorization": f"Bearer {key}"}
            unsaid = {name: mine.get(name.lower(), openai.Omit()) for name in _from_environment()}
            headers = unsaid | headers
        return openai.AsyncOpenAI(
            api_key=key,
            base_url=self.base_url,
            timeout=openai.Timeout(self.timeout, connect=connect),
            max_retries=0,
            default_headers=headers,
            http_client=openai.DefaultAsyncHttpxClient(verify=self._certificates),
        )

    def _failures(self) -> Any:
        from vlm4rec.grounding.providers import openai_failures

        return openai_failures


def _from_environment() -> list[str]:
    """Name the headers that the client takes from the environment by itself."""
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    named = [line.partition(":")[0].strip() for line in lines if ":" in line]
    return ["OpenAI-Organization", "OpenAI-Project", *named]


def _by_schema() -> dict[str, object]:
    schema = {"name": "photo_description", "strict": True, "schema": strict_schema()}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _cost(usage: object) -> float | None:
    """Return the US dollars that the server says it charged, as OpenRouter does unasked."""
    cost = usage.get("cost") if isinstance(usage, dict) else None
    if isinstance(cost, bool) or not isinstance(cost, (int, float)):
        return None
    return float(cost) if math.isfinite(cost) and cost >= 0 else None
