"""Claude, and any server that speaks Anthropic's Messages API, through Anthropic's own client."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from typing import Any

from vlm4rec.errors import DataError, MissingExtraError
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer, Parameter, Traits
from vlm4rec.grounding.providers.failures import UnreadableError
from vlm4rec.grounding.providers.photo_payload import PHOTO
from vlm4rec.grounding.providers.served import ServedLVLM, Way, count, string
from vlm4rec.grounding.providers.server_address import Address, Key
from vlm4rec.grounding.providers.structured import strict_schema, worded

__all__ = ["AnthropicLVLM"]

_OFFICIAL = "api.anthropic.com"
_TOOL = "describe_photo"
_ENDS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}
"""From the API's words for how an answer ended to those of `LVLMAnswer`."""


class AnthropicLVLM(ServedLVLM):
    """An LVLM behind Anthropic's API, or behind a server that speaks it.

    The key is taken from the environment variable ``ANTHROPIC_API_KEY`` and from nowhere else,
    and goes to the server alone.

    The answer is asked for by a JSON schema. A model that refuses the schema is asked through a
    tool that it must use, and one that refuses this too, in words.

    Nothing is marked for the server's cache: what photos have in common, the prompt and the
    schema, is some 400 tokens, and no model caches less than 1,024.

    Its identity is model and parameters, as for `OpenAILVLM`.

    Parameters
    ----------
    model
        The model's name, such as ``"claude-haiku-4-5"``.
    base_url
        The server's address, by default that in ``ANTHROPIC_BASE_URL``, else Anthropic's. A
        ``user:password@`` in it is used for basic authentication, and shown nowhere.
    temperature
        From 0 to 1; None leaves it to the server. Newer models take none: they are asked
        without.
    max_tokens
        The limit on an answer's tokens, which the API wants to be told.
    max_side
        The longest side of the photo as sent, in pixels; smaller photos are sent as they are.
    timeout
        Seconds that one answer may take.

    Raises
    ------
    MissingExtraError
        If the official client is not installed.
    DataError
        If a parameter can't be meant.
    """

    provider = "anthropic"
    path = "/v1/messages"
    ways = (
        Way("schema", in_words=False),
        Way("tool", in_words=False),
        Way("words", in_words=True),
    )

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        temperature: float | None = None,
        max_tokens: int = 1024,
        max_side: int = 768,
        timeout: float = 60.0,
    ) -> None:
        if importlib.util.find_spec("anthropic") is None:
            raise MissingExtraError("The anthropic provider", "anthropic")
        if max_tokens < 1:
            raise DataError(f"max_tokens is {max_tokens}.", "Give a number such as 1024.")
        address = Address.of(base_url, "ANTHROPIC_BASE_URL", f"https://{_OFFICIAL}")
        key = Key.of(address, {_OFFICIAL: "ANTHROPIC_API_KEY"}, "ANTHROPIC_API_KEY")
        sampling = {"temperature": temperature, "max_tokens": max_tokens}
        super().__init__(model, address, key, sampling, max_side, timeout)
        self.max_tokens = max_tokens

    @property
    def traits(self) -> Traits:
        """What it sends; a server on this machine charges nothing."""
        return Traits(self._address.here, self.max_tokens, self.max_side)

    def body(
        self, request: GroundingRequest, way: Way, parameters: Mapping[str, Parameter]
    ) -> dict[str, object]:
        """Return a request of the Messages API; the photo comes first, as it advises."""
        source = {"type": "base64", "media_type": "image/jpeg", "data": PHOTO}
        text = worded(request, in_words=way.in_words)
        content = [{"type": "image", "source": source}, {"type": "text", "text": text}]
        return {
            "model": self.model,
            "messages": [{"role": "user", "content": content}],
            **_structure(way),
            **parameters,
        }

    def read(self, answer: Any, seconds: float, varied: Mapping[str, Parameter]) -> LVLMAnswer:
        """Take what is of use; the prompt's tokens are summed, as `LVLMAnswer` counts them."""
        blocks = answer.get("content")
        if not isinstance(blocks, list):
            raise UnreadableError("there is no message in the answer")
        usage = answer.get("usage")
        fresh = count(usage, "input_tokens")
        read = count(usage, "cache_read_input_tokens")
        written = count(usage, "cache_creation_input_tokens")
        end = string(answer, "stop_reason")
        return LVLMAnswer(
            text=_text(blocks),
            model=string(answer, "model") or self.model,
            finish_reason=_ENDS.get(end, end) or None,
            tokens_in=None if fresh is None else fresh + (read or 0) + (written or 0),
            tokens_cached=read,
            tokens_out=count(usage, "output_tokens"),
            seconds=seconds,
            tokens_written=written,
            varied=varied,
        )

    def _varied(self, again: int) -> dict[str, Parameter]:
        """Vary the temperature only where one was given: without, it is the highest already."""
        return super()._varied(again) if "temperature" in self._sampling else {}

    def _open(self, key: str, connect: float) -> Any:
        import anthropic

        return anthropic.AsyncAnthropic(
            api_key=key,
            base_url=self.base_url.removesuffix("/").removesuffix("/v1"),
            timeout=anthropic.Timeout(self.timeout, connect=connect),
            max_retries=0,
            default_headers=self._headers,
            http_client=anthropic.DefaultAsyncHttpxClient(verify=self._certificates),
        )

    def _failures(self) -> Any:
        from vlm4rec.grounding.providers import anthropic_failures

        return anthropic_failures


def _structure(way: Way) -> dict[str, object]:
    if way.name == "schema":
        return {"output_config": {"format": {"type": "json_schema", "schema": strict_schema()}}}
    if way.name == "tool":
        tool = {
            "name": _TOOL,
            "description": "Keep the description of the photo.",
            "input_schema": strict_schema(),
        }
        return {"tools": [tool], "tool_choice": {"type": "tool", "name": _TOOL}}
    return {}


def _text(blocks: list[object]) -> str:
    """Return what the model wrote: what it gave the tool, else its text; never its thoughts."""
    for block in blocks:
        if string(block, "type") == "tool_use" and isinstance(block, dict):
            return json.dumps(block.get("input"), ensure_ascii=False)
    return "".join(string(block, "text") for block in blocks if string(block, "type") == "text")
