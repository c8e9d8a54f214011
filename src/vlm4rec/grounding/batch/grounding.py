"""Grounding photos by a batch API: the same checks and the same ledger at half the price."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence, Sized

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.asking import Clock
from vlm4rec.grounding.batch.choosing import batches_of
from vlm4rec.grounding.batch.jobs import pending_keys
from vlm4rec.grounding.batch.keeping import PricedTill
from vlm4rec.grounding.batch.patience import Patience
from vlm4rec.grounding.batch.report import BatchReport
from vlm4rec.grounding.batch.runner import run_batches
from vlm4rec.grounding.charging import Till
from vlm4rec.grounding.interrupting import on_interrupt
from vlm4rec.grounding.judging import Judge
from vlm4rec.grounding.keeping import Keeper
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, LVLMAnswer
from vlm4rec.grounding.money.budget import Budget
from vlm4rec.grounding.questions import Failure, Outcome, Question
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.sorting import Sorter
from vlm4rec.grounding.watching import RunState, Watch, no_watch

__all__ = ["ground_in_batches"]

_CLOCK = Clock()
_PATIENCE = Patience()


def ground_in_batches(
    requests: Iterable[GroundingRequest],
    lvlm: LVLM,
    ledger: Ledger,
    options: RunOptions | None = None,
    *,
    wait: bool = True,
    watch: Watch = no_watch,
    patience: Patience = _PATIENCE,
) -> GroundingReport:
    """Have photos described by the batch API of an LVLM's provider.

    See `vlm4rec.grounding.batch.runner.run_batches` for how; what becomes of an answer is as
    with `vlm4rec.grounding.runner.ground_photos`. Ctrl-C ends the waiting: what is submitted
    goes on at the provider, and the next run collects it.

    Parameters
    ----------
    requests
        The photos, the most important first.
    lvlm
        Whom to ask; it is closed at the end.
    ledger
        Where the answers are and go.
    options
        How to go about it; concurrency and rates mean nothing here.
    wait
        Wait for the answers; otherwise return once everything is submitted.
    watch
        Called with the state of the run when something has happened.
    patience
        How long to wait for what.

    Raises
    ------
    DataError
        If the provider has no batch API, or there is a budget that can't be kept to.
    ShopError
        If the ledger can't be written. An error of the provider is in the report.
    """
    options = options or RunOptions()
    batches = batches_of(lvlm)
    stop = asyncio.Event()
    till = Till(options.prices, Budget(options.budget))
    kept = _Keeping(lvlm, ledger, options, till)
    total = len(requests) if isinstance(requests, Sized) else None

    async def ground() -> BatchReport:
        try:
            return await run_batches(
                requests,
                batches,
                ledger,
                kept,
                till=PricedTill(
                    till.prices.price(batches.provider, batches.model), till.budget, lvlm.traits
                ),
                wait=wait,
                patience=patience,
                stop=stop,
                progress=lambda report: watch(kept.state(report, total)),
            )
        finally:
            await lvlm.close()

    with asyncio.Runner() as runner, on_interrupt(runner.get_loop(), stop.set):
        return kept.reported(runner.run(ground()))


class _Keeping:
    """Sorts requests, and judges and keeps answers, as every run does."""

    def __init__(self, lvlm: LVLM, ledger: Ledger, options: RunOptions, till: Till) -> None:
        self.lvlm = lvlm
        self.ledger = ledger
        self.till = till
        self.left = options.limit
        self.report = GroundingReport()
        self.sorter = Sorter(lvlm, ledger, again=options.again, batched=True)
        self.judge = Judge(ledger, options.policy, _CLOCK.now)
        self.keeper = Keeper(ledger, options.policy)

    def sort(self, requests: Sequence[GroundingRequest]) -> Sequence[Question]:
        found = self.sorter.sort(requests)
        self.ledger.assign((q.request.item, q.request.ordinal, q.key) for q in found.known)
        self.report.reused += len(found.known)
        self.report.given_up += len(found.given_up)
        self.report.unavailable += found.unavailable
        if found.open:
            self.till.check(self.lvlm, found.open[0].identity, found.open[0].request)
        pending = pending_keys(self.ledger, {question.key for question in found.open})
        return [question for question in found.open if question.key in pending or self._room()]

    def _room(self) -> bool:
        if self.left is None:
            return True
        if not self.left:
            self.report.stopped_by = "limit"
            return False
        self.left -= 1
        return True

    def keep(
        self,
        question: Question,
        requests: Sequence[GroundingRequest],
        came: LVLMAnswer,
        cost: float | None,
    ) -> bool:
        last = bool(question.request.again) or not self.lvlm.traits.varies
        outcome = self.judge.judge(question, came, question.identity, cost, last=last)
        again = self._keep(outcome, requests)
        self.judge.forget(outcome)
        self.report.tokens_in += came.tokens_in or 0
        self.report.tokens_cached += came.tokens_cached or 0
        self.report.tokens_out += came.tokens_out or 0
        return again

    def fail(
        self,
        question: Question,
        requests: Sequence[GroundingRequest],
        error: LVLMError | PhotoError,
    ) -> None:
        code = error.code if isinstance(error, PhotoError) else "no-answer"
        failure = Failure(code, error.message, error.remedy)
        self._keep(Outcome(question, failure=failure), requests)

    def _keep(self, outcome: Outcome, requests: Sequence[GroundingRequest]) -> bool:
        kept = self.keeper.keep(outcome, list(requests))
        if kept is None:
            return True
        if isinstance(kept, list):
            self.report.failed.extend(kept)
        else:
            self.report.count(kept, len(requests))
        return False

    def state(self, batch: BatchReport, total: int | None) -> RunState:
        report = self.report
        return RunState(
            done=report.done,
            total=total,
            grounded=report.grounded,
            reused=report.reused,
            failed=len(report.failed),
            left_out=report.given_up,
            retried=batch.returned,
            flagged=report.flagged,
            tokens_in=report.tokens_in,
            tokens_cached=report.tokens_cached,
            tokens_out=report.tokens_out,
            spent=batch.cost,
            uncertain=self.till.budget.uncertain,
            level=0,
            in_flight=batch.waiting,
            paused=None,
        )

    def reported(self, batch: BatchReport) -> GroundingReport:
        report = self.report
        report.batch = batch
        report.asked, report.again = batch.submitted + batch.at_once, batch.again
        report.retried = batch.returned
        report.waiting = batch.waiting
        report.spent, report.unpriced = batch.cost, batch.unpriced
        report.uncertain = self.till.budget.uncertain
        report.error = batch.error
        report.stopped_by = batch.stopped_by or report.stopped_by
        return report
