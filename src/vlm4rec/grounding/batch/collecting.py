"""Collecting what came of a batch: answers are kept as they are read, errors at the end."""

from __future__ import annotations

import itertools
from contextlib import aclosing

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.batch.desk import Desk
from vlm4rec.grounding.batch.jobs import Job
from vlm4rec.grounding.batch.patience import Waiter
from vlm4rec.grounding.batch.seam import BatchLVLM, BatchState
from vlm4rec.grounding.lvlm import LVLMAnswer

__all__ = ["Collector"]

_GROUP = 100
"""Answers a commit."""

_DOWNLOADS = 4
"""How often results are read that are fewer than the provider says there are."""


class Collector:
    """Reads the results of batches.

    Parameters
    ----------
    lvlm
        From whom.
    desk
        Where they are booked.
    waiter
        Waits between tries.
    """

    def __init__(self, lvlm: BatchLVLM, desk: Desk, waiter: Waiter) -> None:
        self.lvlm = lvlm
        self.desk = desk
        self.waiter = waiter

    async def collect(self, job: Job, remote: str, state: BatchState) -> bool:
        """Book all that came of a batch that is over; False if it turns out not to be ours.

        Reading it again, after a crash or a broken download, does no harm: what is booked
        does not wait any more.

        Raises
        ------
        LVLMError
            If the results can't be had.
        """
        keys = self.desk.jobs.keys(job)
        errors: dict[str, LVLMError] = {}
        for tried in itertools.count(1):
            seen = await self.waiter.patiently(lambda: self._read(job, remote, errors))
            if seen and not seen & keys:
                return False
            if len(seen) >= state.done + state.failed or tried >= _DOWNLOADS:
                break
            await self.waiter.pause(self.waiter.patience.wait(tried))
        self._book_the_rest(job, errors, _missing(state))
        return True

    async def _read(self, job: Job, remote: str, errors: dict[str, LVLMError]) -> set[str]:
        """Read the results once, keeping the answers; return the keys they came for."""
        seen: set[str] = set()
        group: dict[str, LVLMAnswer] = {}
        async with aclosing(self.lvlm.collect(remote)) as results:
            async for key, came in results:
                seen.add(key)
                if isinstance(came, LVLMError):
                    errors.setdefault(key, came)
                    continue
                group.setdefault(key, came)
                if len(group) >= _GROUP:
                    self.desk.keep(job, group)
                    group = {}
        self.desk.keep(job, group)
        return seen

    def _book_the_rest(self, job: Job, errors: dict[str, LVLMError], missing: LVLMError) -> None:
        """Book an error for all that still wait: the one that came, or that nothing came."""
        rest = {one.key: errors.get(one.key, missing) for one in self.desk.claimed(job)}
        self.desk.fail(job, rest)
        if not self.desk.jobs.collected(job):
            self._forget_answered(job)
        fatal = next((error for error in rest.values() if error.fatal), None)
        if fatal is not None:
            raise fatal

    def _forget_answered(self, job: Job) -> None:
        """Close it, too, if all that waits in it was answered on another way meanwhile."""
        jobs = self.desk.jobs
        waiting = [one.key for one in jobs.pending(job)]
        jobs.mark(job, jobs.ledger.known(waiting), "over")
        jobs.collected(job)


def _missing(state: BatchState) -> LVLMError:
    if state.phase == "cancelled":
        return LVLMError("The batch was cancelled.", "Run the same command again.")
    return LVLMError("The batch ended without an answer.", retryable=True, charged=True)
