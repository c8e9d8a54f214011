"""The step `init`: catalog, photos and interactions come in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from vlm4rec.catalog.items import Catalog
from vlm4rec.catalog.likeness import near_identical_photos
from vlm4rec.catalog.readers import reader_by_format
from vlm4rec.catalog.reading import CatalogSource, Progress
from vlm4rec.catalog.survey import PhotoSurvey, survey_photos
from vlm4rec.catalog.tables import table_format
from vlm4rec.errors import DataError, ShopExistsError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.interactions.reading import InteractionsReading, read_interactions
from vlm4rec.problems import Problem, count_by_code
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.init_options import InitOptions
from vlm4rec.shop.manifest import SourceFile, StepRecord
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.storage import file_hash, write_parquet

__all__ = ["initialise"]

_STANDARD_INTERACTIONS = {"hm": "transactions_train.csv"}
"""Where a format keeps its interactions, beside its items."""


def initialise(
    folder: ShopFolder, options: InitOptions, stage: Stage = silent, *, replace: bool = False
) -> StepRecord:
    """Read a catalog, verify its photos, read the interactions, and keep all in the shop.

    Photos that did not change since the last time are not opened again. What can't be used is
    kept as problems.

    Parameters
    ----------
    folder
        The shop: a new or empty folder, or a shop to be brought up to date.
    options
        Where the data comes from.
    stage
        Shows progress.
    replace
        Whether the shop's catalog may be replaced by one from another source.

    Raises
    ------
    DataError
        If a source can't be read, or holds no item.
    ShopExistsError
        If the folder holds something else, or a catalog from another source.
    ShopBusyError
        If another process writes to it.
    """
    started = time.monotonic()
    options = options.absolute()
    source = _catalog_source(options)
    reader = reader_by_format(options.format)
    with stage("Reading items") as progress:
        reading = reader.read(source, progress)
        progress(len(reading.catalog), len(reading.catalog))
    if not len(reading.catalog):
        raise _no_item(options, reading.problems)
    with stage("Reading interactions") as progress:
        events = _interactions(options, reading.catalog, progress)
        progress(len(events.interactions), len(events.interactions))
    folder.create()
    with folder.writing("init"):
        _refuse_other_source(folder, options, replace=replace)
        with stage("Checking photos") as progress:
            survey = survey_photos(
                reading.catalog,
                known=folder.read(folder.photos_file) if folder.photos_file.exists() else None,
                download_folder=folder.downloads,
                allow_private=options.allow_private_urls,
                progress=progress,
            )
        problems = [*reading.problems, *survey.problems, *events.problems]
        _save(folder, reading.catalog, survey, events, problems)
        record = StepRecord(
            seconds=round(time.monotonic() - started, 3),
            parameters=options.parameters(),
            outputs={"catalog": file_hash(folder.catalog_file)},
            sources=tuple(
                SourceFile.of(path) for path in (*reading.files, *_interaction_files(options))
            ),
            counts=_counts(reading.catalog, survey, events, problems),
        )
        folder.finish("init", record)
    return record


def _save(
    folder: ShopFolder,
    catalog: Catalog,
    survey: PhotoSurvey,
    events: InteractionsReading,
    problems: list[Problem],
) -> None:
    write_parquet(folder.catalog_file, catalog.frame)
    write_parquet(folder.photos_file, survey.frame)
    write_parquet(folder.interactions_file, events.interactions.frame)
    folder.save_problems("init", problems)


def _counts(
    catalog: Catalog, survey: PhotoSurvey, events: InteractionsReading, problems: list[Problem]
) -> dict[str, int]:
    usable = survey.frame.filter(survey.frame["path"].is_not_null())
    return {
        "items": len(catalog),
        "photos": usable.height,
        "distinct_photos": usable["sha256"].n_unique(),
        "alike_photos": sum(len(group) - 1 for group in near_identical_photos(usable)),
        "unusable_photos": survey.frame.height - usable.height,
        "interactions": len(events.interactions),
        "users": len(events.interactions.users),
        "problems": len(problems),
    }


def _catalog_source(options: InitOptions) -> CatalogSource:
    root = Path(options.photo_root) if options.photo_root else None
    return CatalogSource(Path(options.source), options.columns, root)


def _interactions(
    options: InitOptions, catalog: Catalog, progress: Progress
) -> InteractionsReading:
    """Read all files of interactions, each in its own format."""
    known = set(catalog.ids)
    readings = [
        read_interactions(
            [path],
            columns=options.interaction_columns,
            format=_interactions_format(options, path),
            known_items=known,
            progress=progress,
        )
        for path in _interaction_files(options)
    ]
    frames = [Interactions.empty().frame, *(reading.interactions.frame for reading in readings)]
    problems = tuple(problem for reading in readings for problem in reading.problems)
    return InteractionsReading(Interactions(pl.concat(frames)), problems)


def _interaction_files(options: InitOptions) -> list[Path]:
    if options.interactions:
        return [Path(path) for path in options.interactions]
    standard = _STANDARD_INTERACTIONS.get(options.format)
    beside = Path(options.source) / standard if standard else None
    return [beside] if beside is not None and beside.exists() else []


def _interactions_format(options: InitOptions, path: Path) -> str:
    """H&M and Amazon have a layout of their own; otherwise the file's ending tells."""
    if options.format in ("hm", "amazon"):
        return options.format
    try:
        return table_format(path)
    except DataError as error:
        raise DataError(error.message, "End the name in .csv, .tsv, .jsonl or .parquet.") from error


def _refuse_other_source(folder: ShopFolder, options: InitOptions, *, replace: bool) -> None:
    before = folder.manifest().steps.get("init")
    if before is None or replace:
        return
    was = before.parameters.get("format"), before.parameters.get("source")
    now = options.format, options.source
    if was != now:
        raise ShopExistsError(
            f"{folder.root} holds the catalog of {was[1]} ({was[0]}).",
            "Choose another folder, or put the new catalog in its place with --replace.",
        )


def _no_item(options: InitOptions, problems: Sequence[Problem]) -> DataError:
    if not problems:
        return DataError(f"{options.source} holds no item.")
    counts = ", ".join(f"{count:,} × {code}" for code, count in count_by_code(problems).items())
    return DataError(
        f"{options.source} holds no item that can be used: {counts}.", f"The first: {problems[0]}"
    )
