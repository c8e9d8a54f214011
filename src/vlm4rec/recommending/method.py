"""The seam to methods: from what may be learned to a ranker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending.ranker import Ranker, Request
from vlm4rec.recommending.variants import Variants

__all__ = ["ItemFeatures", "Method", "TrainingData"]


class ItemFeatures:
    """What is known of items, as vectors: one matrix for each kind, made when first asked for.

    Parameters
    ----------
    ids
        Item ids in ascending order: the rows of every matrix.
    makers
        For each kind, such as ``"title"``, ``"description"``, ``"facet:colour"`` or ``"image"``,
        a function that makes its matrix: float32, shape (n items, dimension), rows of length 1,
        or of length 0 for items of which nothing is known.

    Examples
    --------
    >>> import numpy as np
    >>> features = ItemFeatures(("a", "b"), {"title": lambda: np.eye(2, 3, dtype=np.float32)})
    >>> features["title"].shape, features.rows(["b", "nobody"])
    ((2, 3), [1])
    """

    def __init__(self, ids: Sequence[str], makers: Mapping[str, Callable[[], Floats]]) -> None:
        self.ids = tuple(ids)
        self._makers = dict(makers)
        self._made: dict[str, Floats] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The kinds of features that there are."""
        return tuple(self._makers)

    def __getitem__(self, name: str) -> Floats:
        """Return a matrix: float32, shape (n items, dimension).

        Raises
        ------
        DataError
            If there is no such kind, or what was made does not fit or is not finite.
        """
        if name not in self._makers:
            there = ", ".join(self._makers) or "none"
            raise DataError(f"There are no item features {name!r}.", f"There are: {there}.")
        if name not in self._made:
            self._made[name] = _checked(name, self._makers[name](), len(self.ids))
        return self._made[name]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.ids)}

    def rows(self, ids: Sequence[str]) -> list[int]:
        """Return the rows of those of the items that are known, in order."""
        found = (self._rows.get(id_) for id_ in ids)
        return [row for row in found if row is not None]


@dataclass(frozen=True)
class TrainingData:
    """What a method may learn from; the same for every method.

    Parameters
    ----------
    interactions
        Those to learn from.
    features
        Of all covered items.
    candidates
        The items that may be ranked, ascending: some or all of the covered ones.
    log
        The shop's log, of which a ranker may use what lies strictly before a request's time;
        see `vlm4rec.interactions.splitting.Split`.
    validation
        A split of ``interactions`` by the rule of the test, to choose by: early stopping,
        hyperparameters. None where nothing is to be chosen.
    variants
        Where they are given, the variants of what is in the history are masked too.
    seed
        For all that is drawn at random.
    """

    interactions: Interactions
    features: ItemFeatures
    candidates: tuple[str, ...]
    log: Interactions = field(default_factory=Interactions.empty)
    validation: Split | None = None
    variants: Variants | None = None
    seed: int = 0

    def requests(self, cases: Sequence[Case]) -> list[Request]:
        """Return what a ranker is asked for cases: the history is masked, and variants of it."""
        return [Request(case.history, case.time, self.mask(case.history)) for case in cases]

    def mask(self, history: History) -> tuple[str, ...]:
        """Return the ids that must not be ranked after a history."""
        return history.items if self.variants is None else self.variants.of(history.items)

    def for_validation(self) -> TrainingData:
        """Return what may be learned from while the validation cases are to be predicted.

        Raises
        ------
        DataError
            If there is no validation.
        """
        if self.validation is None:
            raise DataError("There is no validation part to choose by.")
        split = self.validation
        return replace(self, interactions=split.train, log=split.log, validation=None)


class Method(Protocol):
    """A way to recommend: learns from training data, and gives a ranker."""

    @property
    def name(self) -> str:
        """What a user calls the method, and the table shows."""
        ...

    def fit(self, data: TrainingData) -> Ranker:
        """Learn, and return what ranks the candidates."""
        ...


def _checked(name: str, matrix: Floats, n: int) -> Floats:
    if matrix.ndim != 2 or len(matrix) != n:
        raise DataError(f"The item features {name!r} have the shape {matrix.shape}, not ({n}, d).")
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        raise DataError(
            f"The item features {name!r} hold numbers that are infinite or undefined, "
            f"in {len(bad):,} of {n:,} rows (the first: {bad[0]})."
        )
    return np.ascontiguousarray(matrix, dtype=np.float32)
