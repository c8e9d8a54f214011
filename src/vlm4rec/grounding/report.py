"""What a grounding run did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from vlm4rec.errors import LVLMError
from vlm4rec.problems import Problem

__all__ = ["GroundingReport"]


@dataclass(slots=True)
class GroundingReport:
    """What a run did.

    Parameters
    ----------
    asked
        Photos that the LVLM was asked about, each counted once however often it was tried.
    retried
        Tries beyond the first of each.
    grounded
        Photos that got a new grounding; items that share a photo count one each.
    reused
        Photos whose answer was in the ledger already.
    unavailable
        Photos that this LVLM can't be asked about, such as those without a record.
    failed
        A problem for each photo that was tried and got no grounding.
    tokens_in, tokens_cached, tokens_out
        What the answers took, usable or not, as far as the server said.
    stopped_by
        Why the run ended before all was done, empty if it did not.
    error
        What the model's server said, where that stopped the run.
    """

    asked: int = 0
    retried: int = 0
    grounded: int = 0
    reused: int = 0
    unavailable: int = 0
    failed: list[Problem] = field(default_factory=list)
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    stopped_by: Literal["", "limit", "interrupt", "error"] = ""
    error: LVLMError | None = None

    @property
    def done(self) -> int:
        """Photos that the run is through with, in whatever way."""
        return self.grounded + self.reused + self.unavailable + len(self.failed)
