"""The simplest keeper: a readable answer is used, another is asked for once more."""

from __future__ import annotations

from collections.abc import Sequence

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.answers import read_answer
from vlm4rec.grounding.batch.choosing import batches_of
from vlm4rec.grounding.batch.seam import BatchLVLM
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer
from vlm4rec.grounding.providers.registry import lvlm_from_spec
from vlm4rec.grounding.questions import Question
from vlm4rec.grounding.schema import Provenance
from vlm4rec.grounding.sorting import Sorter

__all__ = ["Broken", "SimpleKeeper", "make_lvlm"]


class Broken(Exception):  # noqa: N818 - stands for a crash
    """What stands for a crash in the middle of something."""


class SimpleKeeper:
    """Keeps answers in a ledger; ``crash_at`` makes it fail at that answer."""

    def __init__(self, ledger: Ledger, lvlm: BatchLVLM, crash_at: int | None = None) -> None:
        self.ledger = ledger
        self.sorter = Sorter(lvlm, ledger, batched=True)
        self.reused = 0
        self.kept: list[LVLMAnswer] = []
        self.failed: dict[str, str] = {}
        self.crash_at = crash_at

    def sort(self, requests: Sequence[GroundingRequest]) -> list[Question]:
        found = self.sorter.sort(requests)
        self.ledger.assign((q.request.item, q.request.ordinal, q.key) for q in found.known)
        self.reused += len(found.known)
        return found.open

    def keep(
        self,
        question: Question,
        requests: Sequence[GroundingRequest],
        came: LVLMAnswer,
        cost: float | None,
    ) -> bool:
        if self.crash_at is not None and len(self.kept) >= self.crash_at:
            raise Broken
        self.kept.append(came)
        reading = read_answer(came)
        provenance = Provenance(
            provider=question.identity.provider,
            model=came.model,
            prompt_id=question.request.prompt.id,
            parameters={**question.identity.parameters, **came.varied},
            photo_sha256=question.request.photo_sha256,
            tokens_in=came.tokens_in,
            tokens_out=came.tokens_out,
            created="2026-01-01T00:00:00+00:00",
            cost=cost,
        )
        photos = [(request.item, request.ordinal) for request in requests]
        self.ledger.record(
            question.key,
            came.text,
            provenance,
            answer=reading.answer,
            reason=reading.reason,
            photos=photos,
        )
        return reading.answer is None and not question.request.again

    def fail(
        self,
        question: Question,
        requests: Sequence[GroundingRequest],
        error: LVLMError | PhotoError,
    ) -> None:
        self.failed |= {request.item: str(error) for request in requests}


def make_lvlm(provider: str, url: str) -> BatchLVLM:
    return batches_of(lvlm_from_spec(f"{provider}:test-model", base_url=url))
