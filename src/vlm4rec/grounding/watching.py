"""Watching a run: its state after each answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["RunState", "Watch", "no_watch"]


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run has come.

    Parameters
    ----------
    done, total
        Photos that the run is through with, in whatever way, and all; None if that is not known.
    grounded, reused, failed, left_out
        Photos described now, described before, tried in vain, and given up before.
    retried
        Calls made again since no answer came.
    flagged
        Photos described now in whose description the quality gates found something.
    tokens_in, tokens_cached, tokens_out
        What the answers took.
    spent, uncertain
        US dollars: what the answers cost, and at most, what got lost may have.
    level, in_flight
        Calls that may be, and are, under way at once.
    paused
        Seconds until the server is tried again, None if it is not paused.
    trouble
        What the server said when it last gave no answer, empty since it gave one.
    """

    done: int
    total: int | None
    grounded: int
    reused: int
    failed: int
    left_out: int
    retried: int
    flagged: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    spent: float
    uncertain: float
    level: int
    in_flight: int
    paused: float | None
    trouble: str = ""


Watch = Callable[[RunState], None]
"""Called with the state of a run after each answer."""


def no_watch(_state: RunState) -> None:
    """Look away."""
