"""What the plots of a report draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlm4rec.evaluation.report.rows import Compared, SettingSummary, Summary
from vlm4rec.evaluation.report.words import metric_label, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DARK", "LIGHT", "Bars", "Forest", "Look"]


@dataclass(frozen=True, slots=True)
class Look:
    """Colours; those of marks are by Okabe and Ito, whom the colour-blind can tell apart."""

    ink: str
    soft: str
    line: str
    plain: str
    better: str
    worse: str
    reference: str


LIGHT = Look("#1d1d1b", "#6b6862", "#dcd7cd", "#a9a49a", "#0072b2", "#d55e00", "#4a4741")
DARK = Look("#eeeae2", "#a8a297", "#3f3b34", "#7d786d", "#56b4e9", "#e69f00", "#cfc9bd")


class Bars:
    """The main metric of each method, with its interval."""

    kind = "bars"

    def __init__(self, summary: Summary, setting: SettingSummary) -> None:
        self.setting = setting
        self.metric, self.reference = summary.metric, summary.reference
        self.rows = setting.best_first(summary.metric)

    @property
    def alt(self) -> str:
        """What it shows, in words."""
        told = "; ".join(
            f"{one_line(row.name, 60)} {row.estimates[self.metric].mean:.4f}" for row in self.rows
        )
        return f"Bars of {metric_label(self.metric)} with intervals: {told}."

    @property
    def names(self) -> list[str]:
        """The methods, from above."""
        return [row.name for row in self.rows]

    def draw(self, axes: Axes, look: Look, narrow: bool) -> None:
        """Draw one row a method, at 0 and so on from above."""
        held = [row.estimates[self.metric] for row in self.rows]
        places = range(len(held))
        colours = [
            look.reference if row.name == self.reference else _colour(look, self._mark(row.name))
            for row in self.rows
        ]
        means = [each.mean for each in held]
        height = 0.42 if narrow else 0.62
        filled = [
            "none" if row.name == self.reference else colour
            for row, colour in zip(self.rows, colours, strict=True)
        ]
        axes.barh(
            places, means, height=height, color=filled, edgecolor=colours, linewidth=1.4, zorder=2
        )
        ends = [_ends(e.mean, e.low, e.high) for e in held]
        # Of equal values the ends may lie beside the mean by a last digit.
        bounds = [
            [max(0.0, e.mean - low) for e, (low, _) in zip(held, ends, strict=True)],
            [max(0.0, high - e.mean) for e, (_, high) in zip(held, ends, strict=True)],
        ]
        axes.errorbar(
            means,
            places,
            xerr=bounds,
            fmt="none",
            ecolor=look.ink,
            elinewidth=1.2,
            capsize=3,
            zorder=3,
        )
        self._draw_marks(axes, look, [high for _, high in ends])
        axes.set_xlim(0, max(max(high for _, high in ends) * 1.1, 1e-9))
        axes.set_xlabel(metric_label(self.metric))

    def _draw_marks(self, axes: Axes, look: Look, highs: Sequence[float]) -> None:
        for place, (row, high) in enumerate(zip(self.rows, highs, strict=True)):
            if mark := self._mark(row.name):
                axes.annotate(
                    ("▲" if mark > 0 else "▼") * abs(mark),
                    (high, place),
                    (5, 0),
                    textcoords="offset points",
                    va="center",
                    color=_colour(look, mark),
                    fontsize=7,
                    annotation_clip=False,
                )

    def _mark(self, name: str) -> int:
        return self.setting.row(name).marks.get(self.metric, 0)


class Forest:
    """The difference of each method to the reference, with its interval."""

    kind = "forest"

    def __init__(self, summary: Summary, setting: SettingSummary) -> None:
        self.setting = setting
        self.metric, self.reference = summary.metric, summary.reference
        held: Sequence[Compared] = [c for c in setting.against if c.metric == summary.metric]
        self.rows = sorted(held, key=lambda each: -each.difference)
        self._ends = [_ends(each.difference, each.low, each.high) for each in self.rows]

    @property
    def alt(self) -> str:
        """What it shows, in words."""
        told = "; ".join(
            f"{one_line(each.first, 60)} {each.difference:+.4f} ({low:+.4f} to {high:+.4f})"
            for each, (low, high) in zip(self.rows, self._ends, strict=True)
        )
        reference = one_line(self.reference, 60)
        return f"Differences in {metric_label(self.metric)} to {reference}: {told}."

    @property
    def names(self) -> list[str]:
        """The methods, from above."""
        return [each.first for each in self.rows]

    def draw(self, axes: Axes, look: Look, narrow: bool) -> None:
        """Draw one row a method, at 0 and so on from above."""
        axes.axvline(0, color=look.reference, linewidth=1.2, zorder=1)
        for place, (each, ends) in enumerate(zip(self.rows, self._ends, strict=True)):
            colour = _colour(look, each.mark)
            axes.plot(ends, [place, place], color=colour, linewidth=2, zorder=2)
            marker = {0: "o", 1: "^", -1: "v"}[(each.mark > 0) - (each.mark < 0)]
            axes.plot([each.difference], [place], marker, color=colour, markersize=7, zorder=3)
        reach = max(*(abs(end) for ends in self._ends for end in ends), 1e-9)
        low = min(0.0, *(low for low, _ in self._ends)) - 0.06 * reach
        high = max(0.0, *(high for _, high in self._ends)) + 0.06 * reach
        axes.set_xlim(low, high)
        name = one_line(self.reference, 30)
        axes.set_xlabel(f"{metric_label(self.metric)}, difference to {name}")


def _ends(middle: float, low: float | None, high: float | None) -> tuple[float, float]:
    """Return the ends of an interval; those of no interval are its middle."""
    return middle if low is None else low, middle if high is None else high


def _colour(look: Look, mark: int) -> str:
    return look.plain if mark == 0 else look.better if mark > 0 else look.worse
