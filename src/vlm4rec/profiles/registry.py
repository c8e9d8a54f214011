"""Profile strategies by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vlm4rec.errors import DataError
from vlm4rec.profiles.event_weights import EventWeights
from vlm4rec.profiles.last_n import LastN
from vlm4rec.profiles.maximum import MaxProfile
from vlm4rec.profiles.multi_interest import MultiInterestProfile
from vlm4rec.profiles.power_mean import PowerMeanProfile
from vlm4rec.profiles.recency import Recency
from vlm4rec.profiles.strategy import MeanProfile, ProfileStrategy
from vlm4rec.profiles.weighing import Weighed, Weighing

__all__ = ["PROFILES", "profile_by_name"]

PROFILES: Mapping[str, str] = {
    "mean": "the mean of the history's vectors",
    "power:P": "the power mean of the similarities to the history's items, P from 1",
    "max": "the similarity to the nearest item of the history",
    "interests:N": "the similarity to the nearest of N groups of the history's items",
    "interests:N:P": "the power mean of the similarities to N such groups",
    "recency:DAYS": "what is DAYS older counts half",
    "last:N": "only the newest days count, until they have N distinct items",
    "events:EVENT=FACTOR,...": "events count by factors",
}
"""How strategies are written, and what they are. The last three weigh the history for one of the
others, as in ``recency:30+power:4``; alone, for the mean."""


def profile_by_name(name: str) -> ProfileStrategy:
    """Return a strategy by its name.

    Parameters
    ----------
    name
        As in `PROFILES`, such as ``"mean"`` or ``"recency:30"``; several parts are joined by
        ``+``, and weigh in their order.

    Raises
    ------
    DataError
        If there is none of that name, or a number in it is missing or out of range.

    Examples
    --------
    >>> profile_by_name("recency:30+power:4").name
    'recency:30+power:4'
    """
    weighings: list[Weighing] = []
    strategies: list[ProfileStrategy] = []
    for part in name.split("+"):
        kind, _, arguments = part.strip().partition(":")
        if kind in _WEIGHINGS:
            weighings.append(_WEIGHINGS[kind](part, arguments))
        elif kind in _STRATEGIES:
            strategies.append(_STRATEGIES[kind](part, arguments))
        else:
            raise DataError(f"There is no profile {part!r}.", f"Choose from: {_CHOICES}.")
    if len(strategies) > 1:
        told = " and ".join(strategy.name for strategy in strategies)
        raise DataError(f"The profile {name!r} is {told} at once.", "Choose one of them.")
    return Weighed.by(weighings, strategies[0] if strategies else MeanProfile())


_CHOICES = f"{', '.join(PROFILES)}; or several, as in recency:30+power:4"


def _mean(part: str, arguments: str) -> ProfileStrategy:
    _none(part, arguments)
    return MeanProfile()


def _max(part: str, arguments: str) -> ProfileStrategy:
    _none(part, arguments)
    return MaxProfile()


def _power(part: str, arguments: str) -> ProfileStrategy:
    return PowerMeanProfile(_number(part, arguments))


def _interests(part: str, arguments: str) -> ProfileStrategy:
    most, colon, power = arguments.partition(":")
    return MultiInterestProfile(_whole(part, most), _number(part, power) if colon else None)


def _recency(part: str, arguments: str) -> Weighing:
    return Recency(_number(part, arguments))


def _last(part: str, arguments: str) -> Weighing:
    return LastN(_whole(part, arguments))


def _events(part: str, arguments: str) -> Weighing:
    factors: dict[str, float] = {}
    for pair in filter(None, arguments.split(",")):
        event, _, factor = pair.rpartition("=")
        if not event.strip():
            raise DataError(f"The profile {part!r} has {pair!r} where EVENT=FACTOR is due.")
        factors[event.strip()] = _number(part, factor)
    return EventWeights(factors)


_STRATEGIES: Mapping[str, Callable[[str, str], ProfileStrategy]] = {
    "mean": _mean,
    "max": _max,
    "power": _power,
    "interests": _interests,
}
_WEIGHINGS: Mapping[str, Callable[[str, str], Weighing]] = {
    "recency": _recency,
    "last": _last,
    "events": _events,
}


def _none(part: str, arguments: str) -> None:
    if arguments:
        raise DataError(f"The profile {part!r} takes no number.", f"Write: {part.split(':')[0]}")


def _number(part: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _not_a_number(part, "number", text) from None


def _whole(part: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _not_a_number(part, "whole number", text) from None


def _not_a_number(part: str, due: str, text: str) -> DataError:
    kind = part.partition(":")[0].strip()
    written = next(name for name in PROFILES if name.startswith(f"{kind}:"))
    found = repr(text) if text else "nothing"
    return DataError(f"The profile {part!r} has {found} where a {due} is due.", f"Write: {written}")
