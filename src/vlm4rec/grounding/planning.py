"""A dry run: what a run would ask, and what that would take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vlm4rec.grounding.charging import Till
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest
from vlm4rec.grounding.money.budget import Budget
from vlm4rec.grounding.money.estimate import CallEstimate, RunEstimate, estimate_run
from vlm4rec.grounding.questions import Question, who_answers
from vlm4rec.grounding.report import RunOptions
from vlm4rec.grounding.sorting import Sorter, chunked

__all__ = ["Plan", "plan_run"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Parameters
    ----------
    estimate
        Photos to ask about, each content once, and the tokens and cost that would take.
    known, waiting, given_up, unavailable
        Photos that would not be asked about: see `vlm4rec.grounding.report.GroundingReport`.
    twins
        Photos that need no asking of their own, for another with the same content is asked.
    free
        Whether nobody charges for the answers.
    """

    estimate: RunEstimate
    known: int
    waiting: int
    given_up: int
    unavailable: int
    twins: int
    free: bool


def plan_run(
    requests: Iterable[GroundingRequest],
    lvlm: LVLM,
    ledger: Ledger,
    options: RunOptions,
    *,
    second: LVLM | None = None,
) -> Plan:
    """Look up what is missing, and estimate what asking for it takes; asks no one.

    Raises
    ------
    DataError
        If there is a budget that can't be kept to.
    """
    counter = _Counter(requests, lvlm, ledger, options, second)
    estimate = estimate_run(counter.calls())
    return Plan(
        estimate,
        counter.known,
        counter.waiting,
        counter.given_up,
        counter.unavailable,
        counter.twins,
        lvlm.traits.free,
    )


class _Counter:
    def __init__(
        self,
        requests: Iterable[GroundingRequest],
        lvlm: LVLM,
        ledger: Ledger,
        options: RunOptions,
        second: LVLM | None,
    ) -> None:
        self.requests = requests
        self.lvlm = lvlm
        self.second = second or lvlm
        self.sorter = Sorter(lvlm, ledger, again=options.again, second=second)
        self.till = Till(options.prices, Budget(options.budget))
        self.limit = options.limit
        self.known = self.waiting = self.given_up = self.unavailable = self.twins = 0
        self._keys: set[str] = set()

    def calls(self) -> Iterator[CallEstimate]:
        for chunk in chunked(self.requests):
            found = self.sorter.sort(chunk)
            self.known += len(found.known)
            self.waiting += found.waiting
            self.given_up += len(found.given_up)
            self.unavailable += found.unavailable
            for question in found.open:
                if question.key in self._keys:
                    self.twins += 1
                elif self.limit is None or len(self._keys) < self.limit:
                    if not self._keys:
                        self._check(question)
                    self._keys.add(question.key)
                    yield self._estimate(question)

    def _estimate(self, question: Question) -> CallEstimate:
        lvlm, identity = who_answers(question, self.lvlm, self.second)
        return self.till.estimate(lvlm, identity, question.request)

    def _check(self, question: Question) -> None:
        for each in (question, question.again()):
            lvlm, identity = who_answers(each, self.lvlm, self.second)
            self.till.check(lvlm, identity, each.request)
