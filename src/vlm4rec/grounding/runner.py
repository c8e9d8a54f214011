"""Grounding many photos: only what is missing is asked for, and what came is kept."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Sized

from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.errors import LVLMError
from vlm4rec.grounding.asking import Asker, Clock, Failure, Outcome, Question, Retrying
from vlm4rec.grounding.interrupting import on_interrupt
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest
from vlm4rec.grounding.report import GroundingReport
from vlm4rec.grounding.writing import Writer
from vlm4rec.problems import Problem

__all__ = ["ground_photos", "run"]

_CHUNK = 256
"""Requests that are looked up in the ledger at a time."""

_CLOCK = Clock()


def ground_photos(
    requests: Iterable[GroundingRequest],
    lvlm: LVLM,
    ledger: Ledger,
    *,
    concurrency: int = 8,
    retries: int = 4,
    limit: int | None = None,
    progress: Progress = no_progress,
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
    concurrency
        How many photos to ask about at a time.
    retries
        How often to ask again about a photo where that may help.
    limit
        How many photos to ask about at most.
    progress
        Called with the number of photos done, and their total if ``requests`` has a length.
    clock
        Time and chance.

    Raises
    ------
    ShopError
        If the ledger can't be written. An error of the model's server is in the report.
    """
    stop = asyncio.Event()

    async def ground() -> GroundingReport:
        try:
            return await run(
                requests,
                lvlm,
                ledger,
                concurrency=concurrency,
                retries=retries,
                limit=limit,
                progress=progress,
                clock=clock,
                stop=stop,
            )
        finally:
            await lvlm.close()

    with asyncio.Runner() as runner, on_interrupt(runner.get_loop(), stop.set):
        return runner.run(ground())


async def run(
    requests: Iterable[GroundingRequest],
    lvlm: LVLM,
    ledger: Ledger,
    *,
    concurrency: int = 8,
    retries: int = 4,
    limit: int | None = None,
    progress: Progress = no_progress,
    clock: Clock = _CLOCK,
    stop: asyncio.Event | None = None,
) -> GroundingReport:
    """Do what `ground_photos` does inside a running event loop, as in a notebook.

    Setting ``stop`` ends it as Ctrl-C ends the other. The LVLM is left open.
    """
    stop = stop or asyncio.Event()
    asker = Asker(lvlm, Retrying(retries), clock, stop)
    return await _Run(requests, asker, ledger, max(1, concurrency), limit, progress).go()


class _Run:
    """A feeder that looks requests up, workers that ask, and a writer, on one event loop."""

    def __init__(
        self,
        requests: Iterable[GroundingRequest],
        asker: Asker,
        ledger: Ledger,
        concurrency: int,
        limit: int | None,
        progress: Progress,
    ) -> None:
        self.requests = requests
        self.asker = asker
        self.ledger = ledger
        self.concurrency = concurrency
        self.left = limit
        self.progress = progress
        self.total = len(requests) if isinstance(requests, Sized) else None
        self.report = GroundingReport()
        self.broken: Exception | None = None
        self.writer = Writer(ledger, self._store, self._settle)
        self.questions: asyncio.Queue[Question | None] = asyncio.Queue(concurrency)
        # All that need the answer of a key that is being asked for: it is asked for once.
        self.in_flight: dict[str, list[GroundingRequest]] = {}
        self.failures: dict[str, Failure] = {}

    async def go(self) -> GroundingReport:
        writing = asyncio.create_task(self.writer.serve())
        workers = [asyncio.create_task(self._work()) for _ in range(self.concurrency)]
        try:
            await self._feed()
            await asyncio.gather(*workers)
        finally:
            for task in (*workers, writing):
                task.cancel()
            await asyncio.gather(*workers, writing, return_exceptions=True)
        if self.broken:
            raise self.broken
        return self._reported()

    async def _feed(self) -> None:
        try:
            for chunk in _chunks(self.requests):
                await self._sort(chunk)
                if self.asker.stop.is_set():
                    break
        except Exception as error:  # raised again when the workers are through
            self._break_off(error)
        for _ in range(self.concurrency):
            await self.questions.put(None)

    async def _sort(self, chunk: list[GroundingRequest]) -> None:
        """Reuse what is known, and line up the rest."""
        questions = [
            Question(request, identity, identity.key(request))
            for request in chunk
            if (identity := self.asker.lvlm.identity(request))
        ]
        self.report.unavailable += len(chunk) - len(questions)
        known = self.ledger.known(question.key for question in questions)
        self._reuse([question for question in questions if question.key in known])
        for question in questions:
            if question.key not in known and not self.asker.stop.is_set():
                await self._line_up(question)

    def _reuse(self, questions: list[Question]) -> None:
        self.ledger.assign((q.request.item, q.request.ordinal, q.key) for q in questions)
        self.report.reused += len(questions)
        self._show()

    async def _line_up(self, question: Question) -> None:
        if question.key in self.in_flight:
            self.in_flight[question.key].append(question.request)
        elif question.key in self.failures:
            self._fail(question.key, [question.request])
        elif self.ledger.has(question.key):  # asked for and answered since it was looked up
            self._reuse([question])
        elif self.left == 0:
            self.report.stopped_by = "limit"
        else:
            self.left = None if self.left is None else self.left - 1
            self.in_flight[question.key] = [question.request]
            await self.questions.put(question)

    async def _work(self) -> None:
        while question := await self.questions.get():
            try:
                outcome = None if self.asker.stop.is_set() else await self.asker.ask(question)
                if outcome is not None:
                    await self.writer.write(outcome)
            except Exception as error:  # raised again when the others are through
                self._break_off(error)
            self.in_flight.pop(question.key, None)

    def _break_off(self, error: Exception) -> None:
        """Stop the run because of an error, the first of which is told."""
        if self.report.error is None and self.broken is None:
            if isinstance(error, LVLMError):
                self.report.error = error
            else:
                self.broken = error
        self.report.stopped_by = "error"
        self.asker.stop.set()

    def _store(self, outcome: Outcome) -> None:
        key, requests = outcome.question.key, self.in_flight[outcome.question.key]
        if outcome.came and outcome.reading and outcome.provenance:
            self.ledger.record(
                key,
                outcome.came.text,
                outcome.provenance,
                answer=outcome.reading.answer,
                reason=outcome.reading.reason,
                photos=[(request.item, request.ordinal) for request in requests],
            )
        if outcome.failure:
            self.failures[key] = outcome.failure
            self._fail(key, requests)

    def _fail(self, key: str, requests: list[GroundingRequest]) -> None:
        problems = [_problem(request, self.failures[key]) for request in requests]
        failed = zip(requests, problems, strict=True)
        self.ledger.fail((r.item, r.ordinal, problem) for r, problem in failed)
        self.report.failed.extend(problems)

    def _settle(self, outcome: Outcome) -> None:
        requests = self.in_flight.pop(outcome.question.key)
        if came := outcome.came:
            self.report.tokens_in += came.tokens_in or 0
            self.report.tokens_cached += came.tokens_cached or 0
            self.report.tokens_out += came.tokens_out or 0
        if not outcome.failure:
            self.report.grounded += len(requests)
        self._show()

    def _show(self) -> None:
        self.progress(self.report.done, self.total)

    def _reported(self) -> GroundingReport:
        report = self.report
        report.asked, report.retried = self.asker.asked, self.asker.retried
        if self.asker.stop.is_set() and report.stopped_by != "error":
            report.stopped_by = "interrupt"
        return report


def _chunks(requests: Iterable[GroundingRequest]) -> Iterator[list[GroundingRequest]]:
    rest = iter(requests)
    while chunk := list(itertools.islice(rest, _CHUNK)):
        yield chunk


def _problem(request: GroundingRequest, failure: Failure) -> Problem:
    where = f"item {request.item}" + (f", photo {request.ordinal}" if request.ordinal else "")
    what, remedy = (text.strip().removesuffix(".") for text in (failure.what, failure.remedy))
    return Problem(failure.code, where, what, remedy, request.item)
