"""What the two batch APIs say: batches, and the lines of their results."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

from PIL import Image

from ..model_server import number_of

if TYPE_CHECKING:
    from .batch_server import Submitted

__all__ = [
    "anthropic_batch",
    "anthropic_line",
    "completion",
    "message",
    "openai_batch",
    "openai_lines",
    "photo_in",
]

TOKENS = (100, 20)


def photo_in(body: dict[str, Any]) -> int:
    """Tell the number of the photo in a request of either API."""
    for part in body["messages"][0]["content"]:
        if part["type"] == "image_url":
            data = part["image_url"]["url"].partition(",")[2]
        elif part["type"] == "image":
            data = part["source"]["data"]
        else:
            continue
        image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        return number_of(image)
    raise AssertionError


def good(number: int) -> dict[str, Any]:
    return {
        "category": "test card",
        "colors": ["red", "green"],
        "materials": [],
        "pattern": "solid",
        "style": ["plain"],
        "occasion": ["testing"],
        "audience": "",
        "description": f"Photo number {number}: a plain test card, with a \u2028 and a \x85 in it.",
    }


def openai_batch(batch: Submitted, *, over: bool) -> dict[str, Any]:
    refused = batch.fate in ("failed", "crowded")
    status = {"ended": "completed", "crowded": "failed"}.get(batch.fate, batch.fate)
    failed = batch.moods["error"] + batch.moods["bad"] + batch.moods["expired"]
    silent = batch.moods["missing"] + batch.moods["garbled"]
    done = sum(batch.moods.values()) - failed - silent
    code = "token_limit_exceeded" if batch.fate == "crowded" else "invalid_json_line"
    counts = {"total": len(batch.requests), "completed": 0, "failed": 0}
    errors = {"data": [{"code": code, "message": "This can't be done.", "line": 7}]}
    shown: dict[str, Any] = {
        "id": batch.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        "input_file_id": "file-x",
        "created_at": int(batch.created),
        "metadata": batch.metadata,
        "status": status if over else "in_progress",
        "request_counts": counts,
    }
    if over and refused:
        shown["errors"] = errors
    elif over:
        counts |= {"completed": done, "failed": failed}
        if batch.outputs[0]:
            shown["output_file_id"] = f"{batch.id}.answers"
        if batch.outputs[1]:
            shown["error_file_id"] = f"{batch.id}.errors"
    return shown


def openai_lines(key: str, number: int, mood: str) -> tuple[list[bytes], list[bytes]]:
    """Return the lines in the file of answers and in that of errors."""
    if mood == "missing":
        return [], []
    if mood == "garbled":
        return [b'{"custom_id": "' + key.encode() + b'", "response": {"status_c'], []
    line: dict[str, Any] = {"id": "x", "custom_id": key, "error": None, "response": None}
    refused = {"bad": 400, "error": 500}.get(mood)
    if mood in ("expired", "cancelled"):
        line["error"] = {"code": f"batch_{mood}", "message": "There was no time for it."}
        return [], [_json(line)]
    if refused:
        body = {"error": {"message": "It can't be read.", "type": "x"}}
        line["response"] = {"status_code": refused, "request_id": "r", "body": body}
        return [], [_json(line)]
    line["response"] = {"status_code": 200, "request_id": "r", "body": completion(number, mood)}
    return [_json(line)], []


def completion(number: int, mood: str) -> dict[str, Any]:
    text = "Sorry." if mood == "poor" else json.dumps(good(number))
    said = {"role": "assistant", "content": text, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "test-model-2026",
        "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": TOKENS[0],
            "completion_tokens": TOKENS[1],
            "total_tokens": sum(TOKENS),
            "prompt_tokens_details": {"cached_tokens": 10},
        },
    }


def anthropic_batch(batch: Submitted, *, over: bool, when: str, url: str) -> dict[str, Any]:
    names = {"error": "errored", "bad": "errored", "expired": "expired", "cancelled": "canceled"}
    counts = dict.fromkeys(("succeeded", "errored", "expired", "canceled", "processing"), 0)
    for mood, many in batch.moods.items():
        counts[names.get(mood, "succeeded") if over else "processing"] += many
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": "ended" if over else "in_progress",
        "request_counts": counts,
        "created_at": when,
        "expires_at": when,
        "ended_at": when if over else None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": f"{url}/v1/messages/batches/{batch.id}/results" if over else None,
    }


def anthropic_line(key: str, number: int, mood: str) -> list[bytes]:
    if mood == "missing":
        return []
    result: dict[str, Any]
    if mood in ("error", "bad"):
        kind = "invalid_request_error" if mood == "bad" else "api_error"
        error = {"type": "error", "error": {"type": kind, "message": "It can't be read."}}
        result = {"type": "errored", "error": error}
    elif mood in ("expired", "cancelled"):
        result = {"type": "canceled" if mood == "cancelled" else mood}
    else:
        result = {"type": "succeeded", "message": message(number, mood)}
    return [_json({"custom_id": key, "result": result})]


def message(number: int, mood: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": json.dumps(good(number))}]
    if mood == "poor":
        content = [{"type": "text", "text": "Sorry."}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "test-model-2026",
        "content": content,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": TOKENS[0], "output_tokens": TOKENS[1]},
    }


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
