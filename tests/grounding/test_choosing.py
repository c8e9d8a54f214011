from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import DataError
from vlm4rec.grounding.providers import local_servers
from vlm4rec.grounding.providers.choosing import (
    KEYS,
    LOCAL_MODELS,
    WAYS_IN,
    Found,
    choose_lvlm,
    find_lvlms,
)
from vlm4rec.grounding.providers.local_servers import Served, find_servers, sees
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.registry import lvlm_from_spec

from .conftest import SENTINEL


@dataclass
class Canned:
    """A server on loopback that answers every request with the same bytes."""

    answer: bytes
    hold: bool = False
    asked: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        while not self._over.is_set():
            connection, _ = self._socket.accept()
            with connection:
                self.asked.append(connection.recv(65_536))
                try:
                    connection.sendall(self.answer)
                except OSError:
                    continue
                if self.hold:
                    self._over.wait(5)

    def close(self) -> None:
        self._over.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            pass
        self._thread.join()
        self._socket.close()


Serve = Callable[..., Canned]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Canned] = []

    def start(answer: bytes | dict[str, object] | list[str], *, hold: bool = False) -> Canned:
        if isinstance(answer, list):
            answer = {"object": "list", "data": [{"id": name} for name in answer]}
        if isinstance(answer, dict):
            answer = http(json.dumps(answer).encode())
        servers.append(Canned(answer, hold))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty cache of the hub, so that this machine's is not looked into."""
    return tmp_path / "hub"


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let modules look as if they were not installed."""
    real = importlib.util.find_spec

    def lack(*names: str) -> None:
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name in names else real(name)
        )

    return lack


def http(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more])
    return f"{head}\r\n\r\n".encode() + body


def keep(cache: Path, model: str, *names: str) -> None:
    """Put files of a model where the hub's cache has them."""
    folder = cache / f"models--{model.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    for name in names:
        path = folder / "snapshots" / "abc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})
        )


def test_a_key_opens_a_small_model_that_sees(cache: Path) -> None:
    for key in KEYS:
        (found,) = find_lvlms({key.variable: SENTINEL}, ports=(), cache=cache)
        assert found == Found(key.spec, key.base_url, f"{key.variable} is set.")
    assert not find_lvlms({key.variable: "  " for key in KEYS}, ports=(), cache=cache)


def test_what_was_found_can_be_made() -> None:
    for key in KEYS:
        if key.extra == "openai":
            lvlm = lvlm_from_spec(key.spec, base_url=key.base_url)
            assert isinstance(lvlm, OpenAILVLM)
            assert lvlm.model == key.spec.partition(":")[2]


def test_no_key_is_told(cache: Path, lacking: Callable[..., None]) -> None:
    lacking("openai", "anthropic")
    environ = {key.variable: SENTINEL for key in KEYS}
    environ["OPENAI_BASE_URL"] = f"http://user:{SENTINEL}@127.0.0.1:1/v1"
    with pytest.raises(DataError) as caught:
        choose_lvlm(environ, ports=(), cache=cache)
    assert SENTINEL not in str(caught.value)
    assert "ANTHROPIC_API_KEY is set, but: pip install 'vlm4rec[anthropic]'" in str(caught.value)


def test_with_nothing_there_the_ways_in_are_listed(cache: Path) -> None:
    with pytest.raises(DataError) as caught:
        choose_lvlm({}, ports=(), cache=cache)
    lines = caught.value.remedy.splitlines()
    assert lines[1:] == [f"  - {way}" for way in WAYS_IN]
    assert all(len(line) <= 110 for line in lines)
    assert not any("\n" in way for way in WAYS_IN)


def test_a_server_on_this_machine_comes_before_keys_and_weights(serve: Serve, cache: Path) -> None:
    server = serve(["llama3.2:3b", "qwen2.5vl:7b", "llava:13b"])
    keep(cache, LOCAL_MODELS[2], "config.json", "model.safetensors")
    environ = {"GEMINI_API_KEY": SENTINEL, "ANTHROPIC_API_KEY": SENTINEL}
    found = find_lvlms(environ, ports=(server.port,), cache=cache)
    assert [each.spec for each in found] == [
        "openai:qwen2.5vl:7b",
        "anthropic:claude-haiku-4-5",
        "openai:gemini-2.5-flash",
        f"transformers:{LOCAL_MODELS[2]}",
    ]
    assert found[0].base_url == f"http://127.0.0.1:{server.port}/v1"
    assert found[0].why.endswith("of its 2 models that take pictures this is the first.")
    assert choose_lvlm(environ, ports=(server.port,), cache=cache) == found[0]
    assert SENTINEL.encode() not in b"".join(server.asked)


def test_a_single_model_of_which_nothing_is_known_comes_last(serve: Serve, cache: Path) -> None:
    server = serve(["nomic-embed-text", "some-model"])
    environ = {"OPENAI_API_KEY": SENTINEL}
    first, last = find_lvlms(environ, ports=(server.port,), cache=cache)
    assert first.spec == "openai:gpt-4.1-mini"
    assert last.spec == "openai:some-model"
    assert "whether its only model takes pictures is not known" in last.why


def test_a_server_without_a_model_that_sees_is_told_of(serve: Serve, cache: Path) -> None:
    port = serve(["llama3.2", "mistral"]).port
    with pytest.raises(DataError, match="has 2 models, none of them known to see"):
        choose_lvlm({}, ports=(port,), cache=cache)
    port = serve(["nomic-embed-text"]).port
    with pytest.raises(DataError, match="names no model that could write"):
        choose_lvlm({}, ports=(port,), cache=cache)


def test_a_server_that_wants_a_key_gets_none(serve: Serve, cache: Path) -> None:
    server = serve(http(b'{"error": "unauthorized"}', "401 Unauthorized"))
    missed: list[str] = []
    environ = {"OPENAI_API_KEY": SENTINEL}
    (found,) = find_lvlms(environ, ports=(server.port,), cache=cache, missed=missed.append)
    assert found.spec == "openai:gpt-4.1-mini"
    assert "wants a key: name its model with --lvlm and --base-url" in missed[0]
    assert b"uthorization" not in b"".join(server.asked)


def test_a_server_needs_the_client(serve: Serve, cache: Path, lacking: Callable[..., None]) -> None:
    lacking("openai")
    port = serve(["llava"]).port
    with pytest.raises(DataError, match=r"needs the client: pip install 'vlm4rec\[openai\]'"):
        choose_lvlm({}, ports=(port,), cache=cache)


def test_the_server_of_the_environment_is_asked_first(serve: Serve, cache: Path) -> None:
    named, other = serve(["llava"]), serve(["pixtral"])
    address = f"http://localhost:{named.port}/v1"
    environ = {"OPENAI_BASE_URL": address, "OPENAI_API_KEY": SENTINEL}
    first, second = find_lvlms(environ, ports=(other.port,), cache=cache)
    assert (first.spec, first.base_url) == ("openai:llava", None)
    assert second.spec == "openai:pixtral"


@pytest.mark.parametrize(
    "address",
    ["http://10.0.0.7:8000/v1", "https://host/v1", "nonsense", "http://[::1", "http://h:x"],
)
def test_a_key_for_a_server_elsewhere_names_no_model(address: str, cache: Path) -> None:
    missed: list[str] = []
    environ = {"OPENAI_API_KEY": SENTINEL, "OPENAI_BASE_URL": address}
    assert not find_lvlms(environ, ports=(), cache=cache, missed=missed.append)
    assert missed == ["OPENAI_BASE_URL is set to another server: name its model with --lvlm."]


@pytest.mark.parametrize("address", ["https://api.openai.com/v1", "https://eu.api.openai.com/v1"])
def test_openais_own_address_is_no_other_server(address: str, cache: Path) -> None:
    environ = {"OPENAI_API_KEY": SENTINEL, "OPENAI_BASE_URL": address}
    (found,) = find_lvlms(environ, ports=(), cache=cache)
    assert found.base_url is None


@pytest.mark.parametrize(
    ("names", "there"),
    [
        (["config.json", "model.safetensors"], True),
        (["config.json"], False),
        (["model.safetensors"], False),
        (["config.json", "model.safetensors.index.json", "one.safetensors"], False),
        (
            [
                *("config.json", "model.safetensors.index.json"),
                *("one.safetensors", "two.safetensors"),
            ],
            True,
        ),
    ],
)
def test_weights_count_when_they_are_whole(names: list[str], there: bool, tmp_path: Path) -> None:
    keep(tmp_path / "hub", LOCAL_MODELS[4], *names)
    for environ in ({"HF_HOME": str(tmp_path)}, {"HF_HUB_CACHE": str(tmp_path / "hub")}):
        found = find_lvlms(environ, ports=())
        assert [each.spec for each in found] == [f"transformers:{LOCAL_MODELS[4]}"] * there


def test_weights_need_the_library(cache: Path, lacking: Callable[..., None]) -> None:
    keep(cache, LOCAL_MODELS[0], "config.json", "model.safetensors")
    lacking("transformers")
    with pytest.raises(DataError, match=r"are here, but: pip install 'vlm4rec\[local\]'"):
        choose_lvlm({}, ports=(), cache=cache)


def test_choosing_loads_nothing_heavy(cache: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from vlm4rec.grounding.providers.choosing import find_lvlms\n"
        f"assert find_lvlms({{'OPENAI_API_KEY': 'k'}}, ports=(), cache=Path({str(cache)!r}))\n"
        "assert not {'openai', 'anthropic', 'torch', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n",
        http(b"<html>welcome</html>"),
        http(b"[1, 2]"),
        http(b'{"data": 7}'),
        http(b'{"data": [7, {"id": 8}, {"id": ""}, {"id": "llava\\u001b[31m"}]}'),
        http(b'{"data": [{"id": "' + b"llava" * 100 + b'"}]}'),
        http(b"[" * 100_000),
        http(b'{"data": [{"id": "llava"}]}', "500 Internal Server Error"),
        http(b'{"data": [{"id": "llava"}]}', "302 Found", "Location: http://127.0.0.1:1/v1/models"),
        http(b'{"data": [{"id": "llava"}]}', "200 OK", "Transfer-Encoding: chunked"),
        b"\xff" * 2_000_000,
    ],
)
def test_whatever_else_listens_is_passed_over(answer: bytes, serve: Serve, cache: Path) -> None:
    assert not find_lvlms({}, ports=(serve(answer).port,), cache=cache)


def test_a_server_that_stalls_holds_nobody_up(serve: Serve) -> None:
    silent = serve(b"HTTP/1.1 200 OK\r\n", hold=True)
    open_ended = serve(http(b'{"data": [{"id": "llava"}]}'), hold=True)
    closed = serve(["pixtral"])
    found = find_servers((silent.port, open_ended.port, closed.port), deadline=0.1)
    assert [each.seeing for each in found] == [("llava",), ("pixtral",)]


def test_servers_are_found_from_within_a_running_loop(serve: Serve) -> None:
    port = serve(["llava"]).port

    async def look() -> list[Served]:
        return find_servers([port])

    assert [each.port for each in asyncio.run(look())] == [port]


def test_llama_cpp_says_itself_what_its_model_can_do(serve: Serve) -> None:
    port = serve(
        {
            "models": [{"name": "m.gguf", "capabilities": ["completion", "multimodal"]}],
            "data": [{"id": "m.gguf", "object": "model"}],
        }
    ).port
    (found,) = find_servers([port])
    assert (found.models, found.seeing) == (("m.gguf",), ("m.gguf",))


@pytest.mark.parametrize(
    "name",
    [
        "Qwen/Qwen2-VL-7B-Instruct",
        "qwen3-vl:8b",
        "OpenGVLab/InternVL3-8B",
        "deepseek-ai/deepseek-vl2",
        "HuggingFaceTB/SmolVLM2-2.2B-Instruct",
        "llama3.2-vision:11b",
        "meta-llama/Llama-4-Scout-17B-16E",
        "google/gemma-3-12b-it",
        "gemma3",
        "gemma3:27b",
        "zai-org/GLM-4.5V",
        "openbmb/MiniCPM-V-2_6",
        "mistral-small3.1",
        "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
        "ibm-granite/granite-vision-3.3-2b",
        "moondream:latest",
        "bakllava",
    ],
)
def test_a_name_that_tells_of_sight(name: str) -> None:
    assert sees(name)


@pytest.mark.parametrize(
    "name",
    [
        *("llama3.2", "vllm-tuned", "mistral-small:24b", "qwen2.5:7b", "gemma2:9b", "glm-4-9b"),
        *("gemma3:1b", "google/gemma-3-270m-it", "gpt-oss:20b", "deepseek-r1", "phi4"),
    ],
)
def test_a_name_that_does_not(name: str) -> None:
    assert not sees(name)


_ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["vision", "m", "llava"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "models", "id", "name", "capabilities"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
_LISTED = _ANYTHING.map(lambda listed: json.dumps(listed).encode())


@given(
    st.binary(max_size=300) | _LISTED,
    st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 ", b"HTTP/1.0 404 No\r\n\r\n"]),
)
def test_no_answer_breaks_the_search(body: bytes, head: bytes) -> None:
    found = local_servers._served(8000, head + body)
    if found is None:
        return
    assert (found.server, found.port) == ("vLLM", 8000)
    assert set(found.seeing) <= set(found.models)
    assert all(name.isprintable() and 0 < len(name) <= 200 for name in found.models)
    assert b"404" not in head or found.models == ()
