"""What a run with batches needs of its surroundings: who keeps answers, and who keeps the money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vlm4rec.errors import LVLMError, PhotoError
from vlm4rec.grounding.lvlm import GroundingRequest, LVLMAnswer, Traits
from vlm4rec.grounding.money.budget import Budget
from vlm4rec.grounding.money.estimate import estimate_call
from vlm4rec.grounding.money.prices import Price
from vlm4rec.grounding.money.usage import Usage, cost
from vlm4rec.grounding.questions import Question

__all__ = ["BatchKeeper", "BatchTill", "NoTill", "PricedTill"]


class BatchKeeper(Protocol):
    """Sorts requests, judges answers and brings them into the ledger.

    ``keep`` and ``fail`` are called inside a transaction of the ledger, which also holds what
    the batches' own tables say of them: both are on disk, or neither. They may be called again
    with the same answer if the transaction failed.
    """

    def sort(self, requests: Sequence[GroundingRequest]) -> Sequence[Question]:
        """Return those that are to be asked, and deal with the others: reuse, count, pass over."""
        ...

    def keep(
        self,
        question: Question,
        requests: Sequence[GroundingRequest],
        came: LVLMAnswer,
        cost: float | None,
    ) -> bool:
        """Judge an answer and write it down; tell whether the photo is to be asked about again.

        ``requests`` are all that wait for it, those of other items with the same photo too.
        """
        ...

    def fail(
        self,
        question: Question,
        requests: Sequence[GroundingRequest],
        error: LVLMError | PhotoError,
    ) -> None:
        """Write down that there will be no answer."""
        ...


class BatchTill(Protocol):
    """Says what requests may cost and did cost, and keeps a budget for what a run submits."""

    def most(self, question: Question, *, batch: bool) -> float | None:
        """Return what it may cost at most in US dollars, None if that is not known."""
        ...

    def reserve(self, most: float) -> bool:
        """Set so much aside; False, and nothing is, if the budget has no room for it."""
        ...

    def settle(self, most: float, cost: float | None) -> None:
        """Put what was set aside in order, None being a cost that is not known."""
        ...

    def cost(self, question: Question, came: LVLMAnswer, *, batch: bool) -> float | None:
        """Return what an answer cost in US dollars, None if that is not known."""
        ...


class NoTill:
    """No prices and no budget."""

    def most(self, question: Question, *, batch: bool) -> float | None:
        """Return None."""
        return None

    def reserve(self, most: float) -> bool:
        """Agree."""
        return True

    def settle(self, most: float, cost: float | None) -> None:
        """Do nothing."""

    def cost(self, question: Question, came: LVLMAnswer, *, batch: bool) -> float | None:
        """Return what the server said."""
        return came.cost


class PricedTill:
    """A price and a budget.

    Parameters
    ----------
    price
        What the model costs, None if that is not known.
    budget
        What this run may spend.
    traits
        What the LVLM sends, and whether it is free.
    """

    def __init__(self, price: Price | None, budget: Budget, traits: Traits) -> None:
        self.price = price
        self.budget = budget
        self.traits = traits

    def most(self, question: Question, *, batch: bool) -> float | None:
        """Return the bound of the estimate, at the price of a batch if it is of one."""
        if self.traits.free or self.price is None:
            return 0.0 if self.traits.free else None
        request, traits = question.request, self.traits
        estimate = estimate_call(
            self.price, request.question, request.size, traits.max_side, traits.most_tokens_out
        )
        factor = self.price.batch if batch else 1.0
        return None if estimate.most is None else estimate.most * factor

    def reserve(self, most: float) -> bool:
        """Set so much aside, if there is room."""
        return self.budget.reserve(most)

    def settle(self, most: float, cost: float | None) -> None:
        """Put what was set aside in order."""
        self.budget.settle(most, cost, charged=False)

    def cost(self, question: Question, came: LVLMAnswer, *, batch: bool) -> float | None:
        """Return the cost by what the server says, or by its count of tokens."""
        if self.traits.free:
            return 0.0
        if came.cost is not None or self.price is None:
            return came.cost
        usage = Usage(came.tokens_in, came.tokens_cached, came.tokens_written, came.tokens_out)
        return cost(self.price, usage, batch=batch)
