"""A few real cases in which two methods differ most: numbers alone convince nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vlm4rec.evaluation.report.rows import SettingSummary, Summary
from vlm4rec.evaluation.results import Evaluation, Setting

__all__ = ["ShownCase", "ShownCases", "Side", "choose_cases", "pair_to_show"]

_HISTORY = 8
_TARGETS = 4
_FIRST = 5


@dataclass(frozen=True, slots=True)
class Side:
    """What one method ranked in a case.

    Parameters
    ----------
    method
        The method's name.
    items
        The first five, each with whether it is a target.
    place
        Where its first target is, from 1; None if it is not among the ranked.
    """

    method: str
    items: tuple[tuple[str, bool], ...]
    place: int | None


@dataclass(frozen=True, slots=True)
class ShownCase:
    """One case.

    Parameters
    ----------
    user
        Whose it is.
    history
        The last items of the history, the newest first, each once.
    older
        How many items more it has.
    targets
        What was to be found.
    more_targets
        How many more there were.
    sides
        The two methods.
    """

    user: str
    history: tuple[str, ...]
    older: int
    targets: tuple[str, ...]
    more_targets: int
    sides: tuple[Side, Side]


@dataclass(frozen=True, slots=True)
class ShownCases:
    """The cases that are shown.

    Parameters
    ----------
    setting
        Of which setting.
    first, second
        The two methods.
    length
        How long their rankings are.
    better, worse, same
        In how many of all cases the first is better, worse, and neither, on the main metric.
    cases
        Those that are shown: in half of them the first is better, in half the second, as far as
        there are any.
    """

    setting: str
    first: str
    second: str
    length: int
    better: int
    worse: int
    same: int
    cases: tuple[ShownCase, ...]

    @property
    def items(self) -> list[str]:
        """All items that are shown, each once."""
        shown: dict[str, None] = {}
        for case in self.cases:
            ranked = (item for side in case.sides for item, _ in side.items)
            shown.update(dict.fromkeys((*case.history, *case.targets, *ranked)))
        return list(shown)


def pair_to_show(summary: Summary, setting: SettingSummary) -> tuple[str, str] | None:
    """Return the two methods to show: the ones that the last question is about, or the best one
    and the reference; None where there is only one.
    """  # noqa: D205
    if setting.questions:
        _, compared = setting.questions[-1]
        return compared.first, compared.second
    names = [row.name for row in setting.best_first(summary.metric)]
    others = [name for name in names if name != summary.reference]
    return (others[0], summary.reference) if others else None


def choose_cases(evaluation: Evaluation, summary: Summary) -> ShownCases | None:
    """Choose cases in which two methods differ most, both ways, one a customer.

    Nobody picks them: they are ordered by the difference in NDCG, or else in the main metric, and
    among equals in an order drawn from the users' ids. They are of the last setting, where a
    method can't shine by finding the same product in another colour.
    """
    setting, told = evaluation.settings[-1], summary.settings[-1]
    pair = pair_to_show(summary, told)
    if pair is None or summary.options.cases < 1:
        return None
    first, second = pair
    by = [setting.methods[name].values for name in pair]
    main = by[0][summary.metric] - by[1][summary.metric]
    finest = max((m for m in by[0] if m.startswith("ndcg@")), key=_cut_off, default=summary.metric)
    difference = by[0][finest] - by[1][finest]
    order = sorted(range(len(setting.cases)), key=lambda row: _drawn(setting, row))
    half = summary.options.cases // 2
    upper = _strongest(setting, difference, order, summary.options.cases)
    lower = _strongest(setting, -difference, order, summary.options.cases)
    many = max(summary.options.cases - half, summary.options.cases - len(lower))
    rows = upper[:many]
    users = {setting.cases[row].user for row in rows}
    rest = [row for row in lower if setting.cases[row].user not in users]
    rows += rest[: summary.options.cases - len(rows)]
    return ShownCases(
        setting.name,
        first,
        second,
        setting.methods[first].rankings.shape[1],
        int((main > 0).sum()),
        int((main < 0).sum()),
        int((main == 0).sum()),
        tuple(_shown(evaluation, setting, row, pair) for row in rows),
    )


def _strongest(
    setting: Setting, difference: np.ndarray, order: Iterable[int], most: int
) -> list[int]:
    """Return the cases with the highest differences above 0, one a user."""
    ordered = sorted((row for row in order if difference[row] > 0), key=lambda r: -difference[r])
    of_user: dict[str, int] = {}
    for row in ordered:
        of_user.setdefault(setting.cases[row].user, row)
    return list(of_user.values())[:most]


def _drawn(setting: Setting, row: int) -> bytes:
    case = setting.cases[row]
    text = f"{case.user}\n{case.time}\n{row}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _shown(evaluation: Evaluation, setting: Setting, row: int, pair: tuple[str, str]) -> ShownCase:
    case = setting.cases[row]
    newest = list(dict.fromkeys(reversed(case.history.items)))
    first, second = (_side(evaluation, setting, row, method) for method in pair)
    return ShownCase(
        case.user,
        tuple(newest[:_HISTORY]),
        max(0, len(newest) - _HISTORY),
        case.targets[:_TARGETS],
        max(0, len(case.targets) - _TARGETS),
        (first, second),
    )


def _side(evaluation: Evaluation, setting: Setting, row: int, method: str) -> Side:
    wanted = set(setting.cases[row].targets)
    columns = setting.methods[method].rankings[row]
    ranked = [evaluation.candidates[column] for column in columns if column >= 0]
    places = [place for place, item in enumerate(ranked, start=1) if item in wanted]
    items = tuple((item, item in wanted) for item in ranked[:_FIRST])
    return Side(method, items, places[0] if places else None)


def _cut_off(metric: str) -> int:
    at = metric.partition("@")[2]
    return int(at) if at.isdigit() else 0
