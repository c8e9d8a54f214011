"""The step `ground`: an LVLM describes the photos."""

from __future__ import annotations

import time
from collections.abc import Iterator

import polars as pl

from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt
from vlm4rec.grounding.providers.recorded import RecordedLVLM
from vlm4rec.grounding.report import GroundingReport
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.problems import Problem
from vlm4rec.shop.answers import wanted_photos
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import SourceFile, StepRecord
from vlm4rec.shop.stages import Stage, silent

__all__ = ["grounding_requests", "run_grounding"]


def run_grounding(
    folder: ShopFolder,
    lvlm: LVLM,
    *,
    prompt: Prompt = DEFAULT_PROMPT,
    limit: int | None = None,
    all_photos: bool = False,
    concurrency: int = 8,
    stage: Stage = silent,
) -> GroundingReport:
    """Describe what is not described yet, the items bought most first.

    Parameters
    ----------
    folder
        The shop.
    lvlm
        Who describes.
    prompt
        What is asked.
    limit
        Ask for this many photos at the most.
    all_photos
        Describe every photo of an item, not the main one alone.
    concurrency
        How many requests are under way at once.
    stage
        Shows progress.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    ShopBusyError
        If another process writes to it.
    """
    started = time.monotonic()
    folder.step("init")
    photos = _photos(folder, all_photos=all_photos)
    with (
        folder.writing("ground"),
        Ledger.open(folder.ledger_file) as ledger,
        stage("Grounding") as progress,
    ):
        report = ground_photos(
            grounding_requests(photos, prompt),
            lvlm,
            ledger,
            concurrency=concurrency,
            limit=limit,
            progress=progress,
        )
        problems = _problems_of(lvlm, folder, prompt)
        folder.save_problems("ground", problems)
        counts = ledger.counts()
        folder.finish(
            "ground",
            StepRecord(
                seconds=round(time.monotonic() - started, 3),
                parameters={"prompt": prompt.id, "all_photos": all_photos, "limit": limit},
                sources=_sources(lvlm),
                counts={
                    "asked": report.asked,
                    "grounded": report.grounded,
                    "reused": report.reused,
                    "unavailable": report.unavailable,
                    "failed": len(report.failed),
                    "left": photos.height - report.done,
                    "items": counts.items,
                    "problems": len(problems) + counts.failures,
                },
            ),
        )
    return report


def grounding_requests(photos: pl.DataFrame, prompt: Prompt) -> Iterator[GroundingRequest]:
    """Make a request for each row of a table of usable photos."""
    columns = photos.select("item", "path", "sha256", "ordinal")
    for item, path, sha256, ordinal in columns.iter_rows():
        yield GroundingRequest(item, path, sha256, prompt, ordinal)


def _photos(folder: ShopFolder, *, all_photos: bool) -> pl.DataFrame:
    """Return the usable photos to describe, those of the items bought most first."""
    photos = wanted_photos(folder, all_photos=all_photos)
    bought = folder.read(folder.interactions_file).group_by("item").len("bought")
    return (
        photos.join(bought, on="item", how="left", maintain_order="left")
        .with_columns(pl.col("bought").fill_null(0))
        .sort("bought", descending=True, maintain_order=True)
    )


def _problems_of(lvlm: LVLM, folder: ShopFolder, prompt: Prompt) -> list[Problem]:
    """Return what was wrong with a file of recorded answers."""
    if not isinstance(lvlm, RecordedLVLM):
        return []
    known = set(folder.read(folder.catalog_file)["id"])
    return [*lvlm.problems, *lvlm.unknown_items(known), *lvlm.other_prompts(prompt.id)]


def _sources(lvlm: LVLM) -> tuple[SourceFile, ...]:
    """Take down the file that the answers were recorded in, to see later whether it changed."""
    return (SourceFile.of(lvlm.path.resolve()),) if isinstance(lvlm, RecordedLVLM) else ()
