"""What grounding adds here, and how sure that is, in plain sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vlm4rec.evaluation.report.rows import Compared, SettingSummary, Summary
from vlm4rec.evaluation.report.words import (
    listed,
    metric_label,
    named,
    number,
    p_value,
    setting_phrase,
    setting_title,
    signed,
    times,
)
from vlm4rec.problems import counted

__all__ = ["QUESTIONS", "Finding", "Question", "Verdict", "asked", "verdict"]


@dataclass(frozen=True, slots=True)
class Question:
    """Over what grounding may add something, and which pairs of methods answer that.

    Parameters
    ----------
    over
        What there is without grounding, as a sentence names it.
    pairs
        Methods with and without grounding, in a fixed order. All that were judged are compared;
        the headline is of the first of them, whatever it says: to look for the best answer would
        be to look for noise.
    """

    over: str
    pairs: tuple[tuple[str, str], ...]


QUESTIONS = (
    Question(
        "the title",
        (
            ("title+facets+description", "title"),
            ("title+description", "title"),
        ),
    ),
    Question(
        "the shop's metadata",
        (
            ("metadata+facets+description", "metadata"),
            ("metadata+description", "metadata"),
            ("metadata+image+facets+description", "metadata+image"),
        ),
    ),
    Question(
        "pixels",
        (
            ("facets+description", "image"),
            ("facets", "image"),
            ("description", "image"),
        ),
    ),
    Question(
        "the best that goes without it",
        (("best", "best without grounding"),),
    ),
)
"""What is asked of every shop. Spaces, hyphens, case and the order of what a plus joins are no
matter in the names of methods."""


def asked(
    methods: Sequence[str], questions: Sequence[Question] = QUESTIONS
) -> list[tuple[str, str, str]]:
    """Return what the methods can answer: over what, and the two methods that are compared.

    >>> asked(["Title", "title + description"])
    [('the title', 'title + description', 'Title')]
    """
    there = {_parts(name): name for name in reversed(methods)}
    return [
        (question.over, there[_parts(first)], there[_parts(second)])
        for question in questions
        for first, second in question.pairs
        if _parts(first) in there and _parts(second) in there
    ]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question in one setting.

    Parameters
    ----------
    setting
        The setting's name.
    over
        What grounding was compared with.
    compared
        The two methods.
    sentence
        What that says, whole.
    """

    setting: str
    over: str
    compared: Compared
    sentence: str

    @property
    def outcome(self) -> str:
        """``"better"``, ``"worse"`` or ``"open"``."""
        mark = self.compared.mark
        return "open" if mark == 0 else "better" if mark > 0 else "worse"


@dataclass(frozen=True)
class Verdict:
    """What a report says first.

    Parameters
    ----------
    headline
        One sentence.
    best
        A sentence a setting: which method is best, and how it stands against the reference.
    findings
        The answers.
    unasked
        Over what nothing can be said, since no pair of methods for it was judged.
    """

    headline: str
    best: Mapping[str, str]
    findings: tuple[Finding, ...]
    unasked: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """All that it says, in order."""
        said = [self.headline, *self.best.values()]
        return said + [finding.sentence for finding in self.findings]


def verdict(summary: Summary, questions: Sequence[Question] = QUESTIONS) -> Verdict:
    """Say what the numbers say, no more."""
    findings = [
        Finding(setting.name, over, compared, _sentence(setting, over, compared))
        for setting in summary.settings
        for over, compared in setting.questions
    ]
    overs = list(dict.fromkeys(finding.over for finding in findings))
    return Verdict(
        _headline(summary, overs, findings),
        {setting.name: _best(summary, setting) for setting in summary.settings},
        tuple(findings),
        tuple(question.over for question in questions if question.over not in overs),
    )


def _headline(summary: Summary, overs: Sequence[str], findings: Sequence[Finding]) -> str:
    if not overs:
        return (
            "What grounding adds can't be told from these methods: judge some with it and some "
            "without, such as description and image."
        )
    groups: dict[tuple[str, ...], list[str]] = {}
    for over in overs:
        answers = [_leading(findings, over, setting.name) for setting in summary.settings]
        found = (finding.outcome for finding in answers)
        groups.setdefault((_kind(answers[0].compared), *found), []).append(over)
    names = [setting.name for setting in summary.settings]
    whole, mixed, unsure = [], [], []
    for (kind, *outcomes), things in sorted(groups.items(), key=_rank):
        if set(outcomes) == {"open"}:
            unsure.append(_SAID[kind, "better"].format(listed(things, "or")))
        elif len(set(outcomes)) == 1:
            whole.append(_SAID[kind, outcomes[0]].format(listed(things)))
        else:
            mixed.append(_mixed(names, kind, outcomes, things))
    said = [listed(whole)] if whole else []
    said += mixed
    clauses = [f"Grounding {said[0]}", *(f"it {each}" for each in said[1:])] if said else []
    if unsure:
        subject = "whether it" if clauses else "Whether grounding"
        end = "," if len(unsure) > 1 else ""
        clauses.append(f"{subject} {', or '.join(unsure)}{end} can't be told")
    return f"{'; '.join(clauses)}."


def _leading(findings: Sequence[Finding], over: str, setting: str) -> Finding:
    return next(each for each in findings if (each.over, each.setting) == (over, setting))


_ORDER = ("better", "open", "worse")
_SAID = {
    ("more", "better"): "adds to {}",
    ("more", "open"): "adds nothing that can be told to {}",
    ("more", "worse"): "takes away from {}",
    ("instead", "better"): "beats {}",
    ("instead", "open"): "can't be told apart from {}",
    ("instead", "worse"): "is worse than {}",
}


def _rank(group: tuple[tuple[str, ...], list[str]]) -> list[int]:
    _, *outcomes = group[0]
    return [_ORDER.index(outcome) for outcome in outcomes]


def _kind(compared: Compared) -> str:
    """Tell whether grounding came in addition to what the second method has, or instead of it."""
    return "more" if _parts(compared.second) < _parts(compared.first) else "instead"


def _mixed(names: Sequence[str], kind: str, outcomes: Sequence[str], things: Sequence[str]) -> str:
    """Say in which setting what holds."""
    parts: list[str] = []
    for outcome in sorted(set(outcomes), key=_ORDER.index):
        where = [setting_phrase(n) for n, o in zip(names, outcomes, strict=True) if o == outcome]
        again = "it" if len(things) == 1 and things[0] not in _PLURAL else "them"
        said = _SAID[kind, outcome].format(again if parts else listed(things))
        parts.append(f"{said} {listed(where)}")
    return ", but ".join(parts)


_PLURAL = frozenset({"pixels"})


def _sentence(setting: SettingSummary, over: str, compared: Compared) -> str:
    first, second = named(compared.first), named(compared.second)
    ratio = times(compared.first_mean, compared.second_mean)
    values = f"{number(compared.first_mean)} against {number(compared.second_mean)}"
    interval = f"difference {signed(compared.difference)}"
    if compared.low is not None and compared.high is not None:
        interval += f", {signed(compared.low)} to {signed(compared.high)}"
    p = p_value(compared.adjusted)
    by = f"{metric_label(compared.metric)} of {counted(compared.users, 'customer')}"
    how = f"{values}{', ' + ratio if ratio else ''}; {interval}; {p}"
    if compared.mark > 0:
        said = f"{first} is better than {second}"
    elif compared.mark < 0:
        said = f"{first} is worse than {second}"
    else:
        said = f"{first} and {second} can't be told apart"
    where = setting_title(setting.name)
    return f"{where}, over {over}: {said} ({by}: {how})."


def _best(summary: Summary, setting: SettingSummary) -> str:
    metric = summary.metric
    rows = setting.best_first(metric)
    best, reference = rows[0].name, summary.reference
    value = number(rows[0].estimates[metric].mean)
    where = setting_title(setting.name)
    begin = f"{where}, {named(best)} has the highest {metric_label(metric)}, {value}"
    if len(rows) == 1:
        return f"{begin}; nothing else was judged."
    unsure = [row.name for row in rows[1:] if setting.compared(best, row.name).mark == 0]
    said = [begin + _beside(setting, best, reference)]
    if unsure:
        more = len(unsure) - _NAMED
        names = [named(name) for name in unsure[: _NAMED if more > 1 else _NAMED + 1]]
        if more > 1:
            names.append(f"{more:,} more")
        said.append(f"It can't be told apart from {listed(names)}")
    return f"{'. '.join(said)}."


_NAMED = 3


def _beside(setting: SettingSummary, best: str, reference: str) -> str:
    if best == reference:
        return ", and is the method that the others are compared with"
    held = next(
        each for each in setting.against if (each.first, each.metric) == (best, _metric(setting))
    )
    ratio = times(held.first_mean, held.second_mean)
    beside = f"{ratio} that of {named(reference)}" if ratio else f"{named(reference)} has none"
    return f", {beside} ({p_value(held.adjusted)})"


def _metric(setting: SettingSummary) -> str:
    return setting.pairs[0].metric


def _parts(name: str) -> frozenset[str]:
    """Return what ways to write a method's name have in common."""
    return frozenset(_IDLE.sub("", part.lower()) for part in name.split("+"))


_IDLE = re.compile(r"[\s_-]+")
