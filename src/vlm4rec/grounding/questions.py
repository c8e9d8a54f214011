"""A photo on its way through a run: what is asked of whom, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer
from vlm4rec.grounding.quality.policy import Verdict
from vlm4rec.grounding.schema import Answer, Provenance

__all__ = ["Failure", "Outcome", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """A request that has no usable answer yet, with who is to answer it."""

    request: GroundingRequest
    identity: Identity
    key: str

    def again(self) -> Question:
        """Return the question as it is asked a second time; its key is the same."""
        return replace(self, request=replace(self.request, again=1))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no usable answer: a problem, before it is known whose."""

    code: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question: an answer with what is to be done with it, or a failure.

    Parameters
    ----------
    question
        What was asked.
    came
        The answer, None if none came.
    provenance
        Where it came from.
    answer
        What was made of it; None if it can't be read.
    flags
        What the quality gates found, by name.
    verdict
        What the policy says of it.
    failure
        Why the photo has no grounding, if nothing better comes.
    """

    question: Question
    came: LVLMAnswer | None = None
    provenance: Provenance | None = None
    answer: Answer | None = None
    flags: tuple[str, ...] = ()
    verdict: Verdict = "leave-out"
    failure: Failure | None = None
