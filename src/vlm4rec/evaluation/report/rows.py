"""What a report says, as data: estimates with intervals, and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vlm4rec.evaluation.results import Facts

__all__ = [
    "Beyond",
    "Compared",
    "Estimate",
    "Group",
    "MethodRow",
    "ReportOptions",
    "SettingSummary",
    "Summary",
]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report shows.

    Parameters
    ----------
    metric
        The main one, such as ``"recall@10"``; None for recall at 10, or at the cut-off nearest.
    reference
        The method that the others are compared with; None for the paper's recipe where it was
        judged, and else the first.
    resamples
        How often users are drawn again for an interval.
    rounds
        How often signs are drawn for a test; None for as many as the correction needs.
    confidence
        Of intervals, from 0 to 1.
    cases
        How many real cases are shown with photos; 0 for none.
    """

    metric: str | None = None
    reference: str | None = None
    resamples: int = 2000
    rounds: int | None = None
    confidence: float = 0.95
    cases: int = 6


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over users, and its interval; None for a single user, of whom nothing follows."""

    mean: float
    low: float | None
    high: float | None
    users: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Two methods on the same users.

    Parameters
    ----------
    metric
        What they are compared by.
    first, second
        The methods.
    first_mean, second_mean
        Their means over users.
    difference, low, high
        First minus second, and the bounds of its interval.
    p
        Of a paired permutation test, two-sided.
    adjusted
        The same after Holm's correction for all comparisons made for the same purpose.
    effect
        The mean difference in standard deviations of the differences (Cohen's d); None where
        there is none.
    users
        How many.
    """

    metric: str
    first: str
    second: str
    first_mean: float
    second_mean: float
    difference: float
    low: float | None
    high: float | None
    p: float
    adjusted: float
    effect: float | None
    users: int

    @property
    def mark(self) -> int:
        """Whether the first is better (1, 2) or worse (-1, -2), at 0.05 or at 0.01; 0 if unsure.

        It counts only where the interval, too, lies on one side of zero.
        """
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return 0
        if self.adjusted >= 0.05:
            return 0
        strength = 2 if self.adjusted < 0.01 else 1
        return strength if self.difference > 0 else -strength

    @property
    def turned(self) -> Compared:
        """The same the other way round."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            first_mean=self.second_mean,
            second_mean=self.first_mean,
            difference=0.0 - self.difference,
            low=None if self.high is None else 0.0 - self.high,
            high=None if self.low is None else 0.0 - self.low,
            effect=None if self.effect is None else 0.0 - self.effect,
        )


@dataclass(frozen=True)
class MethodRow:
    """One method in one setting.

    Parameters
    ----------
    name
        The method's.
    estimates
        By metric.
    marks
        By metric, against the reference; empty for the reference itself. See `Compared.mark`.
    chosen
        What it chose on validation.
    """

    name: str
    estimates: Mapping[str, Estimate]
    marks: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """Some of the cases: how each method does on them.

    Parameters
    ----------
    by
        By what cases were told apart, such as ``"history length"``.
    name
        Which of them these are, such as ``"2 to 4"``.
    cases, targets, users
        How many.
    estimates
        Of the main metric, by method.
    """

    by: str
    name: str
    cases: int
    targets: int
    users: int
    estimates: Mapping[str, Estimate]


@dataclass(frozen=True)
class Beyond:
    """What there is beside accuracy, by method: figures by their name.

    Parameters
    ----------
    names
        The figures, in order.
    values
        By method, then by figure; None where there is nothing to tell it by.
    told
        What each figure means, a sentence.
    """

    names: tuple[str, ...]
    values: Mapping[str, Mapping[str, float | None]]
    told: Mapping[str, str]


@dataclass(frozen=True)
class SettingSummary:
    """One setting: every method under the same mask.

    Parameters
    ----------
    name
        The setting's.
    cases, users, repeats
        How many; repeats are targets taken out, since the history holds them already.
    left_out
        What was left out under this mask, and how often.
    rows
        The methods, in the order in which they were given.
    against
        Each other method against the reference, on every metric; Holm's correction is over the
        methods, for each metric.
    pairs
        All pairs on the main metric; Holm's correction is over all of them.
    questions
        Over what grounding may add something, and the pairs that tell, on the main metric: see
        `vlm4rec.evaluation.report.verdict`; Holm's correction is over these.
    groups
        The slices.
    beyond
        What there is beside accuracy.
    """

    name: str
    cases: int
    users: int
    repeats: int
    left_out: Mapping[str, int]
    rows: tuple[MethodRow, ...]
    against: tuple[Compared, ...]
    pairs: tuple[Compared, ...]
    questions: tuple[tuple[str, Compared], ...]
    groups: tuple[Group, ...]
    beyond: Beyond | None

    def row(self, method: str) -> MethodRow:
        """Return a method's row."""
        return next(row for row in self.rows if row.name == method)

    def best_first(self, metric: str) -> list[MethodRow]:
        """Return the rows by their mean, the highest first; equal ones in the order given."""
        return sorted(self.rows, key=lambda row: -row.estimates[metric].mean)

    def compared(self, first: str, second: str) -> Compared:
        """Return the comparison of two methods on the main metric, either way round."""
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {first, second})


@dataclass(frozen=True)
class Summary:
    """All that a report says in numbers.

    Parameters
    ----------
    facts
        How it was judged.
    options
        As they were used: with a metric and a reference.
    metric, reference
        Those.
    metrics
        All that there are, in order.
    methods
        The methods, in the order in which they were given.
    settings
        The settings.
    environment
        What it ran on.
    """

    facts: Facts
    options: ReportOptions
    metric: str
    reference: str
    metrics: tuple[str, ...]
    methods: tuple[str, ...]
    settings: tuple[SettingSummary, ...]
    environment: Mapping[str, str]
