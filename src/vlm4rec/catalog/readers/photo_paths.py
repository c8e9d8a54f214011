"""Finding the photos that lie in a folder, its sub-folders and where its links lead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from vlm4rec.catalog.photos import PHOTO_SUFFIXES
from vlm4rec.catalog.source_files import is_text, readable_path
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.problems import Problem

__all__ = ["named_in_utf_8", "photo_paths"]

_NOT_PHOTOS = "__MACOSX"


def photo_paths(root: Path, tally: ProblemTally) -> Iterator[Path]:
    """Give the photos of a folder, in no order; what can't be looked into becomes a problem.

    Links are followed after all else, so that a folder keeps its own name, and each folder is
    looked into once, so that links that lead round in circles come to an end.

    Parameters
    ----------
    root
        The folder.
    tally
        Takes the problems.
    """
    seen: dict[str, Path] = {}
    starts = deque([root])
    while starts:
        links: list[Path] = []
        yield from _walk(starts.popleft(), links, seen, tally)
        starts.extend(sorted(links))


def named_in_utf_8(photos: Iterable[Path], tally: ProblemTally) -> Iterator[Path]:
    """Give the paths that can be stored as text; each other one becomes a problem."""
    for photo in photos:
        if is_text(photo):
            yield photo
        else:
            what = "has a name that is not UTF-8"
            tally.add(Problem("bad-id", readable_path(photo), what, "Rename the file"))


def _walk(
    start: Path, links: list[Path], seen: dict[str, Path], tally: ProblemTally
) -> Iterator[Path]:
    """Give the photos under a folder; collect the links to other folders."""
    for name, inner, files in os.walk(start, onerror=lambda error: tally.add(_closed(error))):
        folder = Path(name)
        if not _is_new(folder, seen, tally):
            inner.clear()
            continue
        inner[:] = [each for each in inner if not each.startswith((".", _NOT_PHOTOS))]
        links.extend(folder / each for each in inner if (folder / each).is_symlink())
        for each in files:
            path = folder / each
            if each.startswith("."):
                continue
            if path.suffix.lower() in PHOTO_SUFFIXES:
                yield path
            elif path.is_symlink() and not path.exists():
                tally.add(_dangling(path))


def _is_new(folder: Path, seen: dict[str, Path], tally: ProblemTally) -> bool:
    before = seen.setdefault(os.path.realpath(folder), folder)
    if before is folder:
        return True
    what = f"leads to a folder that is read already, as {readable_path(before)}"
    tally.add(Problem("repeated-folder", readable_path(folder), what, "Remove the link"))
    return False


def _dangling(path: Path) -> Problem:
    what = "is a link that leads nowhere"
    return Problem("missing", readable_path(path), what, "Correct or remove the link")


def _closed(error: OSError) -> Problem:
    what = f"can't be looked into ({error.strerror})"
    return Problem("unreadable", readable_path(error.filename), what, "Check the permissions")
