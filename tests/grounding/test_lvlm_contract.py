"""What every implementation of the `LVLM` seam promises."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.answers import parse_answer
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.providers.registry import PROVIDERS, lvlm_from_spec

from .conftest import SENTINEL, MakeRequests
from .model_server import ModelServer, description


@dataclass
class Case:
    make: Callable[[], LVLM]
    requests: list[GroundingRequest]
    hopeless: GroundingRequest
    server: ModelServer


@pytest.fixture(params=sorted(PROVIDERS))
def case(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    server: ModelServer,
    make_requests: MakeRequests,
) -> Case:
    """A provider with requests that it answers by ``description(number)``, and one it can't."""
    *requests, hopeless = make_requests(9)
    server.mood = lambda number, _before: "500" if number == 8 else "good"
    if request.param == "openai":
        return Case(
            lambda: lvlm_from_spec("openai:test-model", base_url=server.url),
            requests,
            hopeless,
            server,
        )
    path = tmp_path / "answers.jsonl"
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
    return Case(lambda: lvlm_from_spec(f"recorded:{path}"), requests, hopeless, server)


def test_identity_is_the_same_each_time_and_asks_no_one(case: Case) -> None:
    first, second = case.make(), case.make()
    for request in case.requests:
        identity = first.identity(request)
        assert identity is not None
        assert identity == second.identity(request)
        assert identity.model == "test-model"
        assert json.loads(json.dumps(dict(identity.parameters))) == identity.parameters
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


def test_many_at_once_each_get_their_own_answer(case: Case) -> None:
    async def all_of_them() -> list[str]:
        lvlm = case.make()
        try:
            answers = await asyncio.gather(*map(lvlm.ground, case.requests))
        finally:
            await lvlm.close()
        assert all(answer.model and answer.finish_reason == "stop" for answer in answers)
        return [parse_answer(answer.text).description for answer in answers]

    assert asyncio.run(all_of_them()) == [description(n) for n in range(len(case.requests))]


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


def test_closing_what_was_never_used_is_fine(case: Case) -> None:
    lvlm = case.make()
    before = repr(lvlm)
    asyncio.run(lvlm.close())
    assert repr(lvlm) == before


def test_it_shows_no_key(case: Case) -> None:
    assert SENTINEL not in repr(case.make())
