"""The requests of a run with batches: who waits for what, and what became of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.batch.jobs import Job, Jobs, Pending
from vlm4rec.grounding.batch.keeping import BatchKeeper, BatchTill
from vlm4rec.grounding.batch.report import BatchReport
from vlm4rec.grounding.batch.seam import BatchLVLM
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer
from vlm4rec.grounding.questions import Question
from vlm4rec.grounding.sorting import chunked

__all__ = ["Desk"]


@dataclass(slots=True)
class _Asked:
    """A question, and all requests that wait for its answer; files that could not be sent."""

    question: Question
    requests: list[GroundingRequest] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def take_another(self) -> bool:
        """Ask with the file of another item that shows the same photo, if there is one left."""
        asked = self.question.request
        self.broken.add(asked.photo)
        left = (each for each in self.requests if each.photo not in self.broken)
        twin = next((each for each in left if Path(each.photo).is_file()), None)
        if twin is not None:
            self.question = replace(self.question, request=replace(twin, again=asked.again))
        return twin is not None


class Desk:
    """Has the line of requests that are to be submitted, and books what comes of each.

    Parameters
    ----------
    lvlm
        Who is asked.
    jobs
        The batches in the ledger.
    keeper
        Who keeps answers.
    till
        Who keeps the money.
    report
        What was done; kept up to date.
    returns
        How often a failed request goes back in line.
    """

    def __init__(
        self,
        lvlm: BatchLVLM,
        jobs: Jobs,
        keeper: BatchKeeper,
        till: BatchTill,
        report: BatchReport,
        returns: int,
    ) -> None:
        self.lvlm = lvlm
        self.jobs = jobs
        self.keeper = keeper
        self.till = till
        self.report = report
        self.returns = returns
        self.line: deque[Question] = deque()
        self._asked: dict[str, _Asked] = {}
        # What this run has set aside for each key; what an earlier one submitted was its own.
        self._set_aside: dict[str, float] = {}

    def take(self, requests: Iterable[GroundingRequest]) -> list[Job]:
        """Take the requests of a run; return the open batches that some of them wait in."""
        for chunk in chunked(requests):
            for question in self.keeper.sort(chunk):
                asked = self._asked.setdefault(question.key, _Asked(question))
                asked.requests.append(question.request)
        jobs = [job for job in self.jobs.open() if self._claim(job)]
        waiting = {one.key for job in jobs for one in self.jobs.pending(job)}
        self.line.extend(a.question for key, a in self._asked.items() if key not in waiting)
        return jobs

    def _claim(self, job: Job) -> bool:
        pending = self.jobs.pending(job)
        if not pending:  # the run that kept the last of it was cut short
            self.jobs.collected(job)
        mine = [one for one in pending if one.key in self._asked]
        self.report.unclaimed += len(pending) - len(mine)
        for one in mine:
            if one.again:
                asked = self._asked[one.key]
                asked.question = asked.question.again()
        return bool(mine)

    def claimed(self, job: Job) -> list[Pending]:
        """Return the requests of this run that wait in a batch."""
        return [one for one in self.jobs.pending(job) if one.key in self._asked]

    def reserve(self, question: Question, *, batch: bool = True) -> Pending | None:
        """Set aside what a question may cost; None if the budget has no room for it."""
        most = self.till.most(question, batch=batch)
        if not self.till.reserve(most or 0.0):
            return None
        self._set_aside[question.key] = most or 0.0
        return Pending(question.key, question.request.again, most)

    def release(self, pending: Pending, cost: float | None = 0.0) -> None:
        """Put what was set aside for a request in order; None is a cost that is not known."""
        most = self._set_aside.pop(pending.key, None)
        if most is not None:
            self.till.settle(most, cost)

    def put_back(self, requests: Sequence[Pending], *, charged: bool = False) -> None:
        """Put requests that got no answer at the front of the line.

        They cost nothing, unless their answers may be ``charged`` and were lost.
        """
        for one in requests:
            self.release(one, None if charged else 0.0)
        known = [self._asked[one.key].question for one in requests if one.key in self._asked]
        self.line.extendleft(reversed(known))

    def refuse(self, refused: Sequence[tuple[Pending, PhotoError]]) -> None:
        """Book photos that can't be sent, once none of the files that show one can be."""
        for one, _ in refused:
            self.release(one)
        lost = [(one.key, error) for one, error in refused if not self._take_another(one.key)]
        with self.jobs.ledger.transaction():
            for key, error in lost:
                self.keeper.fail(self._asked[key].question, self._asked[key].requests, error)
        for key, _ in lost:
            del self._asked[key]
        self.report.failed += len(lost)

    def _take_another(self, key: str) -> bool:
        asked = self._asked[key]
        taken = asked.take_another()
        if taken:
            self.line.appendleft(asked.question)
        return taken

    def keep_at_once(self, one: Pending, came: LVLMAnswer) -> None:
        """Book an answer that came on its own, at full price."""
        asked = self._asked[one.key]
        cost = self.till.cost(asked.question, came, batch=False)
        with self.jobs.ledger.transaction():
            again = self.keeper.keep(asked.question, asked.requests, came, cost)
        self._settle(one, cost, again)
        self.report.at_once += 1

    def keep(self, job: Job, came: dict[str, LVLMAnswer]) -> None:
        """Book answers: all are on disk when it returns, with what the batch's rows say.

        What has no row that waits came before, came twice, or is not ours: it is passed over.
        """
        pending = [one for one in self.jobs.pending(job, list(came)) if one.key in self._asked]
        with self.jobs.ledger.transaction():
            booked = [self._keep(one, came[one.key]) for one in pending]
            self.jobs.mark(job, [one.key for one in pending], "kept")
        for one, cost, again in booked:
            self._settle(one, cost, again)

    def _keep(self, one: Pending, came: LVLMAnswer) -> tuple[Pending, float | None, bool]:
        asked = self._asked[one.key]
        if one.again:
            came = replace(came, varied=self.lvlm.varied(asked.question.request))
        cost = self.till.cost(asked.question, came, batch=True)
        return one, cost, self.keeper.keep(asked.question, asked.requests, came, cost)

    def _settle(self, one: Pending, cost: float | None, again: bool) -> None:
        self.release(one, cost)
        self.report.collected += 1
        self.report.again += again
        self.report.cost += cost or 0.0
        self.report.unpriced += cost is None
        if again:
            asked = self._asked[one.key]
            asked.question = asked.question.again()
            self.line.append(asked.question)
        else:
            del self._asked[one.key]

    def fail(self, job: Job, errors: dict[str, LVLMError]) -> None:
        """Book errors: a request goes back in line where that may help, some times at most."""
        pending = [one for one in self.jobs.pending(job, list(errors)) if one.key in self._asked]
        returned = self.jobs.returned(one.key for one in pending)
        back = [
            one
            for one in pending
            if errors[one.key].retryable and returned.get(one.key, 0) < self.returns
        ]
        kept = {one.key for one in back}
        lost = [one for one in pending if one.key not in kept]
        with self.jobs.ledger.transaction():
            for one in lost:
                asked = self._asked[one.key]
                self.keeper.fail(asked.question, asked.requests, errors[one.key])
            self.jobs.mark(job, [one.key for one in back], "back")
            self.jobs.mark(job, [one.key for one in lost], "failed")
        for one in pending:
            self.release(one, None if errors[one.key].charged else 0.0)
        self._count_failed(back, lost)

    def _count_failed(self, back: list[Pending], lost: list[Pending]) -> None:
        for one in lost:
            del self._asked[one.key]
        self.line.extend(self._asked[one.key].question for one in back)
        self.report.returned += len(back)
        self.report.failed += len(lost)
