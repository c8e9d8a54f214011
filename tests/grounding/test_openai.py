"""The official client against a server that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from PIL import Image

from vlm4rec.errors import DataError, LVLMError, MissingExtraError, PhotoError
from vlm4rec.grounding.answers import parse_answer, read_answer
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt
from vlm4rec.grounding.providers import openai_failures
from vlm4rec.grounding.providers.failures import ErrorInAnswerError, Server
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.structured import AGAIN, IN_WORDS
from vlm4rec.storage import file_hash

from .conftest import SENTINEL, MakeRequests
from .model_server import ModelServer, completion, description

PLAIN_KEY = "0be0c5f067b7620643a04519d71ae515fa204d6fed0c61cddf7a80d60c1a17ae"
FULL_KEY = "62051163664c6de92a77b2f2f97f42df136b306186251077eff901882d3fbc50"

QUICK = 0.4
"""Seconds after which the client of these tests gives up."""


def ask(lvlm: OpenAILVLM, *requests: GroundingRequest) -> list[LVLMAnswer]:
    async def one_after_the_other() -> list[LVLMAnswer]:
        try:
            return [await lvlm.ground(request) for request in requests]
        finally:
            await lvlm.close()

    return asyncio.run(one_after_the_other())


def failing(server: ModelServer, request: GroundingRequest, mood: str) -> LVLMError:
    server.mood = lambda _number, _before: mood
    with pytest.raises(LVLMError) as caught:
        ask(OpenAILVLM("test-model", base_url=server.url, timeout=QUICK), request)
    return caught.value


def test_the_server_gets_photo_prompt_and_schema(server: ModelServer, tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (2000, 1000), (200, 24, 8)).save(path)
    request = GroundingRequest("a", str(path), file_hash(path), DEFAULT_PROMPT)
    lvlm = OpenAILVLM(
        "test-model", base_url=server.url, temperature=0.0, max_tokens=300, seed=7, detail="low"
    )
    (answer,) = ask(lvlm, request)
    (asked,) = server.log
    assert asked.size == (768, 384)
    assert asked.text == DEFAULT_PROMPT.text
    assert asked.headers["authorization"] == f"Bearer {SENTINEL}"
    body = asked.body
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("test-model", 0.0, 300)
    assert body["seed"] == 7
    photo = body["messages"][0]["content"][1]["image_url"]
    assert photo["detail"] == "low"
    sent = Image.open(io.BytesIO(base64.b64decode(photo["url"].partition(",")[2])))
    assert (sent.format, sent.size) == ("JPEG", (768, 384))
    assert (answer.model, answer.finish_reason) == ("test-model-2026", "stop")
    assert (answer.tokens_in, answer.tokens_cached, answer.tokens_out) == (100, 10, 20)
    assert answer.seconds is not None
    assert answer.seconds > 0


def test_the_schema_is_strict(server: ModelServer, make_requests: MakeRequests) -> None:
    ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(1))
    wanted = server.log[0].body["response_format"]
    assert wanted["type"] == "json_schema"
    assert wanted["json_schema"]["strict"] is True
    schema = wanted["json_schema"]["schema"]
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"])
    assert set(schema["properties"]) == {
        *("category", "colors", "materials", "pattern", "style", "occasion", "audience"),
        "description",
    }
    for field in schema["properties"].values():
        assert set(field) <= {"type", "items", "description"}
    assert schema["properties"]["colors"]["items"] == {"type": "string"}


def test_small_photos_and_unset_parameters_are_left_alone(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(1))
    assert server.log[0].size == (24, 16)
    assert set(server.log[0].body) == {"model", "messages", "response_format"}


def test_identity_tells_what_changes_the_answer(make_requests: MakeRequests) -> None:
    (request,) = make_requests(1)
    plain = OpenAILVLM("m", base_url="http://localhost:1/v1").identity(request)
    assert dict(plain.parameters) == {"max_side": 768}
    assert OpenAILVLM("m", base_url="http://elsewhere:2/v1", timeout=5).identity(request) == plain
    others = [
        OpenAILVLM("n"),
        OpenAILVLM("m", temperature=0.0),
        OpenAILVLM("m", max_tokens=100),
        OpenAILVLM("m", seed=1),
        OpenAILVLM("m", max_side=512),
        OpenAILVLM("m", detail="low"),
    ]
    keys = {lvlm.identity(request).key(request) for lvlm in others}
    assert len(keys) == len(others)
    assert plain.key(request) not in keys


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("refusal", "refused"),
        ("filter", "refused"),
        ("schema", "malformed"),
        ("length", "truncated"),
        ("empty", "empty"),
        ("odd-types", "empty"),
    ],
)
def test_an_answer_that_is_none(
    server: ModelServer, make_requests: MakeRequests, mood: str, reason: str
) -> None:
    server.mood = lambda _number, _before: mood
    (answer,) = ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(1))
    assert read_answer(answer).reason == reason


@pytest.mark.parametrize("mood", ["good", "fenced", "prose"])
def test_an_answer_in_another_form(
    server: ModelServer, make_requests: MakeRequests, mood: str
) -> None:
    server.mood = lambda _number, _before: mood
    (answer,) = ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(1))
    assert parse_answer(answer.text).description == description(0)


def test_a_server_without_schemas_is_asked_in_words(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda _number, _before: "no-format"
    answers = ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(3))
    assert [parse_answer(answer.text).description for answer in answers] == [
        description(number) for number in range(3)
    ]
    assert ["response_format" in asked.body for asked in server.log] == [True, False, False, False]
    assert server.log[0].text == DEFAULT_PROMPT.text
    for asked in server.log[1:]:
        assert asked.text.startswith(DEFAULT_PROMPT.text + "\n\nAnswer with one JSON object")
        assert "- colors (a list of strings): Its colours, the main one first" in asked.text


def test_a_server_that_passes_over_the_schema_is_asked_in_words_the_next_time(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda number, _before: "prose" if number == 0 else "good"
    first, second, third = ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(3))
    assert parse_answer(first.text).category == ""
    assert parse_answer(second.text).category == parse_answer(third.text).category != ""
    assert ["response_format" in asked.body for asked in server.log] == [True, False, False]
    assert server.log[1].text.startswith(DEFAULT_PROMPT.text + "\n\n" + IN_WORDS)


@pytest.mark.parametrize("mood", ["refusal", "filter", "empty", "length", "schema", "fenced"])
def test_what_shows_nothing_of_the_schema_changes_nothing(
    server: ModelServer, make_requests: MakeRequests, mood: str
) -> None:
    server.mood = lambda number, _before: mood if number == 0 else "good"
    ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(2))
    assert all("response_format" in asked.body for asked in server.log)


def test_one_answer_in_prose_from_a_server_that_knows_schemas_changes_nothing(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda number, _before: "prose" if number == 1 else "good"
    ask(OpenAILVLM("test-model", base_url=server.url), *make_requests(3))
    assert all("response_format" in asked.body for asked in server.log)


@pytest.mark.parametrize("tokens", [10**30, -1, True, "7", 1.5])
def test_a_count_of_tokens_that_can_not_be_is_none(
    server: ModelServer, make_requests: MakeRequests, tokens: object
) -> None:
    body = completion("{}")
    body["usage"]["completion_tokens"] = tokens
    answer = OpenAILVLM("test-model", base_url=server.url).read(body, 0.1, {})
    assert answer.tokens_out is None
    assert answer.tokens_in == 100


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_are_finite(number: float) -> None:
    with pytest.raises(DataError, match="temperature is"):
        OpenAILVLM("m", temperature=number)
    with pytest.raises(DataError, match="timeout is"):
        OpenAILVLM("m", timeout=number)


def test_a_photo_that_the_server_refuses_takes_no_schema_from_the_rest(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda number, _before: "400" if number == 0 else "good"
    first, second = make_requests(2)

    async def both() -> None:
        lvlm = OpenAILVLM("test-model", base_url=server.url)
        with pytest.raises(LVLMError):
            await lvlm.ground(first)
        await lvlm.ground(second)
        await lvlm.close()

    asyncio.run(both())
    assert "response_format" in server.log[-1].body


def test_a_photo_that_can_not_be_opened(server: ModelServer, tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"nothing")
    request = GroundingRequest("a", str(path), file_hash(path), DEFAULT_PROMPT)
    with pytest.raises(PhotoError):
        ask(OpenAILVLM("m", base_url=server.url), request)
    assert not server.log


def test_it_can_be_used_again_after_closing(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    lvlm = OpenAILVLM("m", base_url=server.url)
    (request,) = make_requests(1)
    assert ask(lvlm, request)[0].text == ask(lvlm, request)[0].text


def test_a_server_at_home_needs_no_key(
    server: ModelServer, make_requests: MakeRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    ask(OpenAILVLM("m"), *make_requests(1))
    assert server.log[0].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize("key", ["", "  ", "sk-ü", "sk-a\nb"])
def test_a_key_that_is_none(
    make_requests: MakeRequests, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(LVLMError, match="OPENAI_API_KEY") as caught:
        ask(OpenAILVLM("m"), *make_requests(1))
    assert caught.value.fatal
    assert not key.strip() or key not in str(caught.value)


def test_a_password_in_the_address_is_used_and_not_shown(
    server: ModelServer, make_requests: MakeRequests, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = server.url.replace("http://", "http://me:pass%20word@")
    lvlm = OpenAILVLM("m", base_url=address)
    ask(lvlm, *make_requests(1))
    expected = base64.b64encode(b"me:pass word").decode()
    assert server.log[0].headers["authorization"] == f"Basic {expected}"
    server.mood = lambda _number, _before: "500"
    with pytest.raises(LVLMError) as caught:
        ask(lvlm, *make_requests(1))
    shown = "".join((repr(lvlm), lvlm.base_url, str(caught.value), caplog.text))
    for secret in ("me:", "pass%20word", "pass word", expected):
        assert secret not in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_side": 0}, "max_side is 0"),
        ({"detail": "huge"}, "detail is 'huge'. Choose from: auto, low, high"),
        ({"timeout": 0}, "timeout is 0"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"base_url": "localhost:8000"}, "not an http or https address"),
        ({"base_url": "http://u:secret@[::1"}, "not an http or https address"),
        ({"base_url": "http://host/v1?key=secret"}, "not an http or https address"),
    ],
)
def test_a_parameter_that_can_not_be_meant(options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        OpenAILVLM("m", **options)  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)


def test_without_the_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vlm4rec\[openai\]'"):
        OpenAILVLM("m")


@pytest.mark.parametrize(
    ("code", "overloaded", "fatal"), [(429, True, False), (402, False, True), ("x", False, False)]
)
def test_its_code_counts_as_a_status(code: object, overloaded: bool, fatal: bool) -> None:
    with pytest.raises(ErrorInAnswerError) as caught:
        openai_failures.see_no_error({"error": {"code": code, "message": "No."}})
    error = openai_failures.explain(caught.value, Server("a server", "K", 1.0))
    assert (error.overloaded, error.fatal) == (overloaded, fatal)
    openai_failures.see_no_error({"error": {"code": 500}, "choices": [{}]})


def test_a_filter_that_stops_one_photo_stops_no_run() -> None:
    response = httpx2.Response(403, request=httpx2.Request("POST", "http://localhost"))
    body = {"code": 403, "message": "Flagged.", "metadata": {"reasons": ["violence"]}}
    error = openai.PermissionDeniedError("no", response=response, body=body)
    explained = openai_failures.explain(error, Server("a server", "K", 1.0))
    assert (explained.fatal, explained.retryable, explained.remedy) == (False, False, "")


def test_a_model_without_a_temperature_is_asked_without(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda _number, _before: "no-temperature"
    lvlm = OpenAILVLM("test-model", base_url=server.url, temperature=0.0, seed=3)
    first, second = make_requests(2)
    identity = lvlm.identity(first)
    answers = ask(lvlm, first, second, replace(second, again=1))
    assert ["temperature" in asked.body for asked in server.log] == [True, False, False, False]
    assert ["response_format" in asked.body for asked in server.log] == [True] * 4
    assert lvlm.identity(first) == identity
    assert dict(answers[-1].varied) == {"again": 1, "seed": 4}


def test_a_temperature_out_of_range_is_an_error(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.mood = lambda _number, _before: "400"
    with pytest.raises(LVLMError, match="answered 400"):
        ask(OpenAILVLM("test-model", base_url=server.url, temperature=9.0), *make_requests(1))
    assert [asked.body["temperature"] for asked in server.log] == [9.0, 9.0]


def test_asked_again_it_varies_what_it_can(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    (request,) = make_requests(1)
    lvlm = OpenAILVLM("test-model", base_url=server.url, seed=7)
    once, again = ask(lvlm, request, replace(request, again=1))
    assert dict(once.varied) == {}
    assert dict(again.varied) == {"again": 1, "temperature": 0.7, "seed": 8}
    usual, other = (asked.body for asked in server.log)
    assert (usual.get("temperature"), usual["seed"]) == (None, 7)
    assert (other["temperature"], other["seed"]) == (0.7, 8)
    assert "again" not in other
    assert server.log[1].text == f"{server.log[0].text}\n\n{AGAIN}"
    assert lvlm.identity(request) == lvlm.identity(replace(request, again=1))


def test_asked_again_a_temperature_that_is_high_stays(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    (request,) = make_requests(1)
    lvlm = OpenAILVLM("test-model", base_url=server.url, temperature=1.2)
    (answer,) = ask(lvlm, replace(request, again=1))
    assert dict(answer.varied) == {"again": 1}
    assert server.log[0].body["temperature"] == 1.2
    assert "seed" not in server.log[0].body


def test_the_title_is_in_the_question(server: ModelServer, make_requests: MakeRequests) -> None:
    (request,) = make_requests(1)
    titled = replace(request, prompt=Prompt("t", 1, "Describe {title}."), title="a red boot")
    ask(OpenAILVLM("m", base_url=server.url), titled)
    assert server.log[0].text == "Describe a red boot."


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"cost": 0.0125}, 0.0125),
        ({"cost": 0}, 0.0),
        ({"cost": {"total": 1}}, None),
        ({"cost": True}, None),
        ({"cost": -1.0}, None),
        ({"cost": float("nan")}, None),
        ({}, None),
        (None, None),
    ],
)
def test_what_the_server_says_it_charged(usage: object, cost: float | None) -> None:
    body = completion("A text.") | {"usage": usage}
    answer = OpenAILVLM("m").read(body, 0.1, {})
    assert answer.cost == cost
    assert answer.tokens_written is None


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("https://eu.api.openai.com/v1", "OPENAI_API_KEY"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/", "GEMINI_API_KEY"),
        ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        ("https://openrouter.ai.example.org/v1", "OPENAI_API_KEY"),
    ],
)
def test_each_key_goes_to_its_owner(
    monkeypatch: pytest.MonkeyPatch, url: str, variable: str
) -> None:
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.setenv(name, f"the-{name}")
    lvlm = OpenAILVLM("m", base_url=url)
    assert lvlm._connected().api_key == f"the-{variable}"
    asyncio.run(lvlm.close())
    monkeypatch.delenv(variable)
    if "example" not in url:
        with pytest.raises(LVLMError, match=variable) as caught:
            lvlm._connected()
        assert caught.value.fatal


@pytest.mark.parametrize("send_key", [True, False])
def test_a_server_gets_nothing_of_the_environment_where_it_gets_no_key(
    server: ModelServer,
    make_requests: MakeRequests,
    monkeypatch: pytest.MonkeyPatch,
    send_key: bool,
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "secret-org")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "secret-project")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: secret-gate\nX-More:secret-more")
    ask(OpenAILVLM("test-model", base_url=server.url, send_key=send_key), *make_requests(1))
    (asked,) = server.log
    told = [secret for secret in asked.headers.values() if "secret" in secret or SENTINEL in secret]
    assert len(told) == (5 if send_key else 0)
    assert send_key == (asked.headers["authorization"] == f"Bearer {SENTINEL}")


def test_a_server_that_gets_no_key_and_wants_one_is_to_be_named(
    server: ModelServer, make_requests: MakeRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer secret-gate")
    server.mood = lambda _number, _before: "401"
    with pytest.raises(LVLMError, match="It was sent no key") as caught:
        ask(OpenAILVLM("test-model", base_url=server.url, send_key=False), *make_requests(1))
    assert caught.value.fatal
    assert "secret" not in server.log[0].headers.get("authorization", "")


def test_what_an_answer_may_cost_is_bounded_at_openai_itself(make_requests: MakeRequests) -> None:
    (request,) = make_requests(1)

    def limits(**options: Any) -> tuple[object, object, object]:
        lvlm = OpenAILVLM("m", **options)
        sampling = lvlm._draw(request).parameters
        body = lvlm.body(request, lvlm.ways[0], sampling)
        most = lvlm.traits.most_tokens_out
        return body.get("max_completion_tokens"), body.get("max_tokens"), most

    assert limits() == (4096, None, 4096)
    assert limits(max_tokens=5) == (5, None, 5)
    assert limits(base_url="http://localhost/v1") == (None, None, None)
    assert limits(base_url="http://localhost/v1", max_tokens=5) == (None, 5, 5)
    assert dict(OpenAILVLM("m").identity(request).parameters) == {"max_side": 768}


def test_only_a_server_on_this_machine_is_free() -> None:
    free = [
        OpenAILVLM("m", base_url=url).traits.free
        for url in ("http://localhost:1/v1", "http://[::1]:1/v1", "http://10.0.0.1/v1", None)
    ]
    assert free == [True, True, False, False]
    assert OpenAILVLM("m", max_side=512).traits.max_side == 512


def test_keys_are_those_of_earlier_versions() -> None:
    """The ledgers of shops hold these: another key would have every photo paid for again."""
    request = GroundingRequest("a", "a.jpg", "0" * 64, DEFAULT_PROMPT)
    plain = OpenAILVLM("gpt-4o-mini")
    full = OpenAILVLM("m", temperature=0.0, max_tokens=300, seed=7, detail="low", max_side=512)
    assert plain.identity(request).key(request) == PLAIN_KEY
    assert full.identity(request).key(request) == FULL_KEY
