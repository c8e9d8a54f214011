"""Lists of different lengths in two flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ragged"]


@dataclass(frozen=True)
class Ragged:
    """Several lists of row numbers, end to end.

    Parameters
    ----------
    values
        All lists, one after the other.
    ends
        Where each begins and ends: list i is ``values[ends[i]:ends[i + 1]]``.

    Examples
    --------
    >>> lists = Ragged.of([[4, 5], [], [6]])
    >>> owners, places = lists.places(np.array([2, 0]))
    >>> owners.tolist(), lists.values[places].tolist()
    ([0, 1, 1], [6, 4, 5])
    """

    values: NDArray[np.intp]
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, lists: Iterable[Sequence[int]]) -> Ragged:
        """Put lists end to end."""
        parts = [np.asarray(one, dtype=np.intp) for one in lists]
        ends = np.cumsum([0, *map(len, parts)], dtype=np.intp)
        return cls(np.concatenate([np.zeros(0, dtype=np.intp), *parts]), ends)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def places(self, chosen: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the places in ``values`` of the chosen lists, and which list each is of.

        Parameters
        ----------
        chosen
            Which lists, shape (m,).

        Returns
        -------
        tuple
            For each value of those lists, in order: its list, as a number from 0 to m - 1, and
            its place in ``values``.
        """
        starts = self.ends[chosen]
        lengths = self.ends[chosen + 1] - starts
        owners = np.repeat(np.arange(len(chosen)), lengths)
        within = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return owners, np.repeat(starts, lengths) + within
