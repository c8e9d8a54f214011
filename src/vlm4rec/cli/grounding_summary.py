"""A grounding run in a table, and how times and sums of money read."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from vlm4rec.cli.console import plain
from vlm4rec.grounding.watching import RunState

__all__ = ["duration", "money", "summary"]


def summary(
    state: RunState,
    seconds: float,
    flags: Mapping[str, int],
    models: Mapping[str, int],
) -> Table:
    """Make a table of what a run did; what did not happen has no row.

    Parameters
    ----------
    state
        The last state of the run.
    seconds
        How long it took.
    flags
        How many of the new descriptions have each flag.
    models
        How many each model wrote.
    """
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value, note in _rows(state, seconds, flags, models):
        table.add_row(name, value, plain(note))
    return table


def _rows(
    state: RunState, seconds: float, flags: Mapping[str, int], models: Mapping[str, int]
) -> list[tuple[str, str, str]]:
    asked = state.grounded + state.failed
    rate = f"{asked / seconds:,.1f} photos/s" if asked and seconds > 0 else ""
    rows = [("Described", f"{state.grounded:,}", _named(models))]
    for name, count, note in (
        ("Described before", state.reused, ""),
        ("Failed", state.failed, ""),
        ("Given up before", state.left_out, ""),
        ("Flagged", state.flagged, _named(flags)),
        ("Calls made again", state.retried, ""),
        ("Tokens in", state.tokens_in, _cached(state.tokens_cached)),
        ("Tokens out", state.tokens_out, ""),
    ):
        if count:
            rows.append((name, f"{count:,}", note))
    if state.spent or state.uncertain:
        more = f"and up to {money(state.uncertain)} for answers that got lost"
        rows.append(("Cost", money(state.spent), more if state.uncertain else ""))
    return [*rows, ("Time", duration(seconds), rate)]


def duration(seconds: float) -> str:
    """Write a time as people do.

    >>> duration(7.4), duration(125), duration(4000)
    ('7 s', '2:05', '1:06:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def money(dollars: float) -> str:
    """Write US dollars, the smaller they are the closer.

    >>> money(1234.5), money(0.0123)
    ('$1,234.50', '$0.0123')
    """
    return f"${dollars:,.2f}" if dollars >= 1 or not dollars else f"${dollars:.4f}"


def _named(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} ({count:,})" for name, count in most)


def _cached(tokens: int) -> str:
    return f"{tokens:,} of them from the server's cache" if tokens else ""
