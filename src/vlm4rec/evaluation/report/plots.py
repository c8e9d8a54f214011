"""Plots with intervals, as SVG: for light and dark pages, for wide and narrow ones."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from vlm4rec.errors import MissingExtraError
from vlm4rec.evaluation.report.drawings import DARK, LIGHT, Bars, Forest, Look
from vlm4rec.evaluation.report.rows import Summary
from vlm4rec.evaluation.report.words import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Plot", "check_plots", "draw_plots"]

_DPI = 72
_LONGEST = {False: 46, True: 52}
"""Characters of a method's name, in a wide and in a narrow plot."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot, in all its forms.

    Parameters
    ----------
    setting
        The setting's name.
    kind
        ``"bars"`` or ``"forest"``.
    alt
        What it shows, in words, for those who don't see it.
    files
        The bytes of each file by name: for light pages, for dark ones (``-dark``), and for
        narrow ones (``-narrow``).
    sizes
        Width and height of each file in pixels.
    """

    setting: str
    kind: str
    alt: str
    files: dict[str, bytes]
    sizes: dict[str, tuple[int, int]]

    def name(self, *, dark: bool = False, narrow: bool = False) -> str:
        """Return the name of a file."""
        end = f"{'-narrow' if narrow else ''}{'-dark' if dark else ''}.svg"
        return next(name for name in self.files if name == f"{self._stem}{end}")

    @property
    def _stem(self) -> str:
        return min(self.files, key=len).removesuffix(".svg")


def draw_plots(summary: Summary) -> list[Plot]:
    """Draw the bars and the forest of each setting; the same numbers give the same bytes.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    check_plots()
    import matplotlib as mpl

    plots = []
    with mpl.rc_context(), _quietly():
        mpl.rcdefaults()  # whatever the user's own style is
        mpl.rcParams.update(_STYLE)
        for number, setting in enumerate(summary.settings, start=1):
            bars = Bars(summary, setting)
            plots.append(_in_all_forms(f"bars-{number}", bars))
            if len(setting.rows) > 1:
                plots.append(_in_all_forms(f"forest-{number}", Forest(summary, setting)))
    return plots


def check_plots() -> None:
    """Raise a MissingExtraError where plots can't be drawn."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("Drawing the plots of a report", "evaluate")


_STYLE: Any = {
    "svg.hashsalt": "vlm4rec",
    "svg.fonttype": "path",
    "font.family": ["DejaVu Sans"],
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.unicode_minus": True,
    "text.usetex": False,
    "text.parse_math": False,
    "path.simplify": False,
}


@contextmanager
def _quietly() -> Iterator[None]:
    """Draw a name in letters that the font lacks as empty boxes, and say nothing of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def _in_all_forms(stem: str, what: Bars | Forest) -> Plot:
    files, sizes = {}, {}
    for narrow in (False, True):
        start = f"{stem}{'-narrow' if narrow else ''}"
        figure = _figure(what, LIGHT, narrow)
        width, height = figure.get_size_inches() * _DPI
        light = _svg(figure)
        for name, data in ((f"{start}.svg", light), (f"{start}-dark.svg", _darkened(light))):
            files[name] = data
            sizes[name] = (round(width), round(height))
    return Plot(what.setting.name, what.kind, what.alt, files, sizes)


def _darkened(light: bytes) -> bytes:
    """Return the same plot for a dark page: to draw it again would take as long again."""
    dark = dict(zip(astuple(LIGHT), astuple(DARK), strict=True))
    pattern = "|".join(map(re.escape, dark))
    return re.sub(pattern, lambda found: dark[found[0]], light.decode()).encode()


def _figure(what: Bars | Forest, look: Look, narrow: bool) -> Figure:
    from matplotlib.figure import Figure

    names = [one_line(name, _LONGEST[narrow]) for name in what.names]
    row, around = (0.56, 0.8) if narrow else (0.34, 0.9)
    width, height = (4.8 if narrow else 11.6), row * len(names) + around
    figure = Figure(figsize=(width, height), dpi=_DPI)
    figure.patch.set_alpha(0)
    letters = max(map(len, names))
    left = 0.045 if narrow else min(0.45, 0.02 + 0.105 * letters / width)
    axes = figure.add_axes((left, 0.62 / height, 0.97 - left, 1 - (0.62 + 0.12) / height))
    axes.patch.set_alpha(0)
    what.draw(axes, look, narrow)
    _axis(axes, names, look, narrow)
    return figure


def _axis(axes: Axes, names: Sequence[str], look: Look, narrow: bool) -> None:
    axes.set_ylim(len(names) - 0.5, -0.72 if narrow else -0.5)
    axes.grid(axis="x", color=look.line, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_color(look.line)
    axes.tick_params(axis="x", colors=look.soft, labelsize=10)
    axes.xaxis.label.set_color(look.ink)
    axes.locator_params(axis="x", nbins=5 if narrow else 8)
    if not narrow:
        axes.set_yticks(range(len(names)), names, color=look.ink)
        axes.tick_params(axis="y", length=0)
        return
    axes.set_yticks([])
    start = axes.get_xlim()[0]
    for place, name in enumerate(names):
        axes.text(start, place - 0.34, name, color=look.ink, va="center", ha="left", zorder=4)


def _svg(figure: Figure) -> bytes:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(figure)
    held = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(held, format="svg", metadata=nothing, transparent=True)
    return held.getvalue()
