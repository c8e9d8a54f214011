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

_UNANSWERED = "SELECT item, ordinal FROM failures WHERE code = 'no-answer'"
_HAS_ANSWERED = "SELECT 1 FROM answers WHERE provider = ? LIMIT 1"


@dataclass(frozen=True, slots=True)
class Sorted:
    """Some requests, sorted.

    Parameters
    ----------
    known
        Those that the ledger has a usable answer for.
    open
        Those to be asked, with ``again`` set where an answer came that was not good enough, and
        ``in_vain`` where an earlier run got none, though whoever is asked has answered before.
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
        self._silent: frozenset[tuple[str, int]] | None = None

    def sort(self, requests: Iterable[GroundingRequest]) -> Sorted:
        """Sort some requests, in their order."""
        sorted_ = Sorted()
        questions: list[Question] = []
        unavailable = 0
        for request in requests:
            if identity := self.lvlm.identity(request):
                in_vain = (request.item, request.ordinal) in self._in_vain(identity.provider)
                questions.append(Question(request, identity, identity.key(request), in_vain))
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

    def _in_vain(self, provider: str) -> frozenset[tuple[str, int]]:
        """Return the (item, ordinal) that earlier runs got no answer about.

        They are none where the provider has not answered once: then it may be its own fault.
        """
        if self._silent is None:
            silent = frozenset(self.ledger.rows(_UNANSWERED))
            known = silent and any(True for _ in self.ledger.rows(_HAS_ANSWERED, [provider]))
            self._silent = silent if known else frozenset()
        return self._silent


def chunked(requests: Iterable[GroundingRequest]) -> Iterator[list[GroundingRequest]]:
    """Give requests in as many as are looked up at a time."""
    rest = iter(requests)
    while chunk := list(itertools.islice(rest, _CHUNK)):
        yield chunk
