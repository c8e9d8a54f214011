"""Looking at every photo of a catalog once: does it open, how large is it, what is its hash."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from vlm4rec.catalog.cleaning import is_url
from vlm4rec.catalog.fetching import PhotoFetcher, safe_url, url_name
from vlm4rec.catalog.items import Catalog
from vlm4rec.catalog.photos import PhotoFacts, inspect_photo
from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import PhotoError
from vlm4rec.problems import Problem

__all__ = ["SURVEY_SCHEMA", "PhotoSurvey", "survey_photos"]

SURVEY_SCHEMA = pl.Schema(
    {
        "item": pl.String(),
        "ordinal": pl.Int32(),
        "source": pl.String(),
        "path": pl.String(),
        "sha256": pl.String(),
        "width": pl.Int32(),
        "height": pl.Int32(),
        "bytes": pl.Int64(),
        "mtime_ns": pl.Int64(),
        "likeness": pl.String(),
    }
)
"""The columns of a survey's frame: a row for each photo of each item, in the catalog's order.

``source`` is as in the catalog; ``path`` is where the photo lies, and null, as are the columns
after it, for a photo that can't be used. ``likeness`` is null for a photo without contrast, too.
"""

_KNOWN = ("source", "path", "sha256", "width", "height", "bytes", "mtime_ns", "likeness")
_FETCHERS = 16
_AHEAD = 4
_MOST_PROBLEMS = 100_000


@dataclass(frozen=True, slots=True)
class PhotoSurvey:
    """What was found of a catalog's photos, a table of `SURVEY_SCHEMA`, and what was wrong."""

    frame: pl.DataFrame
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of one source: the facts, or why it can't be used."""

    path: str | None = None
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    mtime_ns: int | None = None
    likeness: str | None = None
    error: PhotoError | None = None

    @property
    def facts(self) -> tuple[object, ...]:
        size = self.width, self.height, self.bytes
        return (self.path, self.sha256, *size, self.mtime_ns, self.likeness)


def survey_photos(
    catalog: Catalog,
    *,
    known: pl.DataFrame | None = None,
    download_folder: Path,
    allow_private: bool = False,
    progress: Progress = no_progress,
    workers: int | None = None,
) -> PhotoSurvey:
    """Verify and hash every photo of a catalog; fetch those that are URLs.

    A photo that can't be used does not stop the survey: it becomes a problem, and so does an item
    without photos. A photo that several items share is opened once.

    Parameters
    ----------
    catalog
        The catalog.
    known
        The frame of the last survey: a photo whose source, size and time of change are as they
        were is not opened again. One of an older version, which lacks columns, is of no use.
    download_folder
        Where photos fetched by URL go; one that lies there already is not fetched again.
    allow_private
        Whether URLs may lead to private addresses.
    progress
        Told how many photos are done.
    workers
        How many photos to work on at a time; by default as many as there are processor cores, or
        16 where there are URLs to wait for.

    Raises
    ------
    MissingExtraError
        If there are URLs and the extra ``web`` is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from vlm4rec.catalog.items import Item
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     survey = survey_photos(Catalog.of([Item("a")]), download_folder=Path(folder))
    >>> str(survey.problems[0])
    'item a: has no photo. Add a photo to this item.'
    """
    photos = catalog.frame.select(pl.col("id").alias("item"), pl.col("photos"))
    sources = list(dict.fromkeys(photos["photos"].explode().drop_nulls()))
    has_urls = any(map(is_url, sources))
    workers = workers or max(os.cpu_count() or 1, _FETCHERS if has_urls else 1)
    with ExitStack() as stack:
        fetcher = None
        if has_urls:
            fetcher = PhotoFetcher(download_folder, allow_private=allow_private)
            stack.enter_context(fetcher)
        look = partial(_look, _by_source(known), _downloads(download_folder), fetcher)
        found = list(_in_order(look, sources, workers, progress))
    return _survey(photos, dict(zip(sources, found, strict=True)))


def _by_source(known: pl.DataFrame | None) -> dict[str, _Found]:
    if known is None or not set(_KNOWN) <= set(known.columns):
        return {}
    usable = known.filter(pl.col("path").is_not_null()).unique("source")
    return {source: _Found(*facts) for source, *facts in usable.select(_KNOWN).iter_rows()}


def _downloads(folder: Path) -> dict[str, Path]:
    """Find what lies in the folder of downloads, by its name without suffix."""
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in folder.absolute().iterdir() if path.name[0] != "."}


def _look(
    known: Mapping[str, _Found],
    downloads: Mapping[str, Path],
    fetcher: PhotoFetcher | None,
    source: str,
) -> _Found:
    """Find out about one source, with as little work as will do."""
    before = known.get(source)
    if before is not None and _is_unchanged(before):
        return before
    path = downloads.get(url_name(source)) if is_url(source) else Path(source).absolute()
    try:
        if path is not None:
            return _told(str(path), inspect_photo(path))
    except PhotoError as error:
        if not is_url(source):
            return _Found(error=error)
    return _fetched(fetcher, source)


def _is_unchanged(before: _Found) -> bool:
    try:
        status = os.stat(before.path or "")  # noqa: PTH116 - a million times a survey
    except (OSError, ValueError):
        return False
    return (status.st_size, status.st_mtime_ns) == (before.bytes, before.mtime_ns)


def _fetched(fetcher: PhotoFetcher | None, source: str) -> _Found:
    assert fetcher is not None  # noqa: S101 - there is one wherever there are URLs
    try:
        path, facts = fetcher.fetch(source)
    except PhotoError as error:
        return _Found(error=error)
    return _told(str(path), facts)


def _told(path: str, facts: PhotoFacts) -> _Found:
    size = facts.width, facts.height, facts.bytes
    return _Found(path, facts.sha256, *size, facts.mtime_ns, facts.likeness)


def _in_order(
    look: Callable[[str], _Found], sources: Sequence[str], workers: int, progress: Progress
) -> Iterator[_Found]:
    """Look at all sources in threads, and give what was found in their order.

    Only so many are under way as keep the threads busy, however many sources there are.
    """
    waiting = iter(sources)
    with ThreadPoolExecutor(workers, thread_name_prefix="photos") as pool:
        under_way: deque[Future[_Found]] = deque()
        for done in range(1, len(sources) + 1):
            room = workers * _AHEAD - len(under_way)
            under_way.extend(pool.submit(look, each) for each in itertools.islice(waiting, room))
            yield under_way.popleft().result()
            progress(done, len(sources))


def _survey(photos: pl.DataFrame, found: Mapping[str, _Found]) -> PhotoSurvey:
    tally = ProblemTally("Photos", most=_MOST_PROBLEMS)
    rows: list[tuple[object, ...]] = []
    for item, sources in photos.iter_rows():
        if not sources:
            tally.add(_no_photo(item))
        for ordinal, source in enumerate(sources or ()):
            rows.append((item, ordinal, source, *found[source].facts))
            if (error := found[source].error) is not None:
                tally.add(_problem(error, source, item))
    frame = pl.DataFrame(rows, schema=SURVEY_SCHEMA, orient="row")
    return PhotoSurvey(frame, tally.problems())


def _no_photo(item: str) -> Problem:
    return Problem("no-photo", f"item {item}", "has no photo", "Add a photo to this item", item)


def _problem(error: PhotoError, source: str, item: str) -> Problem:
    where = safe_url(source) if is_url(source) else str(Path(source).absolute())
    what = error.message.removeprefix(where).strip().rstrip(".")
    return Problem(error.code, where, what, error.remedy.rstrip("."), item)
