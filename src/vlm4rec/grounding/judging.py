"""Judging an answer: whether it can be read, what the quality gates find, what is done then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from vlm4rec.grounding.answers import Reading, read_answer
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.ledger_rows import wording
from vlm4rec.grounding.lvlm import Identity, LVLMAnswer
from vlm4rec.grounding.quality.flags import FLAGS
from vlm4rec.grounding.quality.gates import Subject, check
from vlm4rec.grounding.quality.policy import Policy
from vlm4rec.grounding.questions import Failure, Outcome, Question
from vlm4rec.grounding.schema import Provenance

__all__ = ["Judge"]

_REMEDY = "Ask once more with --again, or write it by hand: vlm4rec audit"


class Judge:
    """Says of each answer what is to be done with it.

    Parameters
    ----------
    ledger
        Where the answers about other photos are.
    policy
        What is done about each flag.
    now
        Gives the time.
    """

    def __init__(self, ledger: Ledger, policy: Policy, now: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self.policy = policy
        self.now = now
        # What answers say that are on their way to the ledger, and of which photo.
        self._said: dict[str, str] = {}

    def judge(
        self,
        question: Question,
        came: LVLMAnswer,
        identity: Identity,
        cost: float | None,
        *,
        last: bool,
    ) -> Outcome:
        """Judge an answer.

        Parameters
        ----------
        question
            What was asked.
        came
            The answer.
        identity
            Who gave it, which is another than was meant where a second model was asked.
        cost
            What it cost in US dollars, None if that is not known.
        last
            Whether there is no other chance to get a better one.
        """
        reading = read_answer(came)
        flags = self._flags(question, came, reading)
        verdict = self.policy.verdict(flags, again_possible=not last)
        in_the_end = self.policy.verdict(flags, again_possible=False)
        failure = None if in_the_end == "keep" else self._failure(reading, flags)
        provenance = self._provenance(question, came, identity, cost)
        return Outcome(question, came, provenance, reading.answer, flags, verdict, failure)

    def forget(self, outcome: Outcome) -> None:
        """Forget what an outcome said: it is in the ledger now."""
        if outcome.answer is not None:
            self._said.pop(wording(outcome.answer.description), None)

    def _flags(self, question: Question, came: LVLMAnswer, reading: Reading) -> tuple[str, ...]:
        if reading.answer is None:
            return (reading.reason,)
        request = question.request
        subject = Subject(
            answer=reading.answer,
            text=came.text,
            question=request.question,
            title=request.title,
            titled="{title}" in request.prompt.text,
            said_of_another=self._said_of_another(question, reading.answer.description),
        )
        return tuple(flag.name for flag in check(subject))

    def _said_of_another(self, question: Question, description: str) -> bool:
        photo = question.request.photo_sha256
        said = self._said.setdefault(wording(description), photo)
        return said != photo or self.ledger.said_of_another(description, photo)

    def _failure(self, reading: Reading, flags: tuple[str, ...]) -> Failure:
        if reading.answer is None:
            return Failure(reading.reason, reading.what, _REMEDY)
        worst = next(f for f in flags if self.policy.verdict([f], again_possible=False) != "keep")
        return Failure(worst, FLAGS[worst], _REMEDY)

    def _provenance(
        self, question: Question, came: LVLMAnswer, identity: Identity, cost: float | None
    ) -> Provenance:
        return Provenance(
            provider=identity.provider,
            model=came.model or identity.model,
            prompt_id=question.request.prompt.id,
            parameters={**identity.parameters, **came.varied},
            photo_sha256=question.request.photo_sha256,
            finish_reason=came.finish_reason,
            tokens_in=came.tokens_in,
            tokens_cached=came.tokens_cached,
            tokens_written=came.tokens_written,
            tokens_out=came.tokens_out,
            seconds=came.seconds,
            cost=cost,
            created=self.now().isoformat(timespec="seconds"),
        )
