"""The last few items alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.profiles.pasts import Pasts

__all__ = ["LastN"]


@dataclass(frozen=True, slots=True)
class LastN:
    """Only the newest days count, as many as it takes to have n distinct items.

    Order within a day is not used, so a day counts with all that it has or not at all: more
    than n items are kept where the last day that is needed has more. For interactions without a
    time see `vlm4rec.profiles.pasts.Pasts`: where no time is known, it is the last n distinct
    items by their order.

    Parameters
    ----------
    n
        How many distinct items, at least 1.

    Raises
    ------
    DataError
        If n is below 1.

    Examples
    --------
    >>> from vlm4rec.interactions.interactions import History
    >>> LastN(2).weigh(Pasts.alone(History.of(["a", "b", "c", "b"]))).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """

    n: int

    def __post_init__(self) -> None:
        if self.n < 1:
            raise DataError(f"The last items that count must be 1 or more, not {self.n}.")

    @property
    def name(self) -> str:
        """``"last:"`` and the number."""
        return f"last:{self.n}"

    def weigh(self, pasts: Pasts) -> NDArray[np.float64]:
        """Return the weights; see `vlm4rec.profiles.weighing.Weighing.weigh`."""
        counting = np.flatnonzero(pasts.weights > 0)
        order = counting[np.lexsort((-pasts.days[counting], pasts.owners[counting]))]
        owners, days = pasts.owners[order], pasts.days[order]
        seen = np.cumsum(_first_of_each(owners, pasts.rows[order]))
        begins = np.searchsorted(owners, np.arange(len(pasts)))
        before = np.concatenate([[0], seen])[begins]
        enough = np.flatnonzero(seen - before[owners] == self.n)
        # A repeat of the n-th item has the same count: the first place of each history decides.
        full, first = np.unique(owners[enough], return_index=True)
        oldest = np.full(len(pasts), np.iinfo(np.int64).min)
        oldest[full] = days[enough[first]]
        return np.where(pasts.days >= oldest[pasts.owners], pasts.weights, 0.0)


def _first_of_each(owners: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return 1 where an item comes up for the first time in a history, 0 elsewhere."""
    first = np.zeros(len(rows), dtype=np.int64)
    keys = owners * (rows.max(initial=0) + 1) + rows
    first[np.unique(keys, return_index=True)[1]] = 1
    return first
