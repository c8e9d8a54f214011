"""When another batch may be submitted: the provider may be full, and the money set aside."""

from __future__ import annotations

from datetime import datetime, timedelta

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.batch.patience import Patience
from vlm4rec.grounding.batch.seam import BatchLimits, BatchState

__all__ = ["Room"]

_SMALL = 20
"""Requests; if the provider has no room for a batch so small, it is full of other things."""


class Room:
    """Learns from what the provider refuses how much it takes at a time.

    Parameters
    ----------
    limits
        How much a batch may hold; made narrower where that is too much.
    patience
        How long to wait before a batch is offered again.
    """

    def __init__(self, limits: BatchLimits, patience: Patience) -> None:
        self.limits = limits
        self.patience = patience
        self.poor = False
        self._places: int | None = None
        self._others: dict[str, int] = {}
        self._rest_until: datetime | None = None
        self._rests = 0

    def full(self, under_way: int) -> bool:
        """Tell whether it is too early for another batch beside so many."""
        if self.poor or (self._places is not None and under_way >= self._places):
            return True
        return self._rest_until is not None and self.patience.now() < self._rest_until

    def offered(self, job_id: str, others: int) -> None:
        """Take down that a batch was offered while so many others were under way."""
        self._others[job_id] = others

    def taken(self) -> None:
        """Take down that the provider took a batch."""
        self._rest_until, self._rests = None, 0

    def ended(self) -> None:
        """Take down that a batch is over, and its money in order."""
        self.taken()
        self.poor = False

    def busy(self, error: LVLMError, under_way: int) -> None:
        """Take down that the provider had no time for a batch; offer it again after a while.

        Raises
        ------
        LVLMError
            The same, if that is of no use.
        """
        if not error.retryable or (self._rests + 1 >= self.patience.tries and not under_way):
            raise error
        wait = max(self.patience.full(self._rests), error.retry_after or 0.0)
        self._rest_until = self.patience.now() + timedelta(seconds=wait)
        self._rests += 1

    def refused(self, job_id: str, size: int, state: BatchState) -> None:
        """Take down that a batch was refused as a whole.

        If there was too much beside it, less is submitted at a time; if it was too much by
        itself, the next ones are half as large.

        Raises
        ------
        LVLMError
            If it would be refused again.
        """
        others = self._others.get(job_id, 1)
        if not state.crowded or (not others and size < _SMALL):
            raise LVLMError(f"A batch was refused: {state.message}", state.remedy)
        if others:
            self._places = min(others, self._places or others)
        else:
            self.limits = self.limits.within(BatchLimits(size // 2, self.limits.bytes))
