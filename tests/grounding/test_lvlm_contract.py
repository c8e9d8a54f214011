"""What every implementation of the `LVLM` seam promises."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.answers import parse_answer
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Traits
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.providers.registry import PROVIDERS, lvlm_from_spec

from .conftest import SENTINEL, MakeRequests
from .model_server import ModelServer, description

HOPELESS = 8
"""The number of the photo that is never described."""

ELSEWHERE = {"transformers": "local"}
"""Providers whose answers can't be foreseen, with the tests that hold them to the contract."""


@dataclass
class Case:
    """A provider with requests that it answers by ``description(number)``, and one it can't."""

    make: Callable[[], LVLM]
    requests: list[GroundingRequest]
    hopeless: GroundingRequest
    server: ModelServer


def served(name: str, server: ModelServer, _requests: list[GroundingRequest], _: Path) -> LVLM:
    return lvlm_from_spec(f"{name}:test-model", base_url=server.url)


def recorded(name: str, _server: ModelServer, requests: list[GroundingRequest], at: Path) -> LVLM:
    path = at / "answers.jsonl"
    records = [
        {
            "item_id": each.item,
            "model": "test-model",
            "prompt_id": each.prompt.id,
            "description": description(number),
        }
        for number, each in enumerate(requests)
    ]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return lvlm_from_spec(f"{name}:{path}")


CASES = {"openai": served, "anthropic": served, "recorded": recorded}
"""How to make each provider, given a server, the requests it can answer, and a folder."""


@pytest.fixture(params=sorted(CASES))
def case(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    server: ModelServer,
    make_requests: MakeRequests,
    monkeypatch: pytest.MonkeyPatch,
) -> Case:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SENTINEL)
    *requests, hopeless = make_requests(HOPELESS + 1)
    server.mood = lambda number, _before: "500" if number == HOPELESS else "good"
    make = CASES[request.param]
    return Case(lambda: make(request.param, server, requests, tmp_path), requests, hopeless, server)


def test_every_provider_has_a_case() -> None:
    assert CASES.keys() | ELSEWHERE.keys() == PROVIDERS.keys()
    assert all((Path(__file__).parent / folder).is_dir() for folder in ELSEWHERE.values())


def test_identity_is_the_same_each_time_and_asks_no_one(case: Case) -> None:
    first, second = case.make(), case.make()
    for request in case.requests:
        identity = first.identity(request)
        assert identity is not None
        assert identity == second.identity(request)
        assert identity.model == "test-model"
        assert json.loads(json.dumps(dict(identity.parameters))) == identity.parameters
        assert None not in identity.parameters.values()
    assert not case.server.log


def test_key_is_that_of_photo_and_prompt(case: Case) -> None:
    lvlm = case.make()
    request = case.requests[0]
    identity = lvlm.identity(request)
    assert identity is not None
    key = identity.key(request)
    assert len(key) == 64
    assert identity.key(replace(request, photo="/elsewhere.jpg")) == key
    assert identity.key(replace(request, photo_sha256="0" * 64)) != key
    assert identity.key(replace(request, prompt=Prompt("paper", 1, "Another."))) != key


def test_asked_again_it_is_the_same_question_to_the_ledger(case: Case) -> None:
    lvlm = case.make()
    request = case.requests[0]
    assert lvlm.identity(replace(request, again=1)) == lvlm.identity(request)


def test_many_at_once_each_get_their_own_answer(case: Case) -> None:
    async def all_of_them() -> list[str]:
        lvlm = case.make()
        try:
            answers = await asyncio.gather(*map(lvlm.ground, case.requests))
        finally:
            await lvlm.close()
        assert all(answer.model and answer.finish_reason == "stop" for answer in answers)
        assert not any(answer.varied for answer in answers)
        return [parse_answer(answer.text).description for answer in answers]

    assert asyncio.run(all_of_them()) == [description(n) for n in range(len(case.requests))]


def test_who_varies_says_so(case: Case) -> None:
    async def again() -> dict[str, object]:
        lvlm = case.make()
        try:
            return dict((await lvlm.ground(replace(case.requests[0], again=1))).varied)
        finally:
            await lvlm.close()

    varied = asyncio.run(again())
    assert varied.get("again") == (1 if case.make().traits.varies else None)


def test_no_answer_is_an_lvlm_error(case: Case) -> None:
    async def hopeless() -> None:
        lvlm = case.make()
        try:
            await lvlm.ground(case.hopeless)
        finally:
            await lvlm.close()

    with pytest.raises(LVLMError) as caught:
        asyncio.run(hopeless())
    assert caught.value.__cause__ is None
    assert not caught.value.fatal
    assert not caught.value.charged


def test_traits_are_known_before_anything_is_asked(case: Case) -> None:
    lvlm = case.make()
    traits = lvlm.traits
    assert isinstance(traits, Traits)
    assert traits.free  # a file, or a server on this machine
    assert traits == case.make().traits
    assert traits.most_tokens_out is None or traits.most_tokens_out > 0
    assert traits.max_side is None or traits.max_side > 0
    assert not case.server.log


def test_closing_what_was_never_used_is_fine(case: Case) -> None:
    lvlm = case.make()
    before = repr(lvlm)
    asyncio.run(lvlm.close())
    assert repr(lvlm) == before


def test_it_can_be_used_again_after_closing(case: Case) -> None:
    lvlm = case.make()

    async def once() -> str:
        try:
            return (await lvlm.ground(case.requests[1])).text
        finally:
            await lvlm.close()

    assert asyncio.run(once()) == asyncio.run(once())


def test_it_shows_no_key(case: Case) -> None:
    assert SENTINEL not in repr(case.make())


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_options_have_names_and_defaults(name: str) -> None:
    """So that a shop's configuration can name them, and leave out what it doesn't know."""
    module, kind, _ = PROVIDERS[name]
    made = getattr(importlib.import_module(module), kind)
    _, *options = inspect.signature(made).parameters.values()
    assert all(option.kind is option.KEYWORD_ONLY for option in options)
    assert all(option.default is not option.empty for option in options)
