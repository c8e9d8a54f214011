from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vlm4rec.grounding.batch.patience import Patience
from vlm4rec.grounding.batch.report import BatchReport
from vlm4rec.grounding.batch.runner import run_batches
from vlm4rec.grounding.batch.seam import BatchLVLM
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest

from ..conftest import SENTINEL
from .batch_server import BatchServer
from .simple_keeper import SimpleKeeper, make_lvlm

PROVIDERS = ("openai", "anthropic")


@pytest.fixture(autouse=True)
def more_environment(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SENTINEL)


@pytest.fixture
def batch_server() -> Iterator[BatchServer]:
    server = BatchServer()
    yield server
    server.close()


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Time:
    """Passes as fast as anybody sleeps."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)
        self.naps: list[float] = []

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.naps.append(seconds)
        self.moment += timedelta(seconds=seconds)


@dataclass
class Shop:
    """A ledger and what runs against it, each run with objects of its own."""

    path: Path
    url: str
    provider: str
    time: Time = field(default_factory=Time)
    keeper: SimpleKeeper = field(init=False)
    wrap: Callable[[BatchLVLM], BatchLVLM] = lambda lvlm: lvlm
    crash_at: int | None = None

    def run(self, requests: list[GroundingRequest], **options: object) -> BatchReport:
        """Run in a new event loop, with a new connection to the same ledger."""
        patience = Patience(tries=12, sleep=self.time.sleep, now=self.time.now)

        async def go() -> BatchReport:
            lvlm = make_lvlm(self.provider, self.url)
            with Ledger.open(self.path) as ledger:
                self.keeper = SimpleKeeper(ledger, lvlm, self.crash_at)
                try:
                    given = {"keeper": self.keeper, "patience": patience, "trial": False, **options}
                    return await run_batches(
                        requests,
                        self.wrap(lvlm),
                        ledger,
                        **given,  # type: ignore[arg-type]
                    )
                finally:
                    await lvlm.close()

        return asyncio.run(go())

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with Ledger.open(self.path) as ledger:
            return list(ledger.rows(sql))

    def grounded(self) -> int:
        """Count the items that have a grounding."""
        with Ledger.open(self.path) as ledger:
            return ledger.counts().items


@pytest.fixture
def shop(tmp_path: Path, batch_server: BatchServer, provider: str) -> Shop:
    return Shop(tmp_path / "ledger.sqlite", batch_server.url(provider), provider)
