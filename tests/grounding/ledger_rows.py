"""What tests put into a ledger."""

from __future__ import annotations

from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.schema import Answer, Provenance

__all__ = ["ANSWER", "provenance", "record"]

ANSWER = Answer(category="boot", colors=("brown",), description="A brown boot.")


def provenance(photo: str = "p1", prompt_id: str = "paper-v1", **more: object) -> Provenance:
    fields = {
        "provider": "openai",
        "model": "m-2026",
        "prompt_id": prompt_id,
        "parameters": {"max_side": 768, "temperature": 0.5, "detail": None},
        "photo_sha256": photo,
        "finish_reason": "stop",
        "tokens_in": 100,
        "tokens_cached": 10,
        "tokens_out": 20,
        "seconds": 1.5,
        "created": "2026-01-02T03:04:05+00:00",
        **more,
    }
    return Provenance.model_validate(fields)


def record(ledger: Ledger, key: str, *photos: tuple[str, int], **more: object) -> None:
    ledger.record(key, "raw", provenance(**more), answer=ANSWER, photos=photos)  # type: ignore[arg-type]
