"""From what methods return to columns of candidates, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlm4rec.errors import DataError
from vlm4rec.interactions.splitting import Case
from vlm4rec.recommending.ranker import Request

__all__ = ["ranking_columns"]


def ranking_columns(
    method: str,
    rankings: Sequence[Sequence[str]],
    cases: Sequence[Case],
    requests: Sequence[Request],
    candidates: Sequence[str],
    k: int,
) -> NDArray[np.int32]:
    """Return rankings as columns of the candidates: int32, shape (n cases, k), -1 for none.

    Raises
    ------
    DataError
        If a ranking is too long, holds an item twice, a masked one, or one that is no candidate,
        or there is not one ranking a case. A method that does this would be judged by other
        rules than the rest.
    """
    if len(rankings) != len(cases):
        raise DataError(f"{method} gave {len(rankings):,} rankings for {len(cases):,} cases.")
    column = {item: number for number, item in enumerate(candidates)}
    found = np.full((len(cases), k), -1, dtype=np.int32)
    for row, (ranking, case, request) in enumerate(zip(rankings, cases, requests, strict=True)):
        columns = [column.get(item, -1) for item in ranking]
        masked = set(request.masked)
        if len(columns) > k or -1 in columns or len(set(columns)) < len(columns):
            raise _bad(method, case, ranking, column, k)
        if not masked.isdisjoint(ranking):
            item = next(item for item in ranking if item in masked)
            raise DataError(f"{method} ranked {item!r} for user {case.user!r}, which is masked.")
        found[row, : len(columns)] = columns
    return found


def _bad(
    method: str, case: Case, ranking: Sequence[str], column: dict[str, int], k: int
) -> DataError:
    for place, item in enumerate(ranking):
        if item not in column:
            what = f"{item!r}, which is no candidate"
            return DataError(f"{method} ranked {what}, for user {case.user!r}.")
        if item in ranking[:place]:
            return DataError(f"{method} ranked {item!r} twice for user {case.user!r}.")
    return DataError(
        f"{method} ranked {len(ranking)} items for user {case.user!r}, and {k} were asked for."
    )
