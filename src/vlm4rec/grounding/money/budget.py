"""Keeping a run within a budget, whatever its calls turn out to cost."""

from __future__ import annotations

from vlm4rec.errors import DataError

__all__ = ["Budget"]

_DEAREST = 1e9
"""US dollars; more is no amount that anybody means."""

_UNIT = 10**12
"""Amounts are whole numbers of millionths of a millionth of a dollar: they add up exactly."""


class Budget:
    """A limit on what is spent, kept by setting aside the most that a call may cost.

    A call goes out only if there is room for it: what is spent, what may have been charged,
    what is set aside for calls under way and the most that this one may cost stay within the
    limit. So the limit holds as long as no call costs more than its bound. One that does is
    counted in full and in `overruns`; once the limit is reached, no further call passes.

    It waits for nothing, and is not safe to be used by threads at the same time.

    Parameters
    ----------
    limit
        US dollars; None for none, when all is counted and everything passes.

    Raises
    ------
    DataError
        If the limit is no amount of money.

    Examples
    --------
    >>> budget = Budget(1.00)
    >>> budget.reserve(0.60), budget.reserve(0.60)
    (True, False)
    >>> budget.settle(0.60, 0.25, charged=False)
    >>> budget.spent, budget.left, budget.reserve(0.60)
    (0.25, 0.75, True)
    """

    def __init__(self, limit: float | None) -> None:
        if limit is not None and not _is_money(limit):
            raise DataError(f"The budget is {limit}.", "Give an amount in US dollars, such as 5.")
        self._limit = None if limit is None else _units(limit)
        self._spent = self._uncertain = self._reserved = self._overruns = 0
        self._under_way = 0

    @property
    def limit(self) -> float | None:
        """US dollars that may be spent, None for no limit."""
        return None if self._limit is None else self._limit / _UNIT

    @property
    def spent(self) -> float:
        """US dollars that answers cost."""
        return self._spent / _UNIT

    @property
    def uncertain(self) -> float:
        """US dollars, at most, of calls of which nobody knows what they cost.

        Their answer got lost on its way, or it came without a count of tokens.
        """
        return self._uncertain / _UNIT

    @property
    def reserved(self) -> float:
        """US dollars set aside for calls under way."""
        return self._reserved / _UNIT

    @property
    def left(self) -> float | None:
        """US dollars that are neither spent, uncertain nor set aside; None for no limit."""
        if self._limit is None:
            return None
        return max(0, self._limit - self._gone - self._reserved) / _UNIT

    @property
    def overruns(self) -> int:
        """Calls that cost more than was set aside for them."""
        return self._overruns

    def reserve(self, most: float) -> bool:
        """Set aside the most that a call may cost; False, and nothing done, if it doesn't fit."""
        units = _amount(most)
        if self._limit is not None and self._gone + self._reserved + units > self._limit:
            return False
        self._reserved += units
        self._under_way += 1
        return True

    def settle(self, most: float, cost: float | None, *, charged: bool) -> None:
        """Take down how a call ended, and give back what was set aside for it.

        Parameters
        ----------
        most
            What was set aside.
        cost
            What the call cost: 0 if there was no answer and nothing to pay, None if an answer
            came and its cost is not known. Then ``most`` counts as uncertain, and so it does if
            a server says a cost that is no amount of money.
        charged
            Whether an answer may have been paid for and got lost. Then ``most`` counts as
            uncertain, whatever ``cost`` says.

        Raises
        ------
        ValueError
            If nothing, or not so much, was set aside.
        """
        units = _amount(most)
        paid = None if charged or cost is None or not _is_money(cost) else _units(cost)
        if not self._under_way or units > self._reserved:
            raise ValueError("More is settled than was reserved.")
        self._reserved -= units
        self._under_way -= 1
        if paid is None:
            self._uncertain += units
            return
        self._spent += paid
        self._overruns += paid > units

    def exhausted(self, most: float) -> bool:
        """Tell whether there is no use in waiting for room for a call.

        That is so if it would not fit even if all that is under way turned out to be free.
        """
        return self._limit is not None and self._gone + _amount(most) > self._limit

    def __repr__(self) -> str:
        limit = "no limit" if self.limit is None else f"{self.limit:g}"
        return f"<Budget {self.spent:g} and {self.uncertain:g} uncertain of {limit}>"

    @property
    def _gone(self) -> int:
        return self._spent + self._uncertain


def _is_money(dollars: float) -> bool:
    return 0 <= dollars <= _DEAREST


def _amount(dollars: float) -> int:
    if not _is_money(dollars):
        raise ValueError(f"{dollars} is no amount of money.")
    return _units(dollars)


def _units(dollars: float) -> int:
    return round(dollars * _UNIT)
