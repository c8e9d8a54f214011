"""The rows of the ledger's tables: what each column holds."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vlm4rec.grounding.schema import Answer, Grounding, Provenance
from vlm4rec.storage import content_hash

__all__ = [
    "COLUMNS",
    "GROUNDING",
    "LedgerCounts",
    "flags_of",
    "grounding_of",
    "provenance_row",
    "storable",
    "wording",
]

COLUMNS = ("key", "answer", "flags", *Provenance.model_fields)
"""The columns of the table of answers that make a grounding."""

GROUNDING = "SELECT " + ", ".join(f"answers.{name}" for name in COLUMNS)
"""How a query for groundings begins."""


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """How much a ledger holds.

    Parameters
    ----------
    answers
        Usable answers, those of earlier prompts and models included.
    invalid
        Answers that came and could not be used, or were not good enough.
    photos, items
        Photos, and items, that have a current grounding.
    failures
        Photos whose last try failed.
    tokens_in, tokens_cached, tokens_out
        What all answers took, usable or not, as far as the servers said.
    cost
        The same in US dollars, as far as prices were known.
    flagged
        Usable answers in which the quality gates found something.
    """

    answers: int
    invalid: int
    photos: int
    items: int
    failures: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost: float
    flagged: int


@lru_cache(maxsize=256)
def wording(description: str) -> str:
    """Return a short hash of what a description says, whatever its case, signs and spaces.

    >>> wording("A red dress.") == wording("a red  dress")
    True
    """
    return content_hash(re.sub(r"\W+", " ", description.casefold()).strip())[:32]


def flags_of(stored: str | None) -> tuple[str, ...] | None:
    """Read the names of flags, None where nobody has looked."""
    return None if stored is None else tuple(json.loads(stored))


def grounding_of(row: Sequence[Any]) -> Grounding:
    """Rebuild a grounding; its provenance was validated when it was written.

    Raises
    ------
    ValueError
        If the row is damaged.
    """
    key, answer, flags, *provenance = row[: len(COLUMNS)]
    values = dict(zip(Provenance.model_fields, provenance, strict=True))
    values["parameters"] = json.loads(values["parameters"])
    return Grounding.model_construct(
        key=key,
        answer=Answer.model_validate_json(answer),
        provenance=Provenance.model_construct(**values),
        flags=flags_of(flags),
    )


def provenance_row(provenance: Provenance) -> tuple[object, ...]:
    """Return the values of a provenance as the table holds them."""
    values = provenance.model_dump()
    values["parameters"] = json.dumps(values["parameters"], sort_keys=True)
    return tuple(storable(v) if isinstance(v, str) else v for v in values.values())


def storable(text: str) -> str:
    """Replace lone surrogates, which JSON can spell and SQLite can't store."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
