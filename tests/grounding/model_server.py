"""A model server on loopback that speaks OpenAI's chat API, and misbehaves as it is told."""

from __future__ import annotations

import base64
import io
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

__all__ = ["Asked", "ModelServer", "colour_of", "number_of"]

GOOD = "good"


def colour_of(number: int) -> tuple[int, int, int]:
    """Give each number up to 4,095 a colour that survives JPEG."""
    return (number % 16 * 16 + 8, number // 16 % 16 * 16 + 8, number // 256 * 16 + 8)


def number_of(photo: Image.Image) -> int:
    """Tell the number from the colour of the photo that the server got."""
    pixel = photo.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    red, green, blue = (int(value) // 16 for value in pixel)
    return red + 16 * green + 256 * blue


@dataclass
class Asked:
    """One request as the server got it."""

    number: int
    size: tuple[int, int]
    text: str
    body: dict[str, Any]
    headers: dict[str, str]
    mood: str
    answered: bool = False


@dataclass
class ModelServer:
    """Answers by ``mood(number of the photo, how often it was asked about before)``."""

    mood: Callable[[int, int], str] = lambda _number, _before: GOOD
    latency: float = 0.0
    stall: float = 3.0
    log: list[Asked] = field(default_factory=list)
    busiest: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self._before: Counter[int] = Counter()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answered(self) -> Counter[int]:
        """Count the good answers sent for each photo."""
        with self._lock:
            return Counter(asked.number for asked in self.log if asked.answered)

    def enter(self, body: dict[str, Any], headers: dict[str, str]) -> Asked:
        text, photo = body["messages"][0]["content"]
        head, _, data = photo["image_url"]["url"].partition(",")
        assert head == "data:image/jpeg;base64"
        image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        image.load()
        with self._lock:
            number = number_of(image)
            mood = self.mood(number, self._before[number])
            if mood == "no-format":
                mood = "400" if "response_format" in body else GOOD
            self._before[number] += 1
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            asked = Asked(number, image.size, text["text"], body, headers, mood)
            self.log.append(asked)
        time.sleep(self.latency)
        return asked

    def leave(self) -> None:
        with self._lock:
            self._busy -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, owner: ModelServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients of these tests hang up on purpose."""


def description(number: int) -> str:
    return f"Photo number {number}: a plain test card, made for trying out the grounding of photos."


def completion(content: str | None, finish: str = "stop", refusal: str | None = None) -> Any:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "test-model-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 10},
        },
    }


def _good(number: int) -> str:
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


def _content(mood: str, number: int) -> Any:
    """Return the body of an answer with status 200."""
    good = _good(number)
    return {
        GOOD: completion(good),
        "fenced": completion(f"Here you are:\n```json\n{good}\n```\nAnything else?"),
        "prose": completion(description(number)),
        "refusal": completion(None, refusal="I can't help with that."),
        "filter": completion("", finish="content_filter"),
        "schema": completion('{"colour": "red", "text": "A card."}'),
        "length": completion(good[:60], finish="length"),
        "empty": completion(""),
        "no-choices": {"error": {"message": "upstream is down", "code": 502}},
        "odd-types": {"choices": [{"message": {"content": 7}, "finish_reason": 1}], "usage": 3},
    }[mood]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = self.server.owner.enter(body, {k.lower(): v for k, v in self.headers.items()})
        try:
            self._answer(asked)
        finally:
            self.server.owner.leave()

    def _answer(self, asked: Asked) -> None:
        mood, _, argument = asked.mood.partition(" ")
        if mood.isdigit():
            self._refuse(int(mood), argument)
        elif mood == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            self.connection.close()
        elif mood == "not-json":
            self._send(200, b"<html>not what you want</html>")
        else:
            self._deliver(mood, asked)

    def _deliver(self, mood: str, asked: Asked) -> None:
        if mood == "stall":
            time.sleep(self.server.owner.stall)
        late = GOOD if mood in ("stall", "cut", "trickle") else mood
        content = json.dumps(_content(late, asked.number)).encode()
        if mood == "trickle":
            self._trickle(content)
        elif mood == "cut":
            self._send(200, content[: len(content) // 2], length=len(content))
            self.close_connection = True
        else:
            self._send(200, content)
            asked.answered = mood in (GOOD, "fenced", "prose")

    def _trickle(self, content: bytes) -> None:
        self._send(200, b"", length=len(content))
        for byte in content:
            time.sleep(0.05)
            self.wfile.write(bytes([byte]))

    def _refuse(self, status: int, retry_after: str) -> None:
        quoted = f"{self.headers['Authorization']} asked with {'QUJD' * 50}"
        error = {"message": f"No ({quoted}).", "type": "error", "code": "refused"}
        headers = {"Retry-After": retry_after} if retry_after else {}
        if retry_after == "insufficient_quota":
            error["code"], headers = retry_after, {}
        self._send(status, json.dumps({"error": error}).encode(), headers=headers)

    def _send(
        self,
        status: int,
        content: bytes,
        *,
        length: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
