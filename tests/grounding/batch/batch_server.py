"""A server on loopback that speaks both batch APIs, and misbehaves as it is told."""

from __future__ import annotations

import json
import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .batch_bodies import (
    anthropic_batch,
    anthropic_line,
    completion,
    message,
    openai_batch,
    openai_lines,
    photo_in,
)

__all__ = ["BatchServer", "Submitted"]


@dataclass
class Submitted:
    """A batch as the server has it."""

    id: str
    provider: str
    fate: str
    requests: list[tuple[str, int, dict[str, Any]]]
    metadata: dict[str, str] | None = None
    created: float = field(default_factory=time.time)
    looks: int = 0
    outputs: tuple[list[bytes], list[bytes]] = field(default_factory=lambda: ([], []))
    moods: Counter[str] = field(default_factory=Counter)

    @property
    def keys(self) -> list[str]:
        return [key for key, _, _ in self.requests]


@dataclass
class BatchServer:
    """Works on a batch for so many ``looks`` at it, then gives results.

    ``fault(what, times)`` says what goes wrong with a call: ``what`` is ``"ask"``,
    ``"upload"``, ``"create"``, ``"state"``, ``"list"``, ``"download"`` or ``"cancel"``, and
    ``times`` how often it was called before. ``"429 7"`` and other numbers are a status with
    Retry-After, ``"reset"`` cuts the connection; ``"after 500"`` and ``"after reset"`` do it
    when the work is done already. A download can be ``"cut"``, or ``"short"``, which looks
    whole.
    ``mood(number, before)`` says what becomes of one request, by the number of the photo, and
    ``fate(batches, size)`` what becomes of a batch, by how many there were before and how many
    requests it has. A request that is asked at once and has the field ``refuses`` is refused.
    """

    fault: Callable[[str, int], str] = lambda _what, _times: ""
    mood: Callable[[int, int], str] = lambda _number, _before: "good"
    fate: Callable[[int, int], str] = lambda _batches, _size: "ended"
    looks: int = 1
    held: bool = False
    twice: bool = False
    delay: float = 0.0
    page: int = 100
    refuses: str = ""
    batches: list[Submitted] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.before: Counter[int] = Counter()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def url(self, provider: str) -> str:
        port = self._server.server_address[1]
        return f"http://127.0.0.1:{port}" + ("/v1" if provider == "openai" else "")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def submitted(self) -> Counter[int]:
        """Count how often each photo was submitted in a batch that was worked on."""
        worked = [batch for batch in self.batches if batch.fate not in ("failed", "crowded")]
        return Counter(number for batch in worked for _, number, _ in batch.requests)

    def texts(self) -> list[str]:
        """Return the question of each request that came, in order."""
        return [json.dumps(body) for batch in self.batches for _, _, body in batch.requests]

    def create(
        self, provider: str, lines: list[tuple[str, dict[str, Any]]], metadata: Any = None
    ) -> Submitted:
        with self.lock:
            number = len(self.batches)
            requests = [(key, photo_in(body), body) for key, body in lines]
            fate = self.fate(number, len(lines))
            batch = Submitted(f"batch_{number}", provider, fate, requests, metadata)
            assert len(set(batch.keys)) == len(batch.keys), "the same custom_id twice"
            self.batches.append(batch)
            if fate not in ("failed", "crowded"):
                self._work(batch)
            return batch

    def _work(self, batch: Submitted) -> None:
        """Decide what becomes of each request."""
        answers: list[bytes] = []
        errors: list[bytes] = []
        for key, number, _ in batch.requests:
            mood = self.mood(number, self.before[number])
            self.before[number] += 1
            batch.moods[mood] += 1
            if batch.provider == "openai":
                good, bad = openai_lines(key, number, mood)
                answers += good
                errors += bad
            else:
                answers += anthropic_line(key, number, mood)
        again = 2 if self.twice else 1
        random.Random(len(self.batches)).shuffle(answers)
        batch.outputs = answers * again, errors * again

    def look(self, id_: str) -> Submitted | None:
        with self.lock:
            batch = next((one for one in self.batches if one.id == id_), None)
            if batch is not None:
                batch.looks += 1
            return batch

    def over(self, batch: Submitted) -> bool:
        return batch.looks > self.looks and not self.held

    def download(self, batch: Submitted, which: int) -> bytes:
        return b"".join(line + b"\n" for line in batch.outputs[which])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, owner: BatchServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients of these tests hang up on purpose."""


_ROUTES = [
    ("POST", r"/v1/(chat/completions|messages)", "ask"),
    ("POST", r"/v1/files", "upload"),
    ("GET", r"/v1/files/([^/]+)/content", "download"),
    ("POST", r"/v1(?:/messages)?/batches", "create"),
    ("GET", r"/v1(?:/messages)?/batches", "list"),
    ("POST", r"/v1(?:/messages)?/batches/([^/]+)/cancel", "cancel"),
    ("GET", r"/v1(?:/messages)?/batches/([^/]+)", "state"),
    ("GET", r"/v1/messages/batches/([^/]+)/results", "download"),
]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve("GET", b"")

    def do_POST(self) -> None:
        self._serve("POST", self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, method: str, body: bytes) -> None:
        owner, path = self.server.owner, urlsplit(self.path).path
        self.provider = "anthropic" if "/messages" in path else "openai"
        match, what = next(
            (found, name)
            for verb, pattern, name in _ROUTES
            if verb == method and (found := re.fullmatch(pattern, path))
        )
        with owner.lock:
            owner.headers.append({k.lower(): v for k, v in self.headers.items()})
            fault = owner.fault(what, owner.calls[what])
            owner.calls[what] += 1
        after = fault.startswith("after ")
        if fault and not after and fault not in ("cut", "short"):
            self._fail(fault)
            return
        time.sleep(owner.delay)
        status, answer = getattr(self, f"_{what}")(match, body)
        time.sleep(owner.delay)
        if after:
            self._fail(fault.removeprefix("after "))
        else:
            self._answer(status, answer, fault)

    def _ask(self, _match: object, body: bytes) -> tuple[int, Any]:
        owner, fields = self.server.owner, json.loads(body)
        number = photo_in(fields)
        with owner.lock:
            owner.asked.append(fields)
            mood = owner.mood(number, owner.before[number])
            owner.before[number] += 1
        refused = owner.refuses and owner.refuses in fields
        if refused or mood == "bad":
            said = {"type": "invalid_request_error", "message": f"No {owner.refuses}: unsupported"}
            return 400, {"type": "error", "error": said}
        if self.provider == "anthropic":
            return 200, message(number, mood)
        return 200, completion(number, mood)

    def _upload(self, _match: object, body: bytes) -> tuple[int, Any]:
        boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
        parts = body.split(b"--" + boundary)
        assert any(b'name="purpose"' in part and b"batch" in part for part in parts)
        content = next(part for part in parts if b'name="file"' in part)
        with self.server.owner.lock:
            id_ = f"file-{len(self.server.owner.files)}"
            self.server.owner.files[id_] = content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        file = {"id": id_, "object": "file", "bytes": 1, "created_at": 1, "filename": "b"}
        return 200, file | {"purpose": "batch", "status": "processed"}

    def _create(self, _match: object, body: bytes) -> tuple[int, Any]:
        owner, fields = self.server.owner, json.loads(body)
        if self.provider == "anthropic":
            lines = [(one["custom_id"], one["params"]) for one in fields["requests"]]
            return 200, self._shown(owner.create("anthropic", lines))
        assert fields["endpoint"] == "/v1/chat/completions"
        assert fields["completion_window"] == "24h"
        given = [json.loads(line) for line in owner.files[fields["input_file_id"]].splitlines()]
        assert all((one["method"], one["url"]) == ("POST", fields["endpoint"]) for one in given)
        lines = [(one["custom_id"], one["body"]) for one in given]
        return 200, self._shown(owner.create("openai", lines, fields.get("metadata")))

    def _state(self, match: re.Match[str], _body: bytes) -> tuple[int, Any]:
        batch = self.server.owner.look(match[1])
        if batch is None:
            return 404, {"error": {"message": "No such batch", "type": "not_found_error"}}
        return 200, self._shown(batch)

    def _list(self, _match: object, _body: bytes) -> tuple[int, Any]:
        query = parse_qs(urlsplit(self.path).query)
        owner = self.server.owner
        with owner.lock:
            ours = [one for one in reversed(owner.batches) if one.provider == self.provider]
        after = (query.get("after") or query.get("after_id") or [""])[0]
        start = next((n + 1 for n, one in enumerate(ours) if one.id == after), 0)
        page = ours[start : start + owner.page]
        listed: dict[str, Any] = {"data": [self._shown(one) for one in page], "object": "list"}
        listed["has_more"] = start + owner.page < len(ours)
        if page:
            listed |= {"first_id": page[0].id, "last_id": page[-1].id}
        return 200, listed

    def _cancel(self, match: re.Match[str], _body: bytes) -> tuple[int, Any]:
        batch = self.server.owner.look(match[1])
        assert batch is not None
        batch.fate = "cancelled"
        return 200, self._shown(batch)

    def _download(self, match: re.Match[str], _body: bytes) -> tuple[int, Any]:
        owner = self.server.owner
        name, _, which = match[1].partition(".")
        batch = next(one for one in owner.batches if one.id == name)
        assert owner.over(batch)
        return 200, owner.download(batch, 1 if which == "errors" else 0)

    def _shown(self, batch: Submitted) -> dict[str, Any]:
        over = self.server.owner.over(batch)
        if batch.provider == "openai":
            return openai_batch(batch, over=over)
        when = datetime.fromtimestamp(batch.created, UTC).isoformat()
        url = self.server.owner.url("anthropic")
        return anthropic_batch(batch, over=over, when=when, url=url)

    def _fail(self, fault: str) -> None:
        status, _, argument = fault.partition(" ")
        if status == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            self.connection.close()
            return
        quoted = f"{self.headers.get('Authorization')} {self.headers.get('x-api-key')}"
        error = {"message": f"No ({quoted}).", "type": "api_error", "code": "refused"}
        content = json.dumps({"type": "error", "error": error}).encode()
        self._send(int(status), content, {"Retry-After": argument} if argument else {})

    def _answer(self, status: int, answer: Any, fault: str) -> None:
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if fault == "short":
            content = b"".join(content.splitlines(keepends=True)[::2])
        if fault == "cut":
            self._send(status, content[: len(content) // 2], length=len(content))
            self.close_connection = True
        else:
            self._send(status, content)

    def _send(
        self,
        status: int,
        content: bytes,
        headers: dict[str, str] | None = None,
        length: int | None = None,
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
