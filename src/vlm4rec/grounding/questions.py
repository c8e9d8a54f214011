"""A photo on its way through a run: what is asked of whom, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Identity, LVLMAnswer
from vlm4rec.grounding.quality.policy import Verdict
from vlm4rec.grounding.schema import Answer, Provenance

__all__ = ["Failure", "Outcome", "Question", "who_answers"]


@dataclass(frozen=True, slots=True)
class Question:
    """A request that has no usable answer yet, with who is to answer it.

    ``in_vain`` tells that an earlier run got no answer about this photo.
    """

    request: GroundingRequest
    identity: Identity
    key: str
    in_vain: bool = False

    def again(self) -> Question:
        """Return the question as it is asked a second time; its key is the same."""
        return replace(self, request=replace(self.request, again=1))


def who_answers(question: Question, lvlm: LVLM, second: LVLM) -> tuple[LVLM, Identity]:
    """Return who is asked a question, and as whom.

    That is the second LVLM where a first answer was not good enough, unless nobody there can
    answer for this photo, as in a file of records that has none of it.
    """
    ask_second = question.request.again and second is not lvlm
    identity = second.identity(question.request) if ask_second else None
    return (lvlm, question.identity) if identity is None else (second, identity)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no usable answer: a problem, before it is known whose.

    ``of_photo`` tells that it is the file's fault: another with the same content may do.
    ``calls`` is how many calls were made before the file failed.
    """

    code: str
    what: str
    remedy: str = ""
    of_photo: bool = False
    calls: int = 0


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
