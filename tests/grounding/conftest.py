from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from vlm4rec.grounding.asking import Clock
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.prompts import DEFAULT_PROMPT
from vlm4rec.storage import file_hash

from .model_server import ModelServer, colour_of

SENTINEL = "sk-sentinel-4f0c7e"
"""A key that must turn up in the requests to the server and nowhere else."""

MakeRequests = Callable[[int], list[GroundingRequest]]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENAI_BASE_URL",
        "OPENAI_ORG_ID",
        "OPENAI_ADMIN_KEY",
        "OPENAI_CUSTOM_HEADERS",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_CUSTOM_HEADERS",
        "ANTHROPIC_PROFILE",
        "GEMINI_API_KEY",
        "OPENROUTER_API_KEY",
        "VLM4REC_PRICES",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", SENTINEL)
    monkeypatch.setenv("ANTHROPIC_API_KEY", SENTINEL)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def make_requests(tmp_path: Path) -> MakeRequests:
    """Make requests for so many items, whose photos the server can tell apart."""
    folder = tmp_path / "photos"
    folder.mkdir()

    def make(count: int) -> list[GroundingRequest]:
        requests = []
        for number in range(count):
            path = folder / f"{number:04}.png"
            Image.new("RGB", (24, 16), colour_of(number)).save(path)
            requests.append(
                GroundingRequest(f"item{number:04}", str(path), file_hash(path), DEFAULT_PROMPT)
            )
        return requests

    return make


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


@pytest.fixture
def naps() -> list[float]:
    """The waits that the clock was asked for."""
    return []


@pytest.fixture
def clock(naps: list[float]) -> Clock:
    """A clock that waits for nothing, and always draws the longest wait."""

    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        naps.append(seconds)
        now = max(now, now + seconds)
        await asyncio.sleep(0)

    return Clock(sleep=sleep, draw=lambda: 1.0, monotonic=lambda: now)
