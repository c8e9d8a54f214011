"""What all rules of splitting have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.splitting import Split

__all__ = ["Rule", "check_count", "check_share", "no_case_left", "tally"]


class Rule(ABC):
    """A `vlm4rec.interactions.splitting.Splitter` that also makes its validation.

    The rows of interactions may come in any order: the split is the same, and its rows, too,
    are ordered by user and time. What has the same time stands in an order drawn from the item
    ids alone, since in an order by id the newest items would come last wherever ids rise.
    """

    name: ClassVar[str]
    """What a user calls the rule."""

    @property
    @abstractmethod
    def told(self) -> str:
        """The rule in one plain sentence or two, with its parameters."""

    @abstractmethod
    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split; see `vlm4rec.interactions.splitting.Splitter.split`."""

    def candidates(self, interactions: Interactions) -> tuple[str, ...] | None:
        """Return the items to rank, ascending; None: all covered ones.

        Parameters
        ----------
        interactions
            Those that are split. All targets of the split are among the items.
        """
        return None

    def within_training(self) -> Self:
        """Return the rule as it is applied to training data, where a date can't be the same."""
        return self

    def validation(self, split: Split, *, seed: int = 0) -> Split:
        """Return a split of the training part by the same rule, with other draws.

        Parameters
        ----------
        split
            What this rule made.
        seed
            The seed that it was made with.

        Raises
        ------
        DataError
            If no case is left.
        """
        return self.within_training().split(split.train, seed=seed + 1)


def check_share(what: str, share: object) -> None:
    """Raise a DataError where a share is not a number between 0 and 1."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise DataError(f"{what} is {share!r}.", "Give a number between 0 and 1, such as 0.2.")


def check_count(what: str, count: object) -> None:
    """Raise a DataError where a count is not a whole number of 1 or more."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise DataError(f"{what} is {count!r}.", "Give a whole number of 1 or more.")


def tally(left_out: dict[str, int], reason: str, count: int) -> None:
    """Add to what was left out for a reason, if anything was."""
    if count:
        left_out[reason] = left_out.get(reason, 0) + count


def no_case_left(rule: str, left_out: Mapping[str, int], remedy: str) -> DataError:
    """Return the error that tells that there is nothing to predict, and why."""
    told = "; ".join(f"{reason}: {count:,}" for reason, count in left_out.items())
    why = f" Left out were {told}." if told else ""
    return DataError(f"The split {rule!r} leaves nothing to predict.{why}", remedy)
