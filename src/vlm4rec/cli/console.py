"""What all commands share: where they print, how progress shows, how errors read."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from vlm4rec.catalog.reading import Progress as ProgressCall
from vlm4rec.errors import Vlm4recError

__all__ = ["out", "plain", "print_error", "print_json", "print_note", "stage"]

out = Console(highlight=False, soft_wrap=False)
"""Where results go."""

err = Console(stderr=True, highlight=False)
"""Where everything else goes, so that results can be piped."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def plain(text: str) -> str:
    """Make foreign text safe to print: no markup, and no commands to the terminal."""
    return escape(_CONTROL.sub(" ", text))


def print_json(value: Any) -> None:
    """Print a value as JSON for a program to read."""
    # JSON of plain ASCII is the same JSON, for a pipe that can't carry more.
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=ascii_only, indent=2) + "\n")


def print_note(text: str) -> None:
    """Print something a person should know that is not the result."""
    err.print(escape(text), soft_wrap=True)


def print_error(error: Vlm4recError) -> None:
    """Print an error: what is wrong, then what to do."""
    err.print(f"[bold red]Error:[/] {escape(error.message)}", soft_wrap=True)
    if error.remedy:
        err.print(escape(error.remedy), soft_wrap=True)


@contextmanager
def stage(what: str) -> Iterator[ProgressCall]:
    """Show a bar on a terminal, one line at the end elsewhere; see `vlm4rec.shop.stages`."""
    if not err.is_terminal:
        last = 0

        def remember(done: int, _total: int | None) -> None:
            nonlocal last
            last = done

        yield remember
        print_note(f"{what}: {last:,}")
        return
    with _bar() as bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
        done = bar.tasks[0].completed
        bar.update(task, total=done, completed=done)


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=err,
    )
