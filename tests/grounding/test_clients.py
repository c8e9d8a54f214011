"""Several clients of one server."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.providers.clients import Clients
from vlm4rec.grounding.providers.openai import OpenAILVLM

from .conftest import MakeRequests
from .model_server import ModelServer


class Fake:
    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


def opening() -> tuple[Clients, list[Fake]]:
    opened: list[Fake] = []

    def open_() -> Fake:
        opened.append(Fake())
        return opened[-1]

    return Clients(open_), opened


def test_calls_one_after_the_other_have_one_client() -> None:
    clients, opened = opening()
    for _ in range(100):
        with clients.one() as client:
            assert client is opened[0]
    assert clients.first is opened[0]
    assert len(opened) == 1


def test_calls_are_spread_evenly_over_few_clients() -> None:
    clients, opened = opening()
    with contextlib.ExitStack() as calls:
        held = [calls.enter_context(clients.one()) for _ in range(64)]
        assert {held.count(each) for each in opened} == {4}
        calls.pop_all().close()
        held = [calls.enter_context(clients.one()) for _ in range(64)]
        assert {held.count(each) for each in opened} == {4}
    assert len(opened) == 16


def test_a_thousand_calls_share_a_bounded_number_of_clients() -> None:
    clients, opened = opening()
    with contextlib.ExitStack() as calls:
        held = [calls.enter_context(clients.one()) for _ in range(1024)]
    assert {held.count(each) for each in opened} == {1024 // len(opened)}
    assert len(opened) == 32


def test_a_call_that_fails_gives_its_place_back() -> None:
    clients, opened = opening()
    for _ in range(10):
        with pytest.raises(KeyError), clients.one():
            raise KeyError
    assert len(opened) == 1


def test_all_are_closed_and_opened_anew_when_wanted() -> None:
    clients, opened = opening()
    with contextlib.ExitStack() as calls:
        for _ in range(6):
            calls.enter_context(clients.one())
    asyncio.run(clients.close())
    assert [each.closed for each in opened] == [True, True]
    assert not clients.first.closed
    assert len(opened) == 3


def test_a_client_that_can_not_be_opened_is_tried_again() -> None:
    def refusing() -> Fake:
        raise LVLMError("No key.", fatal=True)

    clients = Clients(refusing)
    for _ in range(2):
        with pytest.raises(LVLMError), clients.one():
            pass


def test_many_calls_at_once_through_the_official_client(
    server: ModelServer, make_requests: MakeRequests
) -> None:
    server.latency = 0.02
    requests = make_requests(100)

    async def all_at_once() -> list[str]:
        lvlm = OpenAILVLM("test-model", base_url=server.url)
        answers = await asyncio.gather(*(lvlm.ground(request) for request in requests))
        await lvlm.close()
        return [answer.text for answer in answers]

    texts = asyncio.run(all_at_once())
    assert len(set(texts)) == len(server.log) == 100
