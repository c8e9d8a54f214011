"""The seam through which evaluation sees every method alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from vlm4rec.interactions.interactions import History

__all__ = ["Ranker", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a ranking is asked for: a customer's history, now, and what must not come back.

    Parameters
    ----------
    history
        What the customer did so far, oldest first.
    time
        Now, in UTC without a zone; None where that is not known. Whatever a method knows of
        later times it must not use.
    mask
        Ids that must not be ranked; None masks the history.

    Examples
    --------
    >>> Request(History.of(["a", "b"])).masked
    ('a', 'b')
    """

    history: History
    time: datetime | None = None
    mask: tuple[str, ...] | None = None

    @property
    def masked(self) -> tuple[str, ...]:
        """The ids that must not be ranked."""
        return self.history.items if self.mask is None else self.mask


class Ranker(Protocol):
    """Ranks items for requests.

    A ranker is ready to rank when it is made: whatever it learns, it learns before.
    """

    def rank(self, requests: Sequence[Request], k: int) -> list[list[str]]:
        """Return the k best item ids for each request, best first, each id once.

        Parameters
        ----------
        requests
            One for each ranking.
        k
            How many items a ranking, at least 1; fewer only where fewer are allowed. A request
            from which the method can make nothing gets an empty ranking.
        """
        ...
