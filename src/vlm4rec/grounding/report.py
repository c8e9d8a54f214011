"""What a grounding run is told, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from vlm4rec.errors import DataError, LVLMError
from vlm4rec.grounding.batch.report import BatchReport
from vlm4rec.grounding.money.prices import PriceTable
from vlm4rec.grounding.quality.policy import Policy
from vlm4rec.problems import Problem

__all__ = ["GroundingReport", "RunOptions", "StoppedBy"]

StoppedBy = Literal["", "limit", "budget", "interrupt", "error", "not-waiting"]
"""Why a run ended before all was done, empty if it did not."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes about its work.

    Parameters
    ----------
    concurrency
        Calls under way at once, at most; the run finds the level that the server can take.
    retries
        How often a photo is asked about again when no answer came and that may help.
    limit
        How many photos to ask about at most.
    again
        Ask once more about photos that were answered twice and never well enough.
    requests_per_minute, tokens_per_minute
        Limits to keep to, as of an account with a provider.
    budget
        US dollars that may be spent. No call goes out that might pass it.
    prices
        What models cost.
    policy
        What is done about an answer in which the quality gates find something.

    Raises
    ------
    DataError
        If a number can't be meant.
    """

    concurrency: int = 64
    retries: int = 4
    limit: int | None = None
    again: bool = False
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    budget: float | None = None
    prices: PriceTable = field(default_factory=PriceTable.load)
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise DataError(f"concurrency is {self.concurrency}.", "Give 1 or more.")
        for name in ("retries", "limit"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise DataError(f"{name} is {value}.", "Give 0 or more.")
        for name in ("requests_per_minute", "tokens_per_minute", "budget"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise DataError(f"{name} is {value}.", "Give a number above 0.")


@dataclass(slots=True)
class GroundingReport:
    """What a run did.

    Parameters
    ----------
    asked
        Photos that the LVLM was asked about, each counted once however often it was tried.
    again
        Photos asked about a second time, since the first answer was not good enough.
    retried
        Calls made again since no answer came.
    grounded
        Photos that got a new grounding; items that share a photo count one each.
    reused
        Photos whose answer was in the ledger already.
    unavailable
        Photos that this LVLM can't be asked about, such as those without a record.
    given_up
        Photos not asked about, since they were answered twice before and never well enough.
    waiting
        Photos that wait in a batch at the provider, or of which another waits that is the same.
    failed
        A problem for each photo that was tried and got no grounding.
    silent
        How many of these got no answer, as in an earlier run.
    flags
        How many of the new groundings have each flag of the quality gates.
    flagged
        How many of the new groundings have any.
    tokens_in, tokens_cached, tokens_out
        What the answers took, usable or not, as far as the server said.
    spent
        What the answers cost in US dollars, as far as prices are known.
    uncertain
        US dollars, at most, of calls whose answer got lost and may have been charged.
    unpriced
        Answers of which nobody knows what they cost.
    stopped_by
        Why the run ended before all was done, empty if it did not.
    error
        What the model's server said, where that stopped the run.
    batch
        What became of batches, in a run that used them.
    """

    asked: int = 0
    again: int = 0
    retried: int = 0
    grounded: int = 0
    reused: int = 0
    unavailable: int = 0
    given_up: int = 0
    waiting: int = 0
    failed: list[Problem] = field(default_factory=list)
    silent: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    spent: float = 0.0
    uncertain: float = 0.0
    unpriced: int = 0
    stopped_by: StoppedBy = ""
    error: LVLMError | None = None
    batch: BatchReport | None = None

    def count(self, flags: Sequence[str], photos: int) -> None:
        """Count photos that got a new grounding with these flags."""
        self.grounded += photos
        self.flagged += photos if flags else 0
        for flag in flags:
            self.flags[flag] += photos

    @property
    def done(self) -> int:
        """Photos that the run is through with, in whatever way."""
        return self.grounded + self.reused + self.unavailable + self.given_up + len(self.failed)
