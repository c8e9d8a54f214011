"""What every batch API must do: submit, find, tell, collect, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.batch.seam import BatchFile, BatchLVLM, Sought
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer

from ..conftest import MakeRequests
from .batch_server import BatchServer
from .simple_keeper import make_lvlm

Check = Callable[[BatchLVLM], Coroutine[object, object, None]]


@asynccontextmanager
async def opened(provider: str, server: BatchServer) -> AsyncIterator[BatchLVLM]:
    lvlm = make_lvlm(provider, server.url(provider))
    try:
        yield lvlm
    finally:
        await lvlm.close()


@pytest.fixture
def check(provider: str, batch_server: BatchServer) -> Callable[[Check], None]:
    """Run a check with an LVLM in an event loop."""

    def run(body: Check) -> None:
        async def go() -> None:
            async with opened(provider, batch_server) as lvlm:
                await body(lvlm)

        asyncio.run(go())

    return run


def packed(lvlm: BatchLVLM, path: Path, requests: list[GroundingRequest]) -> BatchFile:
    keys = []
    for request in requests:
        identity = lvlm.identity(request)
        assert identity is not None
        keys.append(identity.key(request))
    lines = [lvlm.line(key, request) for key, request in zip(keys, requests, strict=True)]
    content = b"".join(line + b"\n" for line in lines)
    assert content.count(b"\n") == len(requests)
    path.write_bytes(content)
    return BatchFile(path, tuple(keys), len(content))


def sought(file: BatchFile, taken: frozenset[str] = frozenset(), id_: str = "ours") -> Sought:
    return Sought(id_, datetime.now(UTC), frozenset(file.keys), taken)


def test_it_goes_there_and_back(
    check: Callable[[Check], None],
    provider: str,
    batch_server: BatchServer,
    make_requests: MakeRequests,
    tmp_path: Path,
) -> None:
    moods = ["good", "error", "bad", "expired", "cancelled"]
    batch_server.mood = lambda number, _before: moods[number]
    batch_server.looks = 1

    async def body(lvlm: BatchLVLM) -> None:
        assert lvlm.provider == provider
        file = packed(lvlm, tmp_path / "b.jsonl", make_requests(5))
        assert await lvlm.find(sought(file)) is None
        remote = await lvlm.submit("ours", file)
        assert await lvlm.find(sought(file)) == remote
        assert (await lvlm.state(remote)).phase == "waiting"
        assert await lvlm.find(sought(file)) == remote
        state = await lvlm.state(remote)
        assert state.phase == "ended"
        assert state.total == 5
        came = {key: result async for key, result in lvlm.collect(remote)}
        assert set(came) == set(file.keys)
        good, *failed = (came[key] for key in file.keys)
        assert isinstance(good, LVLMAnswer)
        assert all(isinstance(error, LVLMError) for error in failed)
        retried = [error.retryable for error in failed if isinstance(error, LVLMError)]
        assert retried == [True, False, True, False]

    check(body)


def test_only_ours_is_found(
    check: Callable[[Check], None],
    provider: str,
    batch_server: BatchServer,
    make_requests: MakeRequests,
    tmp_path: Path,
) -> None:
    async def body(lvlm: BatchLVLM) -> None:
        requests = make_requests(6)
        file = packed(lvlm, tmp_path / "a.jsonl", requests[:3])
        other = packed(lvlm, tmp_path / "b.jsonl", requests[3:])
        smaller = packed(lvlm, tmp_path / "c.jsonl", requests[3:5])
        batch_server.looks = -1  # all are over at once
        await lvlm.submit("other", other)
        await lvlm.submit("smaller", smaller)
        assert await lvlm.find(sought(file)) is None
        remote = await lvlm.submit("ours", file)
        await lvlm.submit("another", other)
        assert await lvlm.find(sought(file)) == remote
        if provider == "anthropic":
            assert await lvlm.find(sought(file, frozenset({remote}))) is None
        late = Sought(
            "ours", datetime.now(UTC) + timedelta(days=3), frozenset(file.keys), frozenset()
        )
        assert await lvlm.find(late) is None

    check(body)


def test_unknown_and_cancelled(
    check: Callable[[Check], None],
    batch_server: BatchServer,
    make_requests: MakeRequests,
    tmp_path: Path,
) -> None:
    async def body(lvlm: BatchLVLM) -> None:
        assert (await lvlm.state("batch_99")).phase == "unknown"
        remote = await lvlm.submit("ours", packed(lvlm, tmp_path / "b.jsonl", make_requests(1)))
        await lvlm.cancel(remote)
        assert batch_server.batches[0].fate == "cancelled"

    check(body)


@pytest.mark.parametrize(
    ("fault", "charged"),
    [
        *(("400", False), ("413", False), ("429", False), ("529", False)),
        *(("500", True), ("502", True), ("reset", True), ("after reset", True)),
    ],
)
def test_it_says_whether_a_batch_may_have_arrived(
    check: Callable[[Check], None],
    batch_server: BatchServer,
    make_requests: MakeRequests,
    tmp_path: Path,
    fault: str,
    charged: bool,
) -> None:
    batch_server.fault = lambda what, _times: fault if what == "create" else ""

    async def body(lvlm: BatchLVLM) -> None:
        file = packed(lvlm, tmp_path / "b.jsonl", make_requests(1))
        with pytest.raises(LVLMError) as caught:
            await lvlm.submit("ours", file)
        assert caught.value.charged is charged

    check(body)


def test_who_can_not_be_reached_has_got_nothing(
    provider: str, make_requests: MakeRequests, tmp_path: Path
) -> None:
    async def go() -> None:
        url = "http://127.0.0.1:9" + ("/v1" if provider == "openai" else "")
        lvlm = make_lvlm(provider, url)
        with pytest.raises(LVLMError) as caught:
            await lvlm.submit("ours", packed(lvlm, tmp_path / "b.jsonl", make_requests(1)))
        await lvlm.close()
        assert caught.value.retryable
        assert not caught.value.charged

    asyncio.run(go())
