"""The official client against a server that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import email.utils
import io
import logging
import time
import traceback
from pathlib import Path

import pytest
from PIL import Image

from vlm4rec.errors import DataError, LVLMError, MissingExtraError, PhotoError
from vlm4rec.grounding.answers import parse_answer, read_answer
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer
from vlm4rec.grounding.prompts import DEFAULT_PROMPT
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.openai_failures import retry_after
from vlm4rec.storage import file_hash

from .conftest import SENTINEL, MakeRequests
from .model_server import ModelServer, description

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
    ("mood", "retryable", "fatal", "wait"),
    [
        ("429", True, False, None),
        ("429 7", True, False, 7.0),
        ("429 0.5", True, False, 0.5),
        ("429 soon", True, False, None),
        ("429 insufficient_quota", False, True, None),
        ("500", True, False, None),
        ("503 3", True, False, 3.0),
        ("529", True, False, None),
        ("408", True, False, None),
        ("409", True, False, None),
        ("reset", True, False, None),
        ("stall", True, False, None),
        ("trickle", True, False, None),
        ("cut", True, False, None),
        ("not-json", True, False, None),
        ("no-choices", True, False, None),
        ("400", False, False, None),
        ("413", False, False, None),
        ("422", False, False, None),
        ("401", False, True, None),
        ("403", False, True, None),
        ("404", False, True, None),
    ],
)
def test_what_an_error_means(
    server: ModelServer,
    make_requests: MakeRequests,
    mood: str,
    retryable: bool,
    fatal: bool,
    wait: float | None,
) -> None:
    server.stall = 2 * QUICK
    error = failing(server, make_requests(1)[0], mood)
    assert (error.retryable, error.fatal, error.retry_after) == (retryable, fatal, wait)
    assert server.url in str(error)
    assert str(error).count(". ") <= 1


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


def test_no_one_listens(make_requests: MakeRequests, server: ModelServer) -> None:
    url = server.url
    server._server.server_close()
    with pytest.raises(LVLMError, match="The connection to the server at") as caught:
        ask(OpenAILVLM("m", base_url=url), *make_requests(1))
    assert caught.value.retryable


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


@pytest.mark.parametrize("mood", ["401", "429", "500", "400", "reset", "stall", "not-json"])
def test_neither_key_nor_photo_is_shown(
    server: ModelServer,
    make_requests: MakeRequests,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    mood: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    error = failing(server, make_requests(1)[0], mood)
    assert error.__cause__ is None
    assert error.__context__ is None
    outputs = capfd.readouterr()
    shown = "".join(
        (*traceback.format_exception(error), repr(error), caplog.text, outputs.out, outputs.err)
    )
    assert SENTINEL not in shown
    assert "QUJDQUJD" not in shown  # what the server quoted of the photo
    assert "base64" not in shown
    if mood.isdigit():
        assert "***" in str(error)


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


def test_openai_itself_is_told_the_limit_by_its_new_name() -> None:
    assert OpenAILVLM("m", max_tokens=5)._sampled() == {"max_completion_tokens": 5}
    assert OpenAILVLM("m", max_tokens=5, base_url="http://localhost/v1")._sampled() == {
        "max_tokens": 5
    }


def test_retry_after_as_a_date() -> None:
    soon = retry_after({"retry-after": email.utils.formatdate(time.time() + 30, usegmt=True)})
    assert soon is not None
    assert 28 <= soon <= 31
    assert retry_after({"retry-after": email.utils.formatdate(0)}) == 0.0
    assert retry_after({"retry-after": "inf"}) is None
    assert retry_after({"retry-after": "-5"}) == 0.0
