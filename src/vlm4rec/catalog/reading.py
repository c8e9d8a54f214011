"""The seam through which a catalog comes in, and the names that a user's columns may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from vlm4rec.catalog.items import Catalog
from vlm4rec.catalog.source_files import check_path
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

    Raises
    ------
    DataError
        If a path can't be stored as text.
    """

    path: Path
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    photo_root: Path | None = None

    def __post_init__(self) -> None:
        for path in (self.path, self.photo_root):
            if path is not None:
                check_path(path)


@dataclass(frozen=True, slots=True)
class CatalogReading:
    """A catalog, and what was wrong with its source.

    Parameters
    ----------
    catalog
        The catalog.
    problems
        What could not be used.
    files
        The tables that were read, as absolute paths; photos are not among them.
    """

    catalog: Catalog
    problems: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()


class CatalogReader(Protocol):
    """Reads one format of catalog.

    A reader gives string ids, each once (the first of two wins and the second is a problem),
    absolute photo paths or URLs, and a `Problem` for each row it can't use. It raises
    `vlm4rec.errors.DataError` only where nothing can be read at all.
    """

    def read(self, source: CatalogSource, progress: Progress = no_progress) -> CatalogReading:
        """Read the catalog."""
        ...
