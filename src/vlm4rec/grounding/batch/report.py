"""What a run with batches did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vlm4rec.errors import LVLMError

__all__ = ["BatchReport"]


@dataclass(slots=True)
class BatchReport:
    """What a run with batches did, and what is under way.

    All counts but ``batches`` are of requests; a photo that several items share is one.

    Parameters
    ----------
    submitted
        Handed over in this run, each as often as it was.
    batches
        Batches that were submitted in this run.
    found
        Batches that had arrived though the run that submitted them was not told.
    collected
        Answers that came and are kept.
    at_once
        Those of them that were asked for at once, at full price.
    again
        Those of them that were not good enough and are asked for once more.
    returned
        Went back in line: the provider failed them, or ran out of time.
    failed
        Given up in this run.
    waiting
        At the provider now.
    processed
        Those of them that it is through with, by its own count.
    left
        Not handed over.
    unclaimed
        Waiting in batches, but not among the photos of this run.
    cost
        What the answers cost in US dollars, as far as prices are known.
    unpriced
        Answers whose price is not known.
    stopped_by
        Why the run ended before all was done, empty if it did not.
    error
        What stopped it.
    """

    submitted: int = 0
    batches: int = 0
    found: int = 0
    collected: int = 0
    at_once: int = 0
    again: int = 0
    returned: int = 0
    failed: int = 0
    waiting: int = 0
    processed: int = 0
    left: int = 0
    unclaimed: int = 0
    cost: float = 0.0
    unpriced: int = 0
    stopped_by: Literal["", "not-waiting", "budget", "interrupt", "error"] = ""
    error: LVLMError | None = None
