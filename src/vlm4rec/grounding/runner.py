"""Grounding many photos: only what is missing is asked for, and what came is kept."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Sized
from dataclasses import replace

from vlm4rec.errors import LVLMError, NeverAnsweredError
from vlm4rec.grounding.asking import Asker, BudgetReached, Clock, Retrying
from vlm4rec.grounding.charging import Till
from vlm4rec.grounding.interrupting import on_interrupt
from vlm4rec.grounding.judging import Judge
from vlm4rec.grounding.keeping import NO_ANSWER, Keeper, Kept
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest
from vlm4rec.grounding.money.budget import Budget
from vlm4rec.grounding.pacing.concurrency import AdaptiveLimit
from vlm4rec.grounding.pacing.pacer import Pacer
from vlm4rec.grounding.questions import Failure, Outcome, Question
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.schema import Provenance
from vlm4rec.grounding.sorting import Sorter, chunked
from vlm4rec.grounding.watching import RunState, Watch, no_watch
from vlm4rec.grounding.writing import Writer
from vlm4rec.problems import Problem

__all__ = ["ground_photos", "run"]

_CLOCK = Clock()

_SEE = "See that the server runs; if it does, look at the photo, or have another model describe it."

_MOMENT = 1.0
"""Seconds after which the state is shown again."""


def ground_photos(
    requests: Iterable[GroundingRequest],
    lvlm: LVLM,
    ledger: Ledger,
    options: RunOptions | None = None,
    *,
    second: LVLM | None = None,
    watch: Watch = no_watch,
    clock: Clock = _CLOCK,
) -> GroundingReport:
    """Have an LVLM describe photos, those that the ledger has no answer for yet.

    Each answer is committed before it counts, so a run may be ended at any moment: the next
    one asks only for what is missing. Ctrl-C hands out no new work, and returns when what was
    asked already has been answered and kept; a second Ctrl-C aborts at once.

    Parameters
    ----------
    requests
        The photos, the most important first; they are taken as they are needed.
    lvlm
        Whom to ask; it is closed at the end.
    ledger
        Where the answers are and go.
    options
        How to go about it.
    second
        Who is asked where the first answer was not good enough, by default the same LVLM; it
        is closed too.
    watch
        Called with the state of the run after each answer.
    clock
        Time and chance.

    Raises
    ------
    ShopError
        If the ledger can't be written. An error of the model's server is in the report.
    DataError
        If there is a budget, and no price or no limit on the answers' length.
    """
    stop = asyncio.Event()

    async def ground() -> GroundingReport:
        try:
            return await run(
                requests, lvlm, ledger, options, second=second, watch=watch, clock=clock, stop=stop
            )
        finally:
            await lvlm.close()
            if second is not None:
                await second.close()

    with asyncio.Runner() as runner, on_interrupt(runner.get_loop(), stop.set):
        return runner.run(ground())


async def run(
    requests: Iterable[GroundingRequest],
    lvlm: LVLM,
    ledger: Ledger,
    options: RunOptions | None = None,
    *,
    second: LVLM | None = None,
    watch: Watch = no_watch,
    clock: Clock = _CLOCK,
    stop: asyncio.Event | None = None,
) -> GroundingReport:
    """Do what `ground_photos` does inside a running event loop, as in a notebook.

    Setting ``stop`` ends it as Ctrl-C ends the other. The LVLMs are left open.
    """
    options = options or RunOptions()
    stop = stop or asyncio.Event()
    retrying = Retrying(options.retries)
    pacer = Pacer(
        AdaptiveLimit(most=options.concurrency),
        requests_per_minute=options.requests_per_minute,
        tokens_per_minute=options.tokens_per_minute,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )
    till = Till(options.prices, Budget(options.budget))
    asker = Asker(lvlm, second, till, pacer, retrying, clock, stop)
    judge = Judge(ledger, options.policy, clock.now)
    return await _Run(requests, asker, judge, ledger, options, watch).go()


class _Run:
    """A feeder that looks requests up, workers that ask, and a writer, on one event loop."""

    def __init__(
        self,
        requests: Iterable[GroundingRequest],
        asker: Asker,
        judge: Judge,
        ledger: Ledger,
        options: RunOptions,
        watch: Watch,
    ) -> None:
        self.requests = requests
        self.asker = asker
        self.judge = judge
        self.ledger = ledger
        self.options = options
        self.left = options.limit
        self.watch = watch
        self.total = len(requests) if isinstance(requests, Sized) else None
        self.report = GroundingReport()
        self.broken: Exception | None = None
        self.checked = False
        self.sorter = Sorter(asker.lvlm, ledger, again=options.again, second=asker.second)
        self.keeper = Keeper(ledger, options.policy)
        # More than calls at a time, so that none has to wait for answers to be judged and kept.
        beside = options.concurrency // 4
        self.workers = options.concurrency + beside
        self.writer = Writer(ledger, self._store, self._settle)
        self.questions: asyncio.Queue[Question | None] = asyncio.Queue(options.concurrency)
        # All that need the answer of a key that is being asked for: it is asked for once.
        self.in_flight: dict[str, list[GroundingRequest]] = {}
        self.failures: dict[str, Failure] = {}
        self.in_line = 0
        self.fed = False
        self.silence: Failure | None = None

    async def go(self) -> GroundingReport:
        beside = (self.writer.serve(), self._stopping(), self._showing())
        side = [asyncio.create_task(task) for task in beside]
        working = [self._feed(), *(self._work() for _ in range(self.workers))]
        tasks = [asyncio.create_task(task) for task in working]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in (*tasks, *side):
                task.cancel()
            await asyncio.gather(*tasks, *side, return_exceptions=True)
        if self.broken:
            raise self.broken
        return self._reported()

    async def _stopping(self) -> None:
        await self.asker.stop.wait()
        self.asker.pacer.stop()

    async def _showing(self) -> None:
        """Show the state while no answer comes, too."""
        try:
            while True:
                await asyncio.sleep(_MOMENT)
                self._show()
        except Exception as error:  # raised again when the workers are through
            self._break_off(error)

    async def _feed(self) -> None:
        try:
            for chunk in chunked(self.requests):
                await self._line_up(chunk)
                if self.asker.stop.is_set():
                    break
                await asyncio.sleep(0)  # a long stretch of known photos must not hold up Ctrl-C
            self.fed = True
        except Exception as error:  # raised again when the workers are through
            self._break_off(error)
        for _ in range(self.workers):
            await self.questions.put(None)

    async def _line_up(self, chunk: list[GroundingRequest]) -> None:
        """Reuse what is known, and line up the rest."""
        found = self.sorter.sort(chunk)
        self.report.unavailable += found.unavailable
        self.report.waiting += found.waiting
        for question in found.given_up:
            if question.key in self.failures:  # in this very run
                self._fail(question)
            else:
                self.report.given_up += 1
        self._reuse(found.known)
        for question in found.open:
            if self.asker.stop.is_set():
                return
            if question.key in self.in_flight:
                self.in_flight[question.key].append(question.request)
            elif question.key in self.failures:
                self._fail(question)
            elif self.ledger.has(question.key):  # answered since it was looked up
                self._reuse([question])
            elif self.left == 0:
                self.report.stopped_by = "limit"
            else:
                await self._put(question)

    async def _put(self, question: Question) -> None:
        if not self.checked:
            self.asker.check(question)
            self.checked = True
        self.left = None if self.left is None else self.left - 1
        self.in_flight[question.key] = [question.request]
        self.in_line += 1
        await self.questions.put(question)

    def _reuse(self, questions: list[Question]) -> None:
        self.ledger.assign((q.request.item, q.request.ordinal, q.key) for q in questions)
        self.report.reused += len(questions)
        self._show()

    def _fail(self, question: Question) -> None:
        """Fail a photo whose twin has failed in this run."""
        failure = self.failures[question.key]
        self._count_failed(question, failure, self.keeper.fail(failure, [question.request]))

    async def _work(self) -> None:
        while question := await self.questions.get():
            waiting = self.in_flight[question.key]
            self.in_line -= 1
            try:
                if not self.asker.stop.is_set():
                    await self._answer(question)
            except BudgetReached:
                if not self.asker.stop.is_set():
                    self.report.stopped_by = "budget"
                    self.asker.stop.set()
            except Exception as error:  # raised again when the others are through
                self._break_off(error)
            if self.in_flight.get(question.key) is waiting:  # else it is through, or asked anew
                del self.in_flight[question.key]
                if self.silence is not None:
                    failed = self.keeper.fail(self.silence, waiting)
                    self._count_failed(question, self.silence, failed)

    async def _answer(self, question: Question) -> None:
        last = bool(question.request.again) or not self.asker.may_differ(question)
        first = await self._try(question, last=last)
        if first is None:
            return
        await self.writer.write(first)
        if first.verdict != "again":
            return
        # Whatever happens now, the first answer is used if the policy would rather have it.
        fallback = Outcome(question, failure=first.failure)
        try:
            second = await self._try(question.again(), last=True, second=True)
        except (BudgetReached, LVLMError):
            await self.writer.write(fallback)
            raise
        await self.writer.write(second or fallback)

    async def _try(self, question: Question, *, last: bool, second: bool = False) -> Outcome | None:
        came = await self.asker.ask(question, second=second)
        seen = {question.request.photo}
        while isinstance(came, Failure) and came.of_photo:
            # The same photo may be there in another file, of another item.
            twins = (r for r in self.in_flight[question.key] if r.photo not in seen)
            if not (twin := next(twins, None)):
                break
            seen.add(twin.photo)
            twin = replace(twin, again=question.request.again)
            asked = replace(question, request=twin)
            came = await self.asker.ask(asked, second=second, calls=came.calls)
        if came is None:
            return None
        if isinstance(came, Failure):
            return Outcome(question, failure=came)
        return self.judge.judge(question, came.answer, came.identity, came.cost, last=last)

    def _break_off(self, error: Exception) -> None:
        """Stop the run because of an error, the first of which is told."""
        if isinstance(error, NeverAnsweredError) and (self.silence or self._may_be_the_photos()):
            said = error.said
            self.silence = Failure(NO_ANSWER.code, said.message, said.remedy or _SEE)
            self.asker.stop.set()
            return
        if self.report.error is None and self.broken is None:
            if isinstance(error, LVLMError):
                self.report.error = error
            else:
                self.broken = error
        self.report.stopped_by = "error"
        self.asker.stop.set()

    def _may_be_the_photos(self) -> bool:
        """Tell whether the photos may be why no answer came, and not the server.

        So it may be where only a few are left, and it has described the others before.
        """
        last = self.fed and not self.in_line and not self.asker.stop.is_set()
        return last and self.report.reused > 0

    def _store(self, outcome: Outcome) -> Kept:
        return self.keeper.keep(outcome, self.in_flight[outcome.question.key])

    def _settle(self, outcome: Outcome, kept: Kept) -> None:
        self.judge.forget(outcome)
        if outcome.provenance:
            self._count_answer(outcome.provenance)
        if kept is not None:
            self._count_photos(outcome, kept, len(self.in_flight.pop(outcome.question.key)))
        self._show()

    def _count_answer(self, provenance: Provenance) -> None:
        self.report.tokens_in += provenance.tokens_in or 0
        self.report.tokens_cached += provenance.tokens_cached or 0
        self.report.tokens_out += provenance.tokens_out or 0
        self.report.unpriced += provenance.cost is None

    def _count_photos(
        self, outcome: Outcome, kept: tuple[str, ...] | list[Problem], photos: int
    ) -> None:
        if isinstance(kept, list):
            failure = outcome.failure or NO_ANSWER
            self._count_failed(outcome.question, failure, kept)
            if not failure.of_photo:  # another file with this photo may do
                self.failures[outcome.question.key] = failure
            return
        self.report.count(kept, photos)

    def _count_failed(self, question: Question, failure: Failure, failed: list[Problem]) -> None:
        self.report.failed.extend(failed)
        if question.in_vain and failure.code == NO_ANSWER.code:
            self.report.silent += len(failed)

    def _show(self) -> None:
        report, budget, pacer = self.report, self.asker.till.budget, self.asker.pacer
        self.watch(
            RunState(
                done=report.done,
                total=self.total,
                grounded=report.grounded,
                reused=report.reused,
                failed=len(report.failed),
                left_out=report.given_up,
                retried=self.asker.retried,
                flagged=report.flagged,
                tokens_in=report.tokens_in,
                tokens_cached=report.tokens_cached,
                tokens_out=report.tokens_out,
                spent=budget.spent,
                uncertain=budget.uncertain,
                level=pacer.level,
                in_flight=pacer.in_flight,
                paused=pacer.pause_left if 0 < pacer.pause_left < math.inf else None,
                trouble=self.asker.trouble,
            )
        )

    def _reported(self) -> GroundingReport:
        report, budget = self.report, self.asker.till.budget
        report.asked, report.again = self.asker.asked, self.asker.again
        report.retried = self.asker.retried
        report.spent, report.uncertain = budget.spent, budget.uncertain
        stopped = self.asker.stop.is_set() and self.silence is None
        if stopped and report.stopped_by in ("", "limit"):
            report.stopped_by = "interrupt"
        return report
