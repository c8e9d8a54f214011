"""How a step shows its progress, whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.grounding.watching import Watch

__all__ = ["Stage", "silent", "watching"]

Stage = Callable[[str], AbstractContextManager[Progress]]
"""Begins a stage of a step: given what is done, it gives a `Progress` to call."""


@contextmanager
def silent(_what: str) -> Iterator[Progress]:
    """Show nothing."""
    yield no_progress


def watching(progress: Progress) -> Watch:
    """Show a grounding run's state as any step's progress."""
    return lambda state: progress(state.done, state.total)
