"""The seam through which a catalog comes in, and the names that a user's columns may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from vlm4rec.catalog.items import Catalog
from vlm4rec.problems import Problem

__all__ = ["CatalogReader", "CatalogReading", "CatalogSource", "Progress", "no_progress"]

Progress = Callable[[int, int | None], None]
"""Called with what is done so far and the total, if it is known."""


def no_progress(done: int, total: int | None) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class CatalogSource:
    """Where a catalog comes from.

    Parameters
    ----------
    path
        The file or folder to read.
    columns
        From our word (``"id"``, ``"title"``, ``"photos"``) to the source's column names; a word
        that is absent is looked for under its usual names. ``"attributes"`` names the columns to
        keep as attributes; absent means all that are left.
    photo_root
        The folder that relative photo paths start from; by default the source's own.
    """

    path: Path
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    photo_root: Path | None = None


@dataclass(frozen=True, slots=True)
class CatalogReading:
    """A catalog, and what was wrong with its source."""

    catalog: Catalog
    problems: tuple[Problem, ...] = ()


class CatalogReader(Protocol):
    """Reads one format of catalog.

    A reader gives string ids, each once (the first of two wins and the second is a problem),
    absolute photo paths or URLs, and a `Problem` for each row it can't use. It raises
    `vlm4rec.errors.DataError` only where nothing can be read at all.
    """

    def read(self, source: CatalogSource, progress: Progress = no_progress) -> CatalogReading:
        """Read the catalog."""
        ...
