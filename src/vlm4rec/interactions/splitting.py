"""The seam to splits: which interactions are learned from, and what is to be predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from vlm4rec.interactions.interactions import History, Interactions

__all__ = ["Case", "Split", "Splitter"]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to predict: what a user does next, or also did.

    Parameters
    ----------
    user
        The user's id; a user may have several cases.
    history
        What is known of the user, never empty, oldest first; none of it happened after ``time``.
    targets
        The items to find, each once; never empty, and none of them is in the history.
    time
        When the prediction is asked for; None where interactions have no times.
    repeats
        How many items were taken out of the targets because the history holds them already.
    """

    user: str
    history: History
    targets: tuple[str, ...]
    time: datetime | None = None
    repeats: int = 0


@dataclass(frozen=True)
class Split:
    """Interactions to learn from, and cases to judge by.

    Parameters
    ----------
    train
        What may be learned from. It holds no target of any case.
    cases
        What is to be predicted, sorted by user, then time.
    log
        What the shop's log holds, for signals such as recent popularity: for a case only rows
        with a time strictly before the case's time may be used. Where cases have no times, or
        order within the period is not used, it holds no target either.
    left_out
        What was left out and how often, by its reason in plain words.
    """

    train: Interactions
    cases: tuple[Case, ...]
    log: Interactions
    left_out: dict[str, int] = field(default_factory=dict)


class Splitter(Protocol):
    """Splits interactions by one rule.

    Applied to all interactions it makes the test; the validation is made of the training part of
    that, by the same rule.
    """

    @property
    def name(self) -> str:
        """What a user calls it."""
        ...

    @property
    def told(self) -> str:
        """The rule in one plain sentence or two, with its parameters."""
        ...

    def split(self, interactions: Interactions, *, seed: int = 0) -> Split:
        """Split.

        Parameters
        ----------
        interactions
            Those with covered items.
        seed
            For rules that draw something at random.

        Raises
        ------
        DataError
            If no case is left: the message says what was left out, and why.
        """
        ...

    def candidates(self, interactions: Interactions) -> tuple[str, ...] | None:
        """Return the items that are to be ranked, where the rule says so; None for all covered."""
        ...

    def validation(self, split: Split, *, seed: int = 0) -> Split:
        """Return a split of the training part of what the rule made, by the same rule.

        Parameters
        ----------
        split
            What the rule made.
        seed
            The seed that it was made with; other draws are made.

        Raises
        ------
        DataError
            If no case is left.
        """
        ...
