"""Model servers that run on this machine: found by asking the ports that they take by default."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

__all__ = ["PORTS", "Served", "find_servers", "sees"]

PORTS = {8000: "vLLM", 30000: "SGLang", 11434: "Ollama", 8080: "llama.cpp", 1234: "LM Studio"}
"""From a port to the server that takes it by default."""

_DEADLINE = 0.4
"""Seconds that all servers together have to answer: they are on this machine."""

_MOST = 1_000_000
"""Bytes of an answer that are read."""

_LONGEST = 200
"""Characters of a model's name."""

_SEEING = (
    r"vlm?(?![a-z])",  # Qwen-VL, InternVL, SmolVLM, but not vLLM
    r"vision",
    r"llava",
    r"pixtral",
    r"moondream",
    r"minicpm-?[ov](?![a-z])",
    r"gemma-?[34](?![^/]*(?:270m|[^0-9.]1b))",  # the smallest of Gemma 3 only read
    r"llama-?4",
    r"glm-?4(?:\.\d)?v",
    r"mistral-small-?3\.[12]",
    r"phi-?4-multimodal",
    r"idefics",
    r"molmo",
    r"multimodal",
    r"omni",
)
"""Parts of the names of models that take pictures."""

_SEES = re.compile("|".join(_SEEING))
_NO_WRITER = re.compile(r"embed|rerank|bge-|whisper|tts|minilm")
_CAPABILITIES = {"vision", "multimodal"}


@dataclass(frozen=True, slots=True)
class Served:
    """What a server on this machine offers.

    Parameters
    ----------
    server
        Which one it seems to be, by its port.
    port
        Where it listens.
    models
        Its models, by the names that it knows them by, in its order; those that only embed or
        listen are left out.
    seeing
        Those of them that are known to take pictures.
    locked
        Whether it lists its models only to those with a key.
    """

    server: str
    port: int
    models: tuple[str, ...] = ()
    seeing: tuple[str, ...] = ()
    locked: bool = False

    @property
    def base_url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}/v1"


def sees(model: str) -> bool:
    """Tell by its name whether a model takes pictures.

    >>> [sees(name) for name in ("qwen2.5vl:7b", "gemma3:4b", "gemma3:1b", "llama3.2:3b")]
    [True, True, False, False]
    """
    return bool(_SEES.search(model.casefold()))


def find_servers(
    ports: Iterable[int] = tuple(PORTS), *, deadline: float = _DEADLINE
) -> list[Served]:
    """Ask which model servers answer on this machine's loopback address, all at once.

    They are asked for their models, by plain HTTP and without any key. Whatever does not answer
    in time, or not like such a server, is passed over. No redirect is followed, no proxy used.

    Parameters
    ----------
    ports
        Where to ask.
    deadline
        Seconds after which nobody is waited for any more.
    """
    asked = list(dict.fromkeys(ports))
    with ThreadPoolExecutor(1) as pool:  # there may be an event loop in this thread, in a notebook
        answers = pool.submit(lambda: asyncio.run(_ask_all(asked, deadline))).result()
    found = (_served(port, answer) for port, answer in zip(asked, answers, strict=True))
    return [served for served in found if served]


async def _ask_all(ports: Sequence[int], deadline: float) -> list[bytes]:
    return await asyncio.gather(*(_ask(port, deadline) for port in ports))


async def _ask(port: int, deadline: float) -> bytes:
    """Return what came until the deadline, or the end of the answer."""
    held = bytearray()
    writer: asyncio.StreamWriter | None = None
    try:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(deadline):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(_request(port))
                while len(held) < _MOST and (chunk := await reader.read(65_536)):
                    held += chunk
    finally:
        if writer is not None:
            writer.transport.abort()
    return bytes(held)


def _request(port: int) -> bytes:
    # In HTTP/1.0 the end of the connection is the end of the answer.
    return f"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()


class _Held:
    """Bytes that came, in the shape that the library's parser reads from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def _served(port: int, answer: bytes) -> Served | None:
    server = PORTS.get(port, "a server")
    try:
        response = http.client.HTTPResponse(cast("Any", _Held(answer)))
        response.begin()
        if response.status in (401, 403):
            return Served(server, port, locked=True)
        listed = json.loads(response.read()) if response.status == 200 else None
    except (http.client.HTTPException, ValueError, RecursionError):
        return None
    models = _models(listed)
    return Served(server, port, tuple(models), tuple(n for n, seen in models.items() if seen))


def _models(listed: object) -> dict[str, bool]:
    """Return the models of an answer, and of each whether it sees."""
    found: dict[str, bool] = {}
    # llama.cpp tells what a model can do only in a list of its own.
    for entry in (*_entries(listed, "data"), *_entries(listed, "models")):
        name = entry.get("id") or entry.get("name")
        if isinstance(name, str) and _usable(name):
            found[name] = found.get(name, False) or sees(name) or _said_to_see(entry)
    return found


def _entries(listed: object, field: str) -> list[dict[str, Any]]:
    entries = listed.get(field) if isinstance(listed, dict) else None
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []


def _usable(name: str) -> bool:
    fits = 0 < len(name) <= _LONGEST and name.isprintable()
    return fits and not _NO_WRITER.search(name.casefold())


def _said_to_see(entry: dict[str, Any]) -> bool:
    said = entry.get("capabilities")
    return isinstance(said, list) and any(
        word in _CAPABILITIES for word in said if isinstance(word, str)
    )
