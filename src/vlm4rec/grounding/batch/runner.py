"""Grounding by batches: submit, wait, collect, and submit again what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.batch.collecting import Collector
from vlm4rec.grounding.batch.desk import Desk
from vlm4rec.grounding.batch.jobs import Job, Jobs
from vlm4rec.grounding.batch.keeping import BatchKeeper, BatchTill, NoTill
from vlm4rec.grounding.batch.packing import Packed, pack, scratch
from vlm4rec.grounding.batch.patience import Interrupted, Patience, Waiter
from vlm4rec.grounding.batch.report import BatchReport
from vlm4rec.grounding.batch.room import Room
from vlm4rec.grounding.batch.seam import BatchFile, BatchLimits, BatchLVLM, BatchState, Sought
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.questions import Question

__all__ = ["run_batches"]

_KEPT = timedelta(days=28)
"""A batch that is older, and that the provider does not know any more, is given up."""

_PATIENCE = Patience()
_NO_TILL = NoTill()


def no_progress(_report: BatchReport) -> None:
    """Tell nobody."""


async def run_batches(
    requests: Iterable[GroundingRequest],
    lvlm: BatchLVLM,
    ledger: Ledger,
    keeper: BatchKeeper,
    *,
    till: BatchTill = _NO_TILL,
    limits: BatchLimits | None = None,
    wait: bool = True,
    trial: bool = True,
    patience: Patience = _PATIENCE,
    stop: asyncio.Event | None = None,
    progress: Callable[[BatchReport], None] = no_progress,
) -> BatchReport:
    """Have photos described by a batch API, those that have no answer and wait in no batch.

    First it looks for what earlier runs left behind: batches that may have arrived though the
    run was cut short, and those that have ended since. Then it submits the rest. A request that
    the provider failed, or had no time for, goes back in line. Nothing that may have been
    submitted is submitted again before it is known that it was not, or came to nothing.

    Parameters
    ----------
    requests
        The photos, the most important first.
    lvlm
        Whom to ask; it is left open.
    ledger
        Where batches and answers are and go.
    keeper
        Who sorts requests and keeps answers.
    till
        Who knows prices and keeps the budget.
    limits
        How much a batch may hold, if less than the provider takes.
    wait
        Wait for the answers; otherwise return once everything is submitted.
    trial
        Ask about the first photo at once, so that the LVLM learns what the model takes: one that
        takes no schema, or no temperature, would refuse a whole batch, hours later.
    patience
        How long to wait for what.
    stop
        When it is set, it waits no longer. What is submitted goes on at the provider, and the
        next run collects it.
    progress
        Called with the report, as far as it is, when something has happened.

    Raises
    ------
    ShopError
        If the ledger can't be written.
    GroundingError
        If a batch file can't be written. An error of the provider is in the report.
    """
    stop = stop or asyncio.Event()
    room = Room(lvlm.limits.within(limits) if limits else lvlm.limits, patience)
    report = BatchReport()
    jobs = Jobs(ledger, lvlm.provider, lvlm.model, patience.now)
    desk = Desk(lvlm, jobs, keeper, till, report, patience.returns)
    run = _Run(lvlm, desk, room, Waiter(patience, stop), progress, untried=trial)
    try:
        await run.go(requests, wait=wait)
    except Interrupted:
        report.stopped_by = "interrupt"
    except LVLMError as error:
        report.stopped_by, report.error = "error", error
    run.tally()
    return report


class _Run:
    """One loop that looks after batches and submits, one after the other."""

    def __init__(
        self,
        lvlm: BatchLVLM,
        desk: Desk,
        room: Room,
        waiter: Waiter,
        progress: Callable[[BatchReport], None],
        *,
        untried: bool,
    ) -> None:
        self.lvlm = lvlm
        self.desk = desk
        self.jobs = desk.jobs
        self.report = desk.report
        self.room = room
        self.waiter = waiter
        self.progress = progress
        self.untried = untried
        self.collector = Collector(lvlm, desk, waiter)
        self.open: list[Job] = []
        self.states: dict[str, BatchState] = {}
        self.sought: dict[str, datetime] = {}

    async def go(self, requests: Iterable[GroundingRequest], *, wait: bool) -> None:
        self.open = self.desk.take(requests)
        looks = 0
        while True:
            happened = await self._look_after()
            happened |= await self._submit()
            self.tally()
            self.progress(self.report)
            if self._stay_away(wait) or not (self.open or self.desk.line):
                return
            looks = 0 if happened else looks + 1
            if not happened or not self.desk.line:
                await self.waiter.pause(self.waiter.patience.wait(looks))

    def tally(self) -> None:
        """Count what is under way."""
        self.report.left = len(self.desk.line)
        self.report.waiting = sum(len(self.desk.claimed(job)) for job in self.open)
        here = [self.states[job.id] for job in self.open if job.id in self.states]
        self.report.processed = sum(state.done + state.failed for state in here)

    def _stay_away(self, wait: bool) -> bool:
        """Tell whether there is nothing to do, or nothing that this run is to wait for."""
        if self.room.poor and not self.open:
            self.report.stopped_by = "budget"
            return True
        unsure = any(job.remote is None for job in self.open)
        stuck = not self.desk.line or (bool(self.open) and self.room.full(len(self.open)))
        if wait or unsure or not stuck:
            return False
        self.report.stopped_by = "not-waiting" if self.open else ""
        return True

    async def _look_after(self) -> bool:
        """See how each open batch is; tell whether anything came of one."""
        happened = False
        for job in list(self.open):
            if self.waiter.stop.is_set():
                raise Interrupted
            if job.remote is None:
                happened |= await self._seek(job)
            else:
                happened |= await self._check(job, job.remote)
        return happened

    async def _seek(self, job: Job) -> bool:
        """Find out whether a batch arrived whose submission was cut short."""
        # What is under way to the provider while we look may be listed a little later.
        looked = self.waiter.patience.now()
        first = self.sought.setdefault(job.id, looked)
        sought = Sought(job.id, job.created, self.jobs.keys(job), self.jobs.remotes())
        remote = await self.waiter.patiently(lambda: self.lvlm.find(sought))
        if remote is not None:
            self._note(job, remote)
            self.report.found += 1
            return True
        if (looked - first).total_seconds() < self.waiter.patience.settle:
            return False
        self._drop(job, "lost", "It did not arrive.")
        return True

    async def _check(self, job: Job, remote: str) -> bool:
        state = await self.waiter.patiently(lambda: self.lvlm.state(remote))
        self.states[job.id] = state
        if state.phase == "waiting":
            return False
        if state.phase == "failed":
            self._failed(job, state)
        elif state.phase == "unknown":
            self._unknown(job, remote)
        elif await self.collector.collect(job, remote, state):
            self._close(job)
        else:  # it was a guess, and a wrong one
            self.jobs.unknown_again(job)
            self.open[self.open.index(job)] = Job(job.id, None, job.created)
        return True

    def _failed(self, job: Job, state: BatchState) -> None:
        """Put a batch that was refused as a whole back in line, or end the run for it."""
        size = len(self.jobs.pending(job))
        self._drop(job, "refused", state.message)
        self.room.refused(job.id, size, state)

    def _unknown(self, job: Job, remote: str) -> None:
        if self.waiter.patience.now() - job.created < _KEPT:
            raise LVLMError(
                f"The provider knows no batch {remote}, which was submitted on "
                f"{job.created:%Y-%m-%d}.",
                "Use the key and the address that it was submitted with.",
                fatal=True,
            )
        self._drop(job, "lost", "Its results were not collected in time.", charged=True)

    def _drop(
        self, job: Job, state: Literal["refused", "lost"], note: str, *, charged: bool = False
    ) -> None:
        self.desk.put_back(self.jobs.give_up(job, state, note), charged=charged)
        self.open.remove(job)

    def _close(self, job: Job) -> None:
        self.open.remove(job)
        self.room.ended()

    def _note(self, job: Job, remote: str) -> None:
        self.jobs.submitted(job, remote)
        self.open[self.open.index(job)] = Job(job.id, remote, job.created)

    async def _submit(self) -> bool:
        """Submit one batch, if there is anything to submit and a place for it."""
        if not self.desk.line or self.room.full(len(self.open)):
            return False
        if self.untried:
            await self._try_out(self.desk.line[0])
            return True
        with scratch() as folder:
            path = Path(folder) / "batch.jsonl"
            packed = await self._pack(path)
            self.desk.refuse(packed.refused)
            self.room.poor = packed.poor
            if self.waiter.stop.is_set():
                self.desk.put_back(packed.requests)
                raise Interrupted
            taken = bool(packed.requests) and await self._hand_over(packed, packed.file(path))
        return taken or bool(packed.refused)

    async def _try_out(self, question: Question) -> None:
        pending = self.desk.reserve(question, batch=False)
        if pending is None:
            self.room.poor = True
            return
        self.desk.line.popleft()
        try:
            came = await self.lvlm.ground(question.request)
        except PhotoError as error:  # then it is another's turn
            self.desk.refuse([(pending, error)])
            return
        except LVLMError as error:
            self.desk.put_back([pending], charged=error.charged)
            if error.fatal:
                raise
        else:
            self.desk.keep_at_once(pending, came)
        self.untried = False

    async def _pack(self, path: Path) -> Packed:
        return await pack(
            path,
            self.desk.line,
            self.lvlm,
            self.room.limits,
            self.desk.reserve,
            self.desk.release,
            self.waiter.stop,
        )

    async def _hand_over(self, packed: Packed, file: BatchFile) -> bool:
        job = self.jobs.intend(packed.requests)
        self.room.offered(job.id, len(self.open))
        self.open.append(job)
        try:
            remote = await self.lvlm.submit(job.id, file)
        except LVLMError as error:
            if not error.charged:
                self._not_taken(job, error)
            return False
        self._note(job, remote)
        self.room.taken()
        self.report.submitted += len(packed.requests)
        self.report.batches += 1
        return True

    def _not_taken(self, job: Job, error: LVLMError) -> None:
        """Put a batch that was refused back in line, to be offered again after a while."""
        self._drop(job, "refused", error.message)
        self.room.busy(error, len(self.open))
