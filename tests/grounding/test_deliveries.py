from __future__ import annotations

import asyncio

import pytest

from vlm4rec.grounding.providers.deliveries import Deliveries
from vlm4rec.grounding.providers.failures import SentTwiceError


class Connection:
    """What the HTTP library gives for a connection."""

    def __init__(self) -> None:
        self.closed = False

    async def aclose(self) -> None:
        self.closed = True


class Response:
    """A response that came over a connection."""

    def __init__(self, content: bytes, connection: Connection | None) -> None:
        self.content = content
        self.extensions = {} if connection is None else {"network_stream": connection}


def closed(connection: Connection) -> bool:
    return connection.closed


def check(deliveries: Deliveries, content: bytes, connection: Connection | None) -> bool:
    """Tell whether an answer, whose id is its content, is let through."""
    id_ = content.decode()
    try:
        asyncio.run(deliveries.check(Response(content, connection), id_))
    except SentTwiceError:
        return False
    return True


def test_an_answer_that_comes_again_ends_the_connection() -> None:
    deliveries, connection, another = Deliveries(), Connection(), Connection()
    assert check(deliveries, b"1", connection)
    assert check(deliveries, b"2", connection)
    assert check(deliveries, b"1", another)
    assert not closed(connection)
    assert not check(deliveries, b"2", connection)
    assert closed(connection)
    assert not closed(another)


def test_it_goes_on_looking_after_it_found_one() -> None:
    deliveries = Deliveries()
    for name in (b"1", b"2"):
        connection = Connection()
        assert check(deliveries, name, connection)
        assert not check(deliveries, name, connection)


def test_a_server_whose_answers_are_all_alike_is_left_alone() -> None:
    deliveries, connection = Deliveries(), Connection()
    assert check(deliveries, b"1", connection)
    assert not check(deliveries, b"1", connection)
    another = Connection()
    assert all(check(deliveries, b"1", another) for _ in range(5))
    assert not closed(another)


@pytest.mark.parametrize("connection", [None, Connection()])
def test_what_can_not_be_told_apart_is_let_through(connection: Connection | None) -> None:
    deliveries = Deliveries()
    for _ in range(3):
        assert check(deliveries, b"", connection)
    if connection is None:
        assert check(deliveries, b"1", None)
        assert check(deliveries, b"1", None)
