"""A model server with realistic latency and next to no cost of its own, for benchmarks.

It speaks ``/v1/chat/completions`` on loopback, in a process of its own. A body is counted and
thrown away; the answer is a valid grounding that differs from one request to the next, sent after
a wait drawn from a log-normal distribution. It ends when the process that started it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, cast

__all__ = ["MODEL", "serving"]

MODEL = "benchmark-vl"

_ASK, _COUNT, _MODELS = b"POST /v1/chat/completions", b"GET /count", b"GET /v1/models"
_COLOURS = ("red", "green", "blue", "black", "white", "brown", "grey", "pink")
_THINGS = ("dress", "boot", "lamp", "sofa", "jacket", "mug", "scarf", "watch")
_MOST_HEAD = 65_536


@contextlib.contextmanager
def serving(median: float = 0.1, sigma: float = 0.4, seed: int = 0) -> Iterator[str]:
    """Run the server while inside; give the address that ends in ``/v1``.

    Parameters
    ----------
    median, sigma
        Of the log-normal latency, in seconds; a median of 0 answers at once.
    seed
        Of the latencies.
    """
    command = [sys.executable, __file__, str(median), str(sigma), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        try:
            yield f"http://127.0.0.1:{int(stdout.readline())}/v1"
        finally:
            stdin.close()
            process.wait(10)


class _Connection(asyncio.Protocol):
    """Reads heads, counts bodies, answers; one request after the other, kept alive."""

    def __init__(self, server: _Server) -> None:
        self.server = server
        self.transport: asyncio.Transport
        self.head = bytearray()
        self.left = 0
        self.target = b""
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self.open = False

    def data_received(self, data: bytes) -> None:
        if self.left:
            self._take_body(len(data))
            return
        self.head += data
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            if len(self.head) > _MOST_HEAD:
                self.transport.abort()
            return
        body = len(self.head) - end - 4
        self._read_head(bytes(self.head[:end]))
        self.head.clear()
        self._take_body(body)

    def _read_head(self, head: bytes) -> None:
        self.target, _, fields = head.partition(b"\r\n")
        self.left = 0
        for line in fields.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                self.left = int(value)

    def _take_body(self, count: int) -> None:
        self.left -= count
        if self.left <= 0:  # a client waits for its answer before it sends the next request
            self.left = 0
            self.server.answer(self, self.target)

    def write(self, answer: bytes) -> None:
        if self.open:
            self.transport.write(answer)


class _Server:
    """Draws latencies and makes answers."""

    def __init__(self, median: float, sigma: float, seed: int) -> None:
        self.mean = math.log(median) if median > 0 else None
        self.sigma = sigma
        self.random = random.Random(seed)  # noqa: S311 - latencies are no secret
        self.numbers = itertools.count()
        self.asked = 0

    def answer(self, connection: _Connection, target: bytes) -> None:
        if target.startswith(_ASK):
            self.asked += 1
            if self.mean is None:
                connection.write(self._completion())
                return
            wait = self.random.lognormvariate(self.mean, self.sigma)
            loop = asyncio.get_running_loop()
            loop.call_later(wait, lambda: connection.write(self._completion()))
        elif target.startswith(_COUNT):
            connection.write(_response(b"%d" % self.asked))
        elif target.startswith(_MODELS):
            models = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
            connection.write(_response(json.dumps(models).encode()))
        else:
            connection.write(_response(b"{}", b"404 Not Found"))

    def _completion(self) -> bytes:
        number = next(self.numbers)
        text = json.dumps(_grounding(number)).replace("\\", "\\\\").replace('"', '\\"')
        return _response(
            b'{"id":"chatcmpl-%d","object":"chat.completion","created":1700000000,'
            b'"model":"%b","choices":[{"index":0,"finish_reason":"stop","message":'
            b'{"role":"assistant","content":"%b"}}],"usage":{"prompt_tokens":1105,'
            b'"completion_tokens":120,"total_tokens":1225,'
            b'"prompt_tokens_details":{"cached_tokens":64}}}'
            % (number, MODEL.encode(), text.encode())
        )


def _grounding(number: int) -> dict[str, object]:
    colour, other = _COLOURS[number % 8], _COLOURS[(number // 8 + 3) % 8]
    thing = _THINGS[number // 64 % 8]
    return {
        "category": thing,
        "colors": [colour, other],
        "materials": ["cotton", "leather"],
        "pattern": "solid",
        "style": ["casual", "modern"],
        "occasion": ["everyday", "travel"],
        "audience": "adults",
        "description": f"A {colour} {thing} with {other} details and the number {number} printed "
        "on its label. It has a smooth surface and clean lines. It suits everyday use and travel.",
    }


def _response(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


async def _serve(median: float, sigma: float, seed: int) -> None:
    loop = asyncio.get_running_loop()
    server = _Server(median, sigma, seed)
    listening = await loop.create_server(lambda: _Connection(server), "127.0.0.1", 0, backlog=1024)
    ended = asyncio.Event()
    loop.add_reader(0, lambda: None if os.read(0, 4096) else ended.set())
    print(listening.sockets[0].getsockname()[1], flush=True)
    await ended.wait()


def main() -> None:
    """Serve until standard input is closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("median", type=float, nargs="?", default=0.1)
    parser.add_argument("sigma", type=float, nargs="?", default=0.4)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    given = parser.parse_args()
    asyncio.run(_serve(given.median, given.sigma, given.seed))


if __name__ == "__main__":
    main()
