"""An LVLM that does as a test tells it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Traits

__all__ = [
    "CACHED",
    "IN",
    "MODEL",
    "OUT",
    "Behaviour",
    "FakeLVLM",
    "PaidLVLM",
    "answer",
    "charging",
    "good",
    "raising",
    "saying",
]

MODEL = "gpt-4.1-mini"
IN, CACHED, OUT = 1000, 400, 100
"""A model that is paid for, and the tokens of each of its answers."""

Behaviour = Callable[[GroundingRequest, int], Awaitable[LVLMAnswer]]


def good(request: GroundingRequest) -> str:
    """Return a sound answer, another one for each photo."""
    number = request.photo_sha256[:8]
    said = f"A brown leather boot with laces and the number {number} on its sole."
    return json.dumps({"category": "boot", "colors": ["brown"], "description": said})


def answer(request: GroundingRequest, text: str | None = None, finish: str = "stop") -> LVLMAnswer:
    return LVLMAnswer(
        good(request) if text is None else text,
        "m-2026",
        finish,
        tokens_in=10,
        tokens_cached=4,
        tokens_out=2,
        varied={"again": 1} if request.again else {},
    )


def raising(error: Exception, times: int = 1000) -> Behaviour:
    async def behaviour(request: GroundingRequest, before: int) -> LVLMAnswer:
        if before < times:
            raise error
        return answer(request)

    return behaviour


def saying(*texts: str) -> Behaviour:
    """Say these one after the other about each photo, and then what is sound."""

    async def behaviour(request: GroundingRequest, before: int) -> LVLMAnswer:
        return answer(request, texts[before] if before < len(texts) else None)

    return behaviour


@dataclass
class FakeLVLM:
    """Behaves as told by ``behaviour(request, how often it was asked about that photo before)``."""

    behaviour: Behaviour | None = None
    model: str = "m"
    traits: Traits = field(default_factory=lambda: Traits(free=True, most_tokens_out=50))
    asked: Counter[str] = field(default_factory=Counter)
    log: list[GroundingRequest] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    closed: bool = False
    busy: int = 0
    busiest: int = 0

    def identity(self, request: GroundingRequest) -> Identity | None:
        return None if request.item in self.unknown else Identity("fake", self.model, {"seed": 1})

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        before = self.asked[request.photo_sha256]
        self.asked[request.photo_sha256] += 1
        self.log.append(request)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await asyncio.sleep(0)
            if self.behaviour is None:
                return answer(request)
            return await self.behaviour(request, before)
        finally:
            self.busy -= 1

    async def close(self) -> None:
        self.closed = True


class PaidLVLM(FakeLVLM):
    """One whose answers cost what that model's do."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        model: str = MODEL,
        most_tokens_out: int | None = 100,
    ) -> None:
        traits = Traits(free=False, most_tokens_out=most_tokens_out, max_side=768)
        super().__init__(behaviour or charging, model, traits)

    def identity(self, request: GroundingRequest) -> Identity:
        return Identity("openai", self.model)


async def charging(request: GroundingRequest, _before: int) -> LVLMAnswer:
    await asyncio.sleep(0.001)
    return LVLMAnswer(good(request), MODEL, "stop", IN, CACHED, OUT)
