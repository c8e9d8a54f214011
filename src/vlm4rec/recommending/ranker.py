"""The seam through which evaluation sees every method alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vlm4rec.interactions.interactions import History

__all__ = ["Ranker"]


class Ranker(Protocol):
    """Ranks items for histories.

    A ranker is ready to rank when it is made: whatever it learns, it learns before.
    """

    def rank(
        self, histories: Sequence[History], k: int, mask: Sequence[Sequence[str]] | None = None
    ) -> list[list[str]]:
        """Return the k best item ids for each history, best first, each id once.

        Parameters
        ----------
        histories
            One for each ranking.
        k
            How many items a ranking; fewer only where fewer are allowed.
        mask
            For each history, the ids that must not be ranked; None masks the history itself.
            A history from which the method can make nothing gets an empty ranking.
        """
        ...
