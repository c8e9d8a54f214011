"""What a model server asks and answers in the words of OpenAI's API, and of Anthropic's."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["APIS", "GOOD", "Api", "Question", "Usage", "completion", "description"]

GOOD = "good"


class Usage(NamedTuple):
    """The tokens of one answer; those read from the cache and written to it are of the prompt."""

    tokens_in: int = 100
    tokens_cached: int = 10
    tokens_written: int = 0
    tokens_out: int = 20


class Question(NamedTuple):
    """What of a request the server looks at."""

    text: str
    jpeg: bytes


class Said(NamedTuple):
    """What the model says and how that ends, in OpenAI's words."""

    content: str | None
    finish: str = "stop"
    refusal: str | None = None


@dataclass(frozen=True)
class Api:
    """How one API asks, answers, refuses, and asks for structure."""

    name: str
    read: Callable[[dict[str, Any]], Question]
    answer: Callable[[Said, Usage, str, dict[str, Any]], Any]
    refuse: Callable[[str, int, str], Any]
    schema: str
    odd: Any
    late: Any


def description(number: int) -> str:
    return f"Photo number {number}: a plain test card, made for trying out the grounding of photos."


def good(number: int) -> str:
    return json.dumps(
        {
            "category": "test card",
            "colors": ["red", "green"],
            "materials": [],
            "pattern": "solid",
            "style": ["plain"],
            "occasion": ["testing"],
            "audience": "",
            "description": description(number),
        }
    )


def said(mood: str, number: int) -> Said:
    """Return what the model says; for a mood of the wire alone that is a good answer."""
    text = good(number)
    return {
        "fenced": Said(f"Here you are:\n```json\n{text}\n```\nAnything else?"),
        "prose": Said(description(number)),
        "refusal": Said(None, refusal="I can't help with that."),
        "filter": Said("", "content_filter"),
        "schema": Said('{"colour": "red", "text": "A card."}'),
        "length": Said(text[:60], "length"),
        "empty": Said(""),
    }.get(mood, Said(text))


def completion(
    content: str | None, finish: str = "stop", refusal: str | None = None, id_: str = "chatcmpl-1"
) -> Any:
    """Return a body of OpenAI's API with the usual usage."""
    return _chat_answer(Said(content, finish, refusal), Usage(), id_, {})


def _chat_read(body: dict[str, Any]) -> Question:
    text, photo = body["messages"][0]["content"]
    head, _, data = photo["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    return Question(text["text"], _decoded(data))


def _chat_answer(said: Said, usage: Usage, id_: str, body: dict[str, Any]) -> Any:
    message = {"role": "assistant", "content": said.content, "refusal": said.refusal}
    return {
        "id": id_,
        "object": "chat.completion",
        "created": 1,
        "model": "test-model-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": said.finish}],
        "usage": {
            "prompt_tokens": usage.tokens_in,
            "completion_tokens": usage.tokens_out,
            "total_tokens": usage.tokens_in + usage.tokens_out,
            "prompt_tokens_details": {"cached_tokens": usage.tokens_cached},
        },
    }


def _chat_refuse(message: str, _status: int, code: str) -> Any:
    return {"error": {"message": message, "type": "error", "code": code or "refused"}}


_ENDS = {"length": "max_tokens", "content_filter": "refusal"}
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def _messages_read(body: dict[str, Any]) -> Question:
    assert isinstance(body["max_tokens"], int)
    photo, text = body["messages"][0]["content"]
    source = photo["source"]
    assert (source["type"], source["media_type"]) == ("base64", "image/jpeg")
    return Question(text["text"], _decoded(source["data"]))


def _messages_answer(said: Said, usage: Usage, id_: str, body: dict[str, Any]) -> Any:
    end = "refusal" if said.refusal else _ENDS.get(said.finish, "end_turn")
    text = {"type": "text", "text": said.content or ""}
    content: list[Any] = [text] if said.content else []
    if "tool_choice" in body and end == "end_turn":
        name = body["tool_choice"]["name"]
        content = [{"type": "tool_use", "id": "toolu_1", "name": name, "input": _object(text)}]
        end = "tool_use"
    fresh = usage.tokens_in - usage.tokens_cached - usage.tokens_written
    return {
        "id": id_,
        "type": "message",
        "role": "assistant",
        "model": "test-model-2026",
        "content": content,
        "stop_reason": end,
        "stop_sequence": None,
        "usage": {
            "input_tokens": fresh,
            "cache_read_input_tokens": usage.tokens_cached,
            "cache_creation_input_tokens": usage.tokens_written,
            "output_tokens": usage.tokens_out,
        },
    }


def _object(text: dict[str, str]) -> Any:
    try:
        return json.loads(text["text"])
    except ValueError:
        return {}


def _messages_refuse(message: str, status: int, code: str) -> Any:
    kind = code or _KINDS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise AssertionError("the photo is not base64") from error


APIS = {
    "/chat/completions": Api(
        "openai",
        _chat_read,
        _chat_answer,
        _chat_refuse,
        "response_format",
        {"choices": [{"message": {"content": 7}, "finish_reason": 1}], "usage": 3},
        {"error": {"message": "upstream is down", "code": 502}},
    ),
    "/messages": Api(
        "anthropic",
        _messages_read,
        _messages_answer,
        _messages_refuse,
        "output_config",
        {"content": [7, {"type": "text", "text": 7}], "stop_reason": 1, "usage": 3},
        {"type": "error", "error": {"type": "api_error", "message": "upstream is down"}},
    ),
}
"""From the end of a path to the API that is spoken there."""
