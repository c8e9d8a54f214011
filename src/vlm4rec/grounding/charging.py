"""The till of a run: no call goes out that the budget might not cover."""

from __future__ import annotations

import asyncio

from vlm4rec.errors import DataError
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, Identity, LVLMAnswer
from vlm4rec.grounding.money.budget import Budget
from vlm4rec.grounding.money.estimate import CallEstimate, estimate_call
from vlm4rec.grounding.money.prices import Price, PriceTable
from vlm4rec.grounding.money.usage import Usage, cost

__all__ = ["Till"]


class Till:
    """Says what a call may cost at most before it goes out, and takes down what it did cost.

    Parameters
    ----------
    prices
        What models cost.
    budget
        What may be spent.
    """

    def __init__(self, prices: PriceTable, budget: Budget) -> None:
        self.prices = prices
        self.budget = budget
        self._known: dict[tuple[str, str], Price | None] = {}
        self._settled = asyncio.Event()

    def estimate(self, lvlm: LVLM, identity: Identity, request: GroundingRequest) -> CallEstimate:
        """Estimate the tokens and cost of a call, and their bounds."""
        traits = lvlm.traits
        return estimate_call(
            self._price(lvlm, identity),
            request.question,
            request.size,
            traits.max_side,
            traits.most_tokens_out,
        )

    def check(self, lvlm: LVLM, identity: Identity, request: GroundingRequest) -> None:
        """See that a budget can be kept to.

        Raises
        ------
        DataError
            If it can't: the model's price, or the length of its answers, has no bound.
        """
        if self.budget.limit is None or lvlm.traits.free:
            return
        if self._price(lvlm, identity) is None:
            raise DataError(
                f"A budget needs a price, and there is none for {identity.model}.",
                "Add it to a price table: vlm4rec prices --write prices.toml, then --prices.",
            )
        if self.estimate(lvlm, identity, request).most is None:
            raise DataError(
                f"A budget needs a limit on the answers of {identity.model}.",
                "Give one, such as --max-tokens 1000.",
            )

    async def reserve(self, most: float) -> bool:
        """Set the most that a call may cost aside; False if the budget has no room for it.

        While calls are under way that may turn out cheaper, it waits for them.
        """
        while not self.budget.reserve(most):
            if self.budget.exhausted(most):
                return False
            self._settled.clear()
            await self._settled.wait()
        return True

    def settle(self, most: float, cost: float | None, *, charged: bool) -> None:
        """Put what was set aside in order: see `vlm4rec.grounding.money.budget.Budget.settle`."""
        self.budget.settle(most, cost, charged=charged)
        self._settled.set()

    def cost(self, lvlm: LVLM, identity: Identity, came: LVLMAnswer) -> float | None:
        """Return what an answer cost in US dollars: what the server says, or by its tokens."""
        if lvlm.traits.free:
            return 0.0
        if came.cost is not None:
            return came.cost
        price = self._price(lvlm, identity)
        usage = Usage(came.tokens_in, came.tokens_cached, came.tokens_written, came.tokens_out)
        return None if price is None else cost(price, usage)

    def _price(self, lvlm: LVLM, identity: Identity) -> Price | None:
        if lvlm.traits.free:
            return None
        place = (identity.provider, identity.model)
        if place not in self._known:
            self._known[place] = self.prices.price(*place)
        return self._known[place]
