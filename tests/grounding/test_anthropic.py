"""The official client of Anthropic against a server that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vlm4rec.errors import DataError, LVLMError, MissingExtraError, PhotoError
from vlm4rec.grounding.answers import parse_answer, read_answer
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt
from vlm4rec.grounding.providers import anthropic_failures
from vlm4rec.grounding.providers.anthropic import AnthropicLVLM
from vlm4rec.grounding.providers.failures import ErrorInAnswerError, Server
from vlm4rec.grounding.providers.structured import AGAIN, IN_WORDS, strict_schema
from vlm4rec.storage import file_hash

from .conftest import MakeRequests
from .model_server import ModelServer, Usage, description

KEY = "sk-ant-sentinel-81d2"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_URL", "AUTH_TOKEN", "CUSTOM_HEADERS", "PROFILE"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def ask(lvlm: AnthropicLVLM, *requests: GroundingRequest) -> list[LVLMAnswer]:
    async def one_after_the_other() -> list[LVLMAnswer]:
        try:
            return [await lvlm.ground(request) for request in requests]
        finally:
            await lvlm.close()

    return asyncio.run(one_after_the_other())


def test_the_server_gets_photo_prompt_and_schema(server: ModelServer, tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (2000, 1000), (200, 24, 8)).save(path)
    prompt = Prompt("t", 1, "Describe {title}.")
    request = GroundingRequest("a", str(path), file_hash(path), prompt, title="a boot")
    (answer,) = ask(AnthropicLVLM("claude-test", base_url=server.root, temperature=0.5), request)
    (asked,) = server.log
    assert asked.api == "anthropic"
    assert asked.text == "Describe a boot."
    assert KEY in asked.headers.get("authorization", "") + asked.headers.get("x-api-key", "")
    body = asked.body
    assert set(body) == {"model", "messages", "max_tokens", "temperature", "output_config"}
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("claude-test", 1024, 0.5)
    wanted = {"type": "json_schema", "schema": strict_schema()}
    assert body["output_config"] == {"format": wanted}
    source = body["messages"][0]["content"][0]["source"]
    sent = Image.open(io.BytesIO(base64.b64decode(source["data"])))
    assert (sent.format, sent.size) == ("JPEG", (768, 384))
    assert (answer.model, answer.finish_reason) == ("test-model-2026", "stop")
    assert answer.seconds is not None
    assert answer.seconds > 0
    assert dict(answer.varied) == {}


def test_the_prompt_is_counted_whole(server: ModelServer, make_requests: MakeRequests) -> None:
    server.usage = lambda _number, _before: Usage(900, 300, 200, 70)
    (answer,) = ask(AnthropicLVLM("m", base_url=server.root), *make_requests(1))
    assert (answer.tokens_in, answer.tokens_cached) == (900, 300)
    assert (answer.tokens_written, answer.tokens_out, answer.cost) == (200, 70, None)


def test_usage_that_is_not_told_is_not_made_up() -> None:
    text = [{"type": "text", "text": "A boot."}]
    lvlm = AnthropicLVLM("m")
    bare = lvlm.read({"content": text}, 0.1, {})
    assert (bare.tokens_in, bare.tokens_cached, bare.tokens_written) == (None, None, None)
    assert (bare.model, bare.finish_reason, bare.tokens_out) == ("m", None, None)
    partly = lvlm.read({"content": text, "usage": {"input_tokens": 5, "output_tokens": 2}}, 0.1, {})
    assert (partly.tokens_in, partly.tokens_cached, partly.tokens_out) == (5, None, 2)


@pytest.mark.parametrize(
    ("mood", "reason", "finish"),
    [
        ("refusal", "refused", "refusal"),
        ("filter", "refused", "refusal"),
        ("schema", "malformed", "stop"),
        ("length", "truncated", "length"),
        ("empty", "empty", "stop"),
        ("odd-types", "empty", None),
    ],
)
def test_an_answer_that_is_none(
    server: ModelServer,
    make_requests: MakeRequests,
    mood: str,
    reason: str,
    finish: str | None,
) -> None:
    server.mood = lambda _number, _before: mood
    (answer,) = ask(AnthropicLVLM("m", base_url=server.root), *make_requests(1))
    assert read_answer(answer).reason == reason
    assert answer.finish_reason == finish


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_how_an_answer_ended(stop: str, finish: str) -> None:
    body = {"content": [{"type": "text", "text": "A boot."}], "stop_reason": stop}
    assert AnthropicLVLM("m").read(body, 0.1, {}).finish_reason == finish


def test_thoughts_are_no_answer() -> None:
    content = [
        {"type": "thinking", "thinking": "Is it a boot?", "text": "hm"},
        {"type": "text", "text": '{"description": '},
        {"type": "text", "text": '"A boot."}'},
    ]
    answer = AnthropicLVLM("m").read({"content": content}, 0.1, {})
    assert parse_answer(answer.text).description == "A boot."


@pytest.mark.parametrize("mood", ["good", "fenced", "prose"])
def test_an_answer_in_another_form(
    server: ModelServer, make_requests: MakeRequests, mood: str
) -> None:
    server.mood = lambda _number, _before: mood
    (answer,) = ask(AnthropicLVLM("m", base_url=server.root), *make_requests(1))
    assert parse_answer(answer.text).description == description(0)


@pytest.mark.parametrize(
    ("mood", "used"), [("no-format", ["schema", "tool"]), ("no-tools", ["schema", "tool", "words"])]
)
def test_a_model_without_schemas_is_asked_by_the_next_means(
    server: ModelServer, make_requests: MakeRequests, mood: str, used: list[str]
) -> None:
    server.mood = lambda _number, _before: mood
    answers = ask(AnthropicLVLM("m", base_url=server.root), *make_requests(3))
    assert [parse_answer(answer.text).description for answer in answers] == [
        description(number) for number in range(3)
    ]
    assert {answer.finish_reason for answer in answers} == {"stop"}
    assert [_way(asked.body) for asked in server.log] == [*used, used[-1], used[-1]]
    last = server.log[-1]
    if used[-1] == "tool":
        (tool,) = last.body["tools"]
        assert tool["input_schema"] == strict_schema()
        assert last.body["tool_choice"] == {"type": "tool", "name": tool["name"]}
    assert (IN_WORDS in last.text) == (used[-1] == "words")


def _way(body: dict[str, Any]) -> str:
    if "output_config" in body:
        return "schema"
    return "tool" if "tools" in body else "words"


def test_a_photo_that_the_server_refuses_takes_no_schema_from_the_rest(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda number, _before: "400" if number == 0 else "good"
    first, second = make_requests(2)

    async def both() -> None:
        lvlm = AnthropicLVLM("m", base_url=server.root)
        with pytest.raises(LVLMError):
            await lvlm.ground(first)
        await lvlm.ground(second)
        await lvlm.close()

    asyncio.run(both())
    assert _way(server.log[-1].body) == "schema"


def test_a_model_without_a_temperature_is_asked_without(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda _number, _before: "no-temperature"
    lvlm = AnthropicLVLM("m", base_url=server.root, temperature=0.0)
    first, second = make_requests(2)
    identity = lvlm.identity(first)
    answers = ask(lvlm, first, replace(second, again=1))
    assert [asked.body.get("temperature") for asked in server.log] == [0.0, None, None]
    assert lvlm.identity(first) == identity
    assert dict(answers[-1].varied) == {"again": 1}


def test_asked_again_it_varies_what_it_can(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    request = replace(make_requests(1)[0], again=1)
    plain = AnthropicLVLM("m", base_url=server.root)
    cool = AnthropicLVLM("m", base_url=server.root, temperature=0.0)
    varied = [dict(ask(lvlm, request)[0].varied) for lvlm in (plain, cool)]
    assert varied == [{"again": 1}, {"again": 1, "temperature": 0.7}]
    assert [asked.body.get("temperature") for asked in server.log] == [None, 0.7]
    assert all(asked.text.endswith(AGAIN) for asked in server.log)


def test_an_overloaded_server_is_known_by_its_word_too() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(ErrorInAnswerError) as caught:
        anthropic_failures.see_no_error(body)
    error = anthropic_failures.explain(caught.value, Server("a server", "K", 1.0))
    assert (error.retryable, error.overloaded, error.charged) == (True, True, False)
    assert "529: Overloaded" in str(error)


def test_identity_tells_what_changes_the_answer(make_requests: MakeRequests) -> None:
    (request,) = make_requests(1)
    plain = AnthropicLVLM("m").identity(request)
    assert (plain.provider, plain.model) == ("anthropic", "m")
    assert dict(plain.parameters) == {"max_side": 768, "max_tokens": 1024}
    assert AnthropicLVLM("m", base_url="http://h:2", timeout=5).identity(request) == plain
    others = [
        AnthropicLVLM("n"),
        AnthropicLVLM("m", temperature=0.0),
        AnthropicLVLM("m", max_tokens=100),
        AnthropicLVLM("m", max_side=512),
    ]
    keys = {lvlm.identity(request).key(request) for lvlm in others}
    assert len(keys) == len(others)
    assert plain.key(request) not in keys


def test_traits_tell_what_it_sends() -> None:
    traits = AnthropicLVLM("m", max_side=512).traits
    assert (traits.free, traits.most_tokens_out, traits.max_side) == (False, 1024, 512)
    assert traits.varies
    assert AnthropicLVLM("m", base_url="http://localhost:1").traits.free


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_the_address_may_end_as_openai_wants_it(
    server: ModelServer, make_requests: MakeRequests, end: str
) -> None:
    ask(AnthropicLVLM("m", base_url=server.root + end), *make_requests(1))
    assert server.log[0].api == "anthropic"


def test_the_address_and_no_key_from_the_environment(
    server: ModelServer, make_requests: MakeRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.root)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another-secret")
    ask(AnthropicLVLM("m"), *make_requests(1))
    assert "another-secret" not in str(server.log[0].headers)


@pytest.mark.parametrize("key", ["", "  ", "sk-ü", "sk-a\nb"])
def test_a_key_that_is_none(
    make_requests: MakeRequests, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    with pytest.raises(LVLMError, match="ANTHROPIC_API_KEY") as caught:
        ask(AnthropicLVLM("m"), *make_requests(1))
    assert caught.value.fatal
    assert not key.strip() or key not in str(caught.value)


def test_a_password_in_the_address_is_used_and_not_shown(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    lvlm = AnthropicLVLM("m", base_url=server.root.replace("http://", "http://me:pass%20word@"))
    ask(lvlm, *make_requests(1))
    expected = base64.b64encode(b"me:pass word").decode()
    assert server.log[0].headers["authorization"] == f"Basic {expected}"
    assert "me:" not in repr(lvlm) + lvlm.base_url


def test_a_photo_that_has_changed_is_not_sent(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    request = replace(make_requests(1)[0], photo_sha256="0" * 64)
    with pytest.raises(PhotoError, match="has changed since") as caught:
        ask(AnthropicLVLM("m", base_url=server.root), request)
    assert caught.value.code == "changed"
    assert not server.log


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_side": 0}, "max_side is 0"),
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"timeout": -1}, "timeout is -1"),
        ({"base_url": "ftp://host"}, "not an http or https address"),
    ],
)
def test_a_parameter_that_can_not_be_meant(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        AnthropicLVLM("m", **options)


def test_without_the_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vlm4rec\[anthropic\]'"):
        AnthropicLVLM("m")


def test_it_asks_no_more_than_the_default_prompt(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    ask(AnthropicLVLM("m", base_url=server.root), *make_requests(1))
    assert server.log[0].text == DEFAULT_PROMPT.text
    assert server.log[0].size == (24, 16)
