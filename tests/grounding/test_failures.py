"""What every provider with a server makes of its failures, and that no key shows in any."""

from __future__ import annotations

import asyncio
import email.utils
import logging
import time
import traceback
from dataclasses import dataclass
from types import ModuleType

import anthropic
import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, LVLMAnswer
from vlm4rec.grounding.providers import anthropic_failures, openai_failures
from vlm4rec.grounding.providers.failures import Refusal, Server, from_refusal, retry_after
from vlm4rec.grounding.providers.registry import lvlm_from_spec

from .conftest import SENTINEL, MakeRequests
from .model_server import ModelServer, Spend

QUICK = 0.4
"""Seconds after which the client of these tests gives up."""

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


@dataclass
class Served:
    """A provider, and the server that it is to ask."""

    name: str
    server: ModelServer

    def lvlm(self, **options: object) -> LVLM:
        return lvlm_from_spec(f"{self.name}:test-model", base_url=self.server.url, **options)

    def ask(self, *requests: GroundingRequest, lvlm: LVLM | None = None) -> list[LVLMAnswer]:
        async def one_after_the_other(lvlm: LVLM) -> list[LVLMAnswer]:
            try:
                return [await lvlm.ground(request) for request in requests]
            finally:
                await lvlm.close()

        return asyncio.run(one_after_the_other(lvlm or self.lvlm(timeout=QUICK)))

    def fail(self, request: GroundingRequest, mood: str) -> LVLMError:
        self.server.mood = lambda _number, _before: mood
        with pytest.raises(LVLMError) as caught:
            self.ask(request)
        return caught.value


@pytest.fixture(params=sorted(KEYS))
def served(
    request: pytest.FixtureRequest, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> Served:
    for variable in KEYS.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(KEYS[request.param], SENTINEL)
    return Served(request.param, server)


@pytest.mark.parametrize(
    ("mood", "retryable", "fatal", "overloaded", "charged", "wait"),
    [
        ("429", True, False, True, False, None),
        ("429 7", True, False, True, False, 7.0),
        ("429 ms=250", True, False, True, False, 0.25),
        ("429 soon", True, False, True, False, None),
        ("500", True, False, False, False, None),
        ("502", True, False, False, False, None),
        ("503 3", True, False, True, False, 3.0),
        ("529", True, False, True, False, None),
        ("408", True, False, False, False, None),
        ("409", True, False, False, False, None),
        ("reset", True, False, False, True, None),
        ("reset-late", True, False, False, True, None),
        ("stall", True, False, False, True, None),
        ("trickle", True, False, False, True, None),
        ("cut", True, False, False, True, None),
        ("not-json", True, False, False, True, None),
        ("400", False, False, False, False, None),
        ("413", False, False, False, False, None),
        ("422", False, False, False, False, None),
        ("401", False, True, False, False, None),
        ("402", False, True, False, False, None),
        ("403", False, True, False, False, None),
        ("404", False, True, False, False, None),
    ],
)
def test_what_an_error_means(
    served: Served,
    make_requests: MakeRequests,
    mood: str,
    retryable: bool,
    fatal: bool,
    overloaded: bool,
    charged: bool,
    wait: float | None,
) -> None:
    served.server.stall = 2 * QUICK
    error = served.fail(make_requests(1)[0], mood)
    assert (error.retryable, error.fatal, error.retry_after) == (retryable, fatal, wait)
    assert (error.overloaded, error.charged) == (overloaded, charged)
    assert served.server.url in str(error)
    assert str(error).count(". ") <= 1
    late, broken = mood in ("stall", "trickle"), mood in ("reset", "reset-late", "cut")
    assert ("did not answer within" in str(error)) == late
    assert ("The connection to" in str(error)) == broken
    assert ("ReadError" in str(error)) == mood.startswith("reset")
    if charged:
        assert served.server.charged == Spend()


def test_an_error_in_the_place_of_an_answer(served: Served, make_requests: MakeRequests) -> None:
    error = served.fail(make_requests(1)[0], "no-choices")
    assert "answered 502: upstream is down." in str(error)
    assert (error.retryable, error.fatal, error.charged) == (True, False, False)


def test_what_the_server_says_is_charged_is_what_the_answers_say(
    served: Served, make_requests: MakeRequests
) -> None:
    moods = ("good", "refusal", "500", "length", "schema", "cut", "empty", "duplicate", "429")
    served.server.mood = lambda number, _before: moods[number]
    spent, failed = Spend(), []
    lvlm = served.lvlm()

    async def all_of_them() -> None:
        for request in make_requests(len(moods)):
            try:
                came = await lvlm.ground(request)
            except LVLMError as error:
                failed.append(error.charged)
                continue
            assert came.tokens_in is not None
            assert came.tokens_out is not None
            spent.answers += 1
            spent.tokens_in += came.tokens_in
            spent.tokens_cached += came.tokens_cached or 0
            spent.tokens_out += came.tokens_out
        await lvlm.close()

    asyncio.run(all_of_them())
    assert spent == served.server.charged
    assert failed == [False, True, False]
    assert served.server.lost.answers == 2  # the one that was cut, and the duplicate


def test_a_reset_before_the_request_was_read_does_no_harm_to_the_next(
    served: Served, make_requests: MakeRequests
) -> None:
    served.server.early = lambda number: number == 0
    lvlm = served.lvlm()
    (request,) = make_requests(1)

    async def twice() -> LVLMAnswer:
        with pytest.raises(LVLMError, match="The connection to the server at") as caught:
            await lvlm.ground(request)
        assert caught.value.retryable
        try:
            return await lvlm.ground(request)
        finally:
            await lvlm.close()

    assert asyncio.run(twice()).finish_reason == "stop"
    assert len(served.server.log) == 1


def test_an_answer_that_is_sent_twice_is_given_to_no_other_photo(
    served: Served, make_requests: MakeRequests
) -> None:
    served.server.mood = lambda number, _before: "twice" if number == 1 else "good"
    requests = make_requests(4)
    lvlm = served.lvlm()

    async def all_of_them() -> list[str]:
        texts = []
        for number, request in enumerate(requests):
            if number == 2:
                with pytest.raises(LVLMError, match="the answer to another photo") as caught:
                    await lvlm.ground(request)
                assert (caught.value.retryable, caught.value.charged) == (True, True)
            texts.append((await lvlm.ground(request)).text)
        await lvlm.close()
        return texts

    texts = asyncio.run(all_of_them())
    assert [f"Photo number {number}:" in text for number, text in enumerate(texts)] == [True] * 4


def test_no_one_listens(served: Served, make_requests: MakeRequests) -> None:
    served.server.close()
    error = served.fail(make_requests(1)[0], "good")
    assert (error.retryable, error.fatal, error.charged) == (True, False, False)


@pytest.mark.parametrize(
    "mood",
    ["401", "402", "403", "429", "500", "400", "reset", "stall", "cut", "not-json", "no-format"],
)
def test_neither_key_nor_photo_is_shown(
    served: Served,
    make_requests: MakeRequests,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    mood: str,
) -> None:
    loggers = ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2", "asyncio")
    for name in ("", *loggers):
        caplog.set_level(logging.DEBUG, name or None)
    served.server.stall = 2 * QUICK
    (request,) = make_requests(1)
    error: LVLMError | None = None
    if mood == "no-format":
        served.server.mood = lambda _number, _before: mood
        served.ask(request)
    else:
        error = served.fail(request, mood)
        assert error.__cause__ is None
        assert error.__context__ is None
    assert any(SENTINEL in value for value in served.server.log[0].headers.values())
    outputs = capfd.readouterr()
    told = [] if error is None else [*traceback.format_exception(error), repr(error)]
    shown = "".join((*told, caplog.text, outputs.out, outputs.err, repr(served.lvlm())))
    shown += "".join(repr(vars(record)) for record in caplog.records)
    assert len(caplog.records) > 2  # the clients do log at this level
    assert SENTINEL not in shown
    assert "QUJDQUJD" not in shown  # what the server quoted of the photo
    assert "/9j/" not in shown  # how a JPEG begins in base64
    if error is not None and mood.isdigit():
        assert "***" in str(error)


SERVER = Server("the server at home", "SOME_API_KEY", 5.0, ("hidden",))


@pytest.mark.parametrize(
    ("cause", "charged"),
    [
        (httpx2.ConnectError("no"), False),
        (httpx2.ConnectTimeout("no"), False),
        (httpx2.PoolTimeout("no"), False),
        (httpx2.WriteError("no"), False),
        (httpx2.WriteTimeout("no"), False),
        (httpx2.ReadError("no"), True),
        (httpx2.ReadTimeout("no"), True),
        (httpx2.RemoteProtocolError("no"), True),
        (None, True),
    ],
)
@pytest.mark.parametrize("client", [openai, anthropic])
def test_only_what_went_out_whole_may_be_charged(
    client: ModuleType, cause: Exception | None, charged: bool
) -> None:
    request = httpx2.Request("POST", "http://localhost")
    explain = (openai_failures if client is openai else anthropic_failures).explain
    timed_out, broken = client.APITimeoutError(request), client.APIConnectionError(request=request)
    for error in (timed_out, broken):
        error.__cause__ = cause
        explained = explain(error, SERVER)
        assert (explained.retryable, explained.charged) == (True, charged)


def test_who_has_no_money_left_stops_the_run(served: Served, make_requests: MakeRequests) -> None:
    mood = "429 insufficient_quota" if served.name == "openai" else "400 credit"
    error = served.fail(make_requests(1)[0], mood)
    assert (error.retryable, error.fatal, error.overloaded) == (False, True, False)
    assert error.remedy == "Add to the account's credit."


def test_a_remedy_names_the_variable() -> None:
    for status in (401, 403):
        assert "SOME_API_KEY" in from_refusal(Refusal(status), SERVER).remedy


@given(
    st.text(),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEF0123456789+/", min_size=100, max_size=300),
    st.text(max_size=20),
)
def test_a_message_keeps_no_secret_whatever_is_around_it(
    before: str, encoded: str, after: str
) -> None:
    message = f"{before}hidden {encoded} http://me:pass@host/{after}"
    error = from_refusal(Refusal(400, message), SERVER)
    for secret in ("hidden", encoded[:100], "me:pass"):
        assert secret not in str(error)
    assert len(str(error)) < 300
    assert "\n" not in str(error)


def test_an_error_of_any_shape_is_explained() -> None:
    bodies: tuple[object, ...] = (None, "", [], {}, {"error": 7}, {"message": 7}, {"error": {}})
    for body in bodies:
        response = httpx2.Response(500, request=httpx2.Request("POST", "http://localhost"))
        for client, failures in ((openai, openai_failures), (anthropic, anthropic_failures)):
            error = client.InternalServerError("no", response=response, body=body)
            assert failures.explain(error, SERVER).message == "The server at home answered 500."


def test_retry_after_as_a_date() -> None:
    soon = retry_after({"retry-after": email.utils.formatdate(time.time() + 30, usegmt=True)})
    assert soon is not None
    assert 28 <= soon <= 31
    assert retry_after({"retry-after": email.utils.formatdate(0)}) == 0.0
    assert retry_after({"retry-after": "inf"}) is None
    assert retry_after({"retry-after": "-5"}) == 0.0
