"""Sorting requests: what is known already, what is still to be asked, what was given up."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from vlm4rec.grounding.batch.jobs import pending_keys
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest
from vlm4rec.grounding.questions import Question

__all__ = ["Sorted", "Sorter", "chunked"]

_CHUNK = 256
"""Requests that are looked up in the ledger at a time."""

_TRIES = 2
"""Answers that may come for a photo before it is given up, if none of them is usable."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Some requests, sorted.

    Parameters
    ----------
    known
        Those that the ledger has a usable answer for.
    open
        Those to be asked, with ``again`` set where an answer came that was not good enough.
    given_up
        Those that were answered twice and never well enough.
    unavailable
        How many this LVLM can't be asked about.
    waiting
        How many wait in a batch at the provider.
    """

    known: list[Question] = field(default_factory=list)
    open: list[Question] = field(default_factory=list)
    given_up: list[Question] = field(default_factory=list)
    unavailable: int = 0
    waiting: int = 0


class Sorter:
    """Looks requests up in a ledger.

    Parameters
    ----------
    lvlm
        Who would answer.
    ledger
        Where the answers are.
    again
        Ask once more about photos that were given up.
    batched
        Those that wait in a batch are open all the same, for a run that collects batches.
    second
        Who is asked where an answer came that was not good enough, by default the same LVLM.
    """

    def __init__(
        self,
        lvlm: LVLM,
        ledger: Ledger,
        *,
        again: bool = False,
        batched: bool = False,
        second: LVLM | None = None,
    ) -> None:
        self.lvlm = lvlm
        self.ledger = ledger
        self.again = again
        self.batched = batched
        two = second is not None and second is not lvlm
        self._most = _TRIES if two or lvlm.traits.varies else 1

    def sort(self, requests: Iterable[GroundingRequest]) -> Sorted:
        """Sort some requests, in their order."""
        sorted_ = Sorted()
        questions: list[Question] = []
        unavailable = 0
        for request in requests:
            if identity := self.lvlm.identity(request):
                questions.append(Question(request, identity, identity.key(request)))
            else:
                unavailable += 1
        known = self.ledger.known(question.key for question in questions)
        unknown = [question.key for question in questions if question.key not in known]
        tries = self.ledger.tries(unknown)
        pending = set() if self.batched else pending_keys(self.ledger, unknown)
        waiting = 0
        for question in questions:
            tried = tries.get(question.key, 0)
            if question.key in known:
                sorted_.known.append(question)
            elif question.key in pending:
                waiting += 1
            elif tried >= self._most and not self.again:
                sorted_.given_up.append(question)
            else:
                sorted_.open.append(question.again() if tried else question)
        return Sorted(sorted_.known, sorted_.open, sorted_.given_up, unavailable, waiting)


def chunked(requests: Iterable[GroundingRequest]) -> Iterator[list[GroundingRequest]]:
    """Give requests in as many as are looked up at a time."""
    rest = iter(requests)
    while chunk := list(itertools.islice(rest, _CHUNK)):
        yield chunk
