"""The rules by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType

from vlm4rec.errors import DataError
from vlm4rec.interactions.splits.basket import BasketCompletion
from vlm4rec.interactions.splits.cold import ColdItems
from vlm4rec.interactions.splits.cutting import as_day
from vlm4rec.interactions.splits.global_time import GlobalTime
from vlm4rec.interactions.splits.leave_last_out import LeaveLastOut
from vlm4rec.interactions.splits.per_user import PerUserTemporal
from vlm4rec.interactions.splits.rolling import RollingNextBasket
from vlm4rec.interactions.splits.rule import Rule

__all__ = ["SPLITTERS", "splitter_by_name"]

_RULES: tuple[type[Rule], ...] = (
    BasketCompletion,
    LeaveLastOut,
    PerUserTemporal,
    GlobalTime,
    RollingNextBasket,
    ColdItems,
)

SPLITTERS: Mapping[str, type[Rule]] = MappingProxyType({rule.name: rule for rule in _RULES})
"""The rules by name."""


def splitter_by_name(name: str, **parameters: object) -> Rule:
    """Return a rule by its name.

    Parameters
    ----------
    name
        One of `SPLITTERS`.
    parameters
        Those of the rule; the ones that are not given have their defaults. ``cut`` may be text
        such as ``"2020-09-01"``, and ``base`` the name of a rule.

    Raises
    ------
    DataError
        If there is no rule of that name, or it has no such parameter, or a value is out of its
        range.

    Examples
    --------
    >>> splitter_by_name("global-time", cut="2020-09-01")
    GlobalTime(test_share=0.2, cut=datetime.date(2020, 9, 1), min_history=1)
    """
    if name not in SPLITTERS:
        raise DataError(f"There is no split {name!r}.", f"Choose from: {', '.join(SPLITTERS)}.")
    rule = SPLITTERS[name]
    there = list(inspect.signature(rule).parameters)
    for parameter in parameters:
        if parameter not in there:
            raise DataError(
                f"The split {name!r} has no parameter {parameter!r}.",
                f"It has: {', '.join(there)}.",
            )
    given = {key: _value(key, value) for key, value in parameters.items()}
    return rule(**given)


def _value(parameter: str, value: object) -> object:
    if parameter == "cut" and value is not None:
        return as_day(value)
    if parameter == "base" and isinstance(value, str):
        return splitter_by_name(value)
    return value
