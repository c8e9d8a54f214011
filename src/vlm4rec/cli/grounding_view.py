"""What is seen of a grounding run: a live display, plain lines, or JSON lines."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeGuard

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from vlm4rec.cli.console import err, out
from vlm4rec.cli.grounding_summary import duration, money, summary
from vlm4rec.grounding.watching import RunState

__all__ = ["GroundingView", "Looks", "Pace"]

Looks = Literal["live", "lines", "json"]
"""How a run shows: a display on a terminal, a line now and then, or JSON for machines."""

_EVERY: dict[Looks, float] = {"live": 0.25, "lines": 10.0, "json": 1.0}
"""Seconds between two looks."""

_WINDOW = 30.0
"""Seconds that the rate is taken over: long enough to be calm, short enough to be true."""


class Pace:
    """How fast photos are answered, over the last half minute.

    Photos that were described before don't count: they take no time, and would make what is
    left look short.

    Parameters
    ----------
    started
        When the run began, in seconds by the same clock as later.

    Examples
    --------
    >>> pace = Pace(0.0)
    >>> pace.seen(2.0, 10)
    >>> pace.rate, pace.left(100)
    (5.0, 20.0)
    """

    def __init__(self, started: float) -> None:
        self._seen = deque([(started, 0)])

    def seen(self, now: float, answered: int) -> None:
        """Take down how many photos had been answered at a time."""
        self._seen.append((now, answered))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Photos a second, 0 as long as there is none."""
        (begin, before), (end, after) = self._seen[0], self._seen[-1]
        return (after - before) / (end - begin) if end > begin else 0.0

    def left(self, photos: int | None) -> float | None:
        """Return the seconds that so many photos take, None if nobody can tell."""
        return photos / self.rate if photos is not None and self.rate else None


class GroundingView:
    """Shows a run: hand its `show` to the run as ``watch``, inside a ``with`` block.

    On a terminal it is a display that draws itself four times a second, elsewhere a line every
    ten seconds, and for machines a JSON object a line, one a second at most and one at the end.
    All of it goes where messages go (stderr), so that results can be piped. `show` is called
    after each answer and costs next to nothing unless something is due.

    Parameters
    ----------
    as_json
        Whether machines read it.
    console
        Where to, by default stderr.
    clock
        Gives seconds that never go back.

    Examples
    --------
    >>> from vlm4rec.shop import Shop
    >>> def ground(shop: Shop) -> None:
    ...     with GroundingView() as view:
    ...         report = shop.ground("openai:gpt-4.1-mini", watch=view.show)
    ...     view.summarise(report.flags)
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        console: Console = err,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.looks: Looks = "json" if as_json else "live" if console.is_terminal else "lines"
        self.state: RunState | None = None
        self._console = console
        self._clock = clock
        self._started = self._came = self._ended = clock()
        self._due = self._started if as_json else self._started + _EVERY[self.looks]
        self._pace = Pace(self._started)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self.looks == "live":
            self._live = Live(
                console=self._console,
                get_renderable=self._picture,
                refresh_per_second=1 / _EVERY["live"],
                transient=True,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended = self._clock()
        if self._live is not None:
            self._live.stop()
            self._live = None
        if self.state is None:
            return
        if self.looks == "json" or kind is not None:
            self._write(self.state, self._ended)

    def show(self, state: RunState) -> None:
        """Take the state of the run, and show it if that is due."""
        now = self._clock()
        self.state, self._came = state, now
        if self._live is None and now >= self._due:
            self._due = now + _EVERY[self.looks]
            self._write(state, now)

    def summarise(
        self, flags: Mapping[str, int] | None = None, models: Mapping[str, int] | None = None
    ) -> None:
        """Print what the run did as a table, where results go; for machines, nothing.

        Parameters
        ----------
        flags
            How many of the new descriptions have each flag.
        models
            How many each model wrote.
        """
        if self.state is not None and self.looks != "json":
            out.print(summary(self.state, self.seconds, flags or {}, models or {}))

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self._ended - self._started

    def _write(self, state: RunState, now: float) -> None:
        self._look(state, now)
        if self.looks == "json":
            line = json.dumps(self._event(state, now))
            self._console.file.write(line + "\n")
            self._console.file.flush()
        else:
            self._console.print(self._line(state, now), soft_wrap=True, markup=False)

    def _look(self, state: RunState, now: float) -> None:
        self._pace.seen(now, state.grounded + state.failed)

    def _event(self, state: RunState, now: float) -> dict[str, Any]:
        return {
            "event": "progress",
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "done": state.done,
            "total": state.total,
            "rate": round(self._pace.rate, 2),
            "eta_seconds": _rounded(self._pace.left(_left(state)), 1),
            "spent_usd": round(state.spent, 6),
            "uncertain_usd": round(state.uncertain, 6),
            "retries": state.retried,
            "flagged": state.flagged,
            "failed": state.failed,
            "level": state.level,
            "trouble": state.trouble,
            "paused": _rounded(_finite(self._paused(state, now)), 1),
        }

    def _line(self, state: RunState, now: float) -> str:
        of = f" of {state.total:,}" if state.total is not None else ""
        told = [f"Grounding: {state.done:,}{of}", *self._going(state), *_trouble(state)]
        paused = self._paused(state, now)
        return ", ".join(told) + (f". {_waiting(state, paused)}" if _tells(paused) else "")

    def _picture(self) -> RenderableType:
        """Draw the display; the thread that draws calls this, so a pause counts down in it."""
        state, now = self.state, self._clock()
        if state is None:
            return Text("Grounding: looking up what is described already")
        self._look(state, now)
        lines: list[RenderableType] = [_bar(state, now), Text(", ".join(self._going(state)))]
        if trouble := _trouble(state):
            lines.append(Text(", ".join(trouble)))
        if _tells(paused := self._paused(state, now)):
            lines.append(Text(_waiting(state, paused), style="yellow"))
        return Group(*lines)

    def _going(self, state: RunState) -> list[str]:
        if not state.level:  # a run by batches, which come when they come
            waiting = [f"{state.in_flight:,} at the provider"]
            return waiting + ([money(state.spent)] if state.spent else [])
        left = self._pace.left(_left(state))
        told = [f"{self._pace.rate:,.1f} photos/s"]
        if left is not None:
            told.append(f"{duration(left)} left")
        if state.spent or state.uncertain:
            more = f" and up to {money(state.uncertain)}" if state.uncertain else ""
            told.append(f"{money(state.spent)}{more}")
        return [*told, f"{state.level:,} at once"]

    def _paused(self, state: RunState, now: float) -> float | None:
        """Return the seconds until the server is tried again, infinite while it is."""
        return None if state.paused is None else max(0.0, state.paused - (now - self._came))


def _bar(state: RunState, now: float) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, justify="right")
    bar = ProgressBar(
        total=state.total, completed=state.done, pulse=not state.total, animation_time=now
    )
    of = f"/{state.total:,}" if state.total is not None else ""
    percent = f" {state.done / state.total:4.0%}" if state.total else ""
    table.add_row("Grounding", bar, f"{state.done:,}{of}{percent}")
    return table


def _trouble(state: RunState) -> list[str]:
    counts = (
        (state.retried, f"{state.retried:,} retried"),
        (state.flagged, f"{state.flagged:,} flagged"),
        (state.failed, f"{state.failed:,} failed"),
        (state.left_out, f"{state.left_out:,} given up before"),
    )
    return [text for count, text in counts if count]


def _tells(paused: float | None) -> TypeGuard[float]:
    """Tell whether a pause is worth a word; one below a second comes and goes."""
    return paused is not None and paused >= 1


def _waiting(state: RunState, seconds: float) -> str:
    when = f"in {duration(seconds)}" if math.isfinite(seconds) else "now"
    why = state.trouble or "The server takes no calls."
    return f"{why} Trying again {when}"


def _finite(seconds: float | None) -> float | None:
    """Take 0 for what is under way: JSON knows no infinity."""
    return 0.0 if seconds == math.inf else seconds


def _left(state: RunState) -> int | None:
    return None if state.total is None else max(0, state.total - state.done)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
