"""Bringing outcomes into the ledger: each answer is kept, the better of two is used."""

from __future__ import annotations

from collections.abc import Sequence

from vlm4rec.grounding.ledger import Ledger, Standing
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.quality.policy import Policy
from vlm4rec.grounding.questions import Failure, Outcome
from vlm4rec.problems import Problem

__all__ = ["NO_ANSWER", "Keeper", "Kept"]

NO_ANSWER = Failure("no-answer", "No answer came", "It is asked about again on the next run")
"""What is said where nothing more is known."""

Kept = tuple[str, ...] | list[Problem] | None
"""What photos got: a grounding with these flags, a problem each, or nothing yet."""


class Keeper:
    """Writes outcomes into a ledger, inside the transaction of its caller.

    Parameters
    ----------
    ledger
        Where to.
    policy
        Which of two answers is the better one.
    """

    def __init__(self, ledger: Ledger, policy: Policy) -> None:
        self.ledger = ledger
        self.policy = policy

    def keep(self, outcome: Outcome, requests: list[GroundingRequest]) -> Kept:
        """Write one outcome; ``requests`` are all that wait for this answer."""
        key = outcome.question.key
        held = self.ledger.held(key)
        if outcome.verdict == "again":
            self._record(outcome, "held")
            return None
        if held is not None and self._first_is_better(held, outcome):
            self._record(outcome, "left-out")
            self.ledger.promote(key)
            self.ledger.assign((r.item, r.ordinal, key) for r in requests)
            return held
        if outcome.verdict == "keep":
            self._record(outcome, "ok", requests)
            return outcome.flags
        self._record(outcome, "left-out")
        return self.fail(outcome.failure or NO_ANSWER, requests)

    def fail(self, failure: Failure, requests: list[GroundingRequest]) -> list[Problem]:
        """Take down why these photos have no grounding, and return it as problems."""
        problems = [_problem(request, failure) for request in requests]
        failed = zip(requests, problems, strict=True)
        self.ledger.fail((r.item, r.ordinal, problem) for r, problem in failed)
        return problems

    def _first_is_better(self, held: tuple[str, ...], outcome: Outcome) -> bool:
        if self.policy.verdict(held, again_possible=False) != "keep":
            return False
        return outcome.verdict != "keep" or self.policy.better(held, outcome.flags) == 0

    def _record(
        self, outcome: Outcome, standing: Standing, requests: Sequence[GroundingRequest] = ()
    ) -> None:
        if outcome.came is None or outcome.provenance is None:
            return
        self.ledger.record(
            outcome.question.key,
            outcome.came.text,
            outcome.provenance,
            answer=outcome.answer,
            reason=next(iter(outcome.flags), "") if standing != "ok" else "",
            flags=outcome.flags,
            standing=standing,
            photos=[(r.item, r.ordinal) for r in requests],
        )


def _problem(request: GroundingRequest, failure: Failure) -> Problem:
    where = f"item {request.item}" + (f", photo {request.ordinal}" if request.ordinal else "")
    what, remedy = (text.strip().removesuffix(".") for text in (failure.what, failure.remedy))
    return Problem(failure.code, where, what, remedy, request.item)
