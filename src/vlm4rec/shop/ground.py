"""The step `ground`: an LVLM describes the photos."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from vlm4rec.errors import DataError
from vlm4rec.grounding.asked_prompts import note_prompt
from vlm4rec.grounding.batch.grounding import ground_in_batches
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest
from vlm4rec.grounding.planning import Plan, plan_run
from vlm4rec.grounding.prompts import DEFAULT_PROMPT, Prompt
from vlm4rec.grounding.providers.recorded import RecordedLVLM
from vlm4rec.grounding.report import GroundingReport, RunOptions
from vlm4rec.grounding.runner import ground_photos
from vlm4rec.grounding.watching import Watch, no_watch
from vlm4rec.problems import Problem
from vlm4rec.shop.answers import wanted_photos
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import SourceFile, StepRecord

__all__ = [
    "Batching",
    "GroundingPlan",
    "GroundingRequests",
    "plan_grounding",
    "run_grounding",
    "wanted_in_order",
]


_IN_MEMORY = Path(":memory:")

Batching = Literal["no", "wait", "submit"]
"""Whether a run uses the provider's batch API, and waits for the answers."""


@dataclass(frozen=True)
class GroundingRequests:
    """A request for each row of a table of photos, made as it is needed.

    Parameters
    ----------
    photos
        One row a photo: item, title, path, sha256, width, height, ordinal.
    prompt
        What is asked.
    """

    photos: pl.DataFrame
    prompt: Prompt

    def __len__(self) -> int:
        return self.photos.height

    def __iter__(self) -> Iterator[GroundingRequest]:
        columns = ("item", "title", "path", "sha256", "width", "height", "ordinal")
        for item, title, path, sha256, width, height, ordinal in self.photos.select(
            columns
        ).iter_rows():
            size = (width or 0, height or 0)
            yield GroundingRequest(item, path, sha256, self.prompt, ordinal, title or "", size)


@dataclass(frozen=True, slots=True)
class GroundingPlan:
    """What a run on a shop would do.

    Parameters
    ----------
    run
        What would be asked, and what that would take.
    described
        Photos of the shop that have a description already, by whatever model and prompt.
    """

    run: Plan
    described: int


def run_grounding(
    folder: ShopFolder,
    lvlm: LVLM,
    *,
    prompt: Prompt = DEFAULT_PROMPT,
    options: RunOptions | None = None,
    second: LVLM | None = None,
    all_photos: bool = False,
    missing: bool = False,
    batch: Batching = "no",
    watch: Watch = no_watch,
) -> GroundingReport:
    """Describe what is not described yet, the items bought most first.

    What a person wrote by hand stays as it is, and no LVLM is asked about it.

    Parameters
    ----------
    folder
        The shop.
    lvlm
        Who describes.
    prompt
        What is asked.
    options
        How to go about it: limits, budget, quality policy.
    second
        Who is asked where the first answer was not good enough, by default the same LVLM.
    all_photos
        Describe every photo of an item, not the main one alone.
    missing
        Leave photos alone that any model has described for any prompt.
    batch
        Whether to use the provider's batch API, for half the price: ``"no"``, ``"wait"`` for
        the answers, or ``"submit"`` only, and collect what there is.
    watch
        Called with the state of the run after each answer.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    ShopBusyError
        If another process writes to it.
    DataError
        If there is a budget that can't be kept to, or a second LVLM for a batch, which asks one.
    """
    started = time.monotonic()
    options = options or RunOptions()
    if batch != "no" and second is not None:
        raise DataError("A batch asks one LVLM only.", "Leave the second one out, or the batch.")
    folder.step("init")
    with folder.writing("ground"), Ledger.open(folder.ledger_file) as ledger:
        problems = note_prompt(ledger, prompt)
        photos = wanted_in_order(folder, ledger, all_photos=all_photos)
        requests = GroundingRequests(
            _without_described(photos, ledger) if missing else photos, prompt
        )
        if batch == "no":
            report = ground_photos(requests, lvlm, ledger, options, second=second, watch=watch)
        else:
            wait = batch == "wait"
            report = ground_in_batches(requests, lvlm, ledger, options, wait=wait, watch=watch)
        problems += _problems_of(lvlm, folder, prompt)
        folder.save_problems("ground", problems)
        counts = ledger.counts()
        folder.finish(
            "ground",
            StepRecord(
                seconds=round(time.monotonic() - started, 3),
                parameters={"prompt": prompt.id, "all_photos": all_photos, "limit": options.limit},
                sources=_sources(lvlm),
                counts={
                    "asked": report.asked,
                    "grounded": report.grounded,
                    "reused": report.reused,
                    "unavailable": report.unavailable,
                    "given_up": report.given_up,
                    "waiting": report.waiting,
                    "failed": len(report.failed),
                    "left": len(requests) - report.done,
                    "items": counts.items,
                    "problems": len(problems) + counts.failures,
                },
            ),
        )
    return report


def plan_grounding(
    folder: ShopFolder,
    lvlm: LVLM,
    *,
    prompt: Prompt = DEFAULT_PROMPT,
    options: RunOptions | None = None,
    second: LVLM | None = None,
    all_photos: bool = False,
    missing: bool = False,
) -> GroundingPlan:
    """Tell what `run_grounding` would ask, and what it would take; asks no one, writes nothing.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    DataError
        If there is a budget that can't be kept to.
    """
    folder.step("init")
    there = folder.ledger_file.exists()
    with Ledger.open(folder.ledger_file if there else _IN_MEMORY) as ledger:
        photos = wanted_in_order(folder, ledger, all_photos=all_photos)
        bare = _without_described(photos, ledger)
        requests = GroundingRequests(bare if missing else photos, prompt)
        plan = plan_run(requests, lvlm, ledger, options or RunOptions(), second=second)
        return GroundingPlan(plan, photos.height - bare.height)


def wanted_in_order(folder: ShopFolder, ledger: Ledger, *, all_photos: bool) -> pl.DataFrame:
    """Return the usable photos that no person described, those of the items bought most first."""
    photos = wanted_photos(folder, all_photos=all_photos)
    titles = folder.read(folder.catalog_file).select(item="id", title="title")
    bought = folder.read(folder.interactions_file).group_by("item").len("bought")
    ordered = (
        photos.join(titles, on="item", how="left", maintain_order="left")
        .join(bought, on="item", how="left", maintain_order="left")
        .with_columns(pl.col("bought").fill_null(0))
        .sort("bought", descending=True, maintain_order=True)
    )
    pinned = [(item, ordinal, sha256) for (item, ordinal), sha256 in ledger.pinned().items()]
    return _without(ordered, ["item", "ordinal", "sha256"], pinned)


def _without_described(photos: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """Leave out photos that have a description, whoever wrote it."""
    described = [(item, sha256) for item, sha256, *_ in ledger.assigned()]
    return _without(photos, ["item", "sha256"], described)


def _without(
    photos: pl.DataFrame, keys: list[str], rows: Sequence[tuple[object, ...]]
) -> pl.DataFrame:
    schema = {name: photos.schema[name] for name in keys}
    held = pl.DataFrame(rows, schema=schema, orient="row")
    return photos.join(held, on=keys, how="anti", maintain_order="left")


def _problems_of(lvlm: LVLM, folder: ShopFolder, prompt: Prompt) -> list[Problem]:
    """Return what was wrong with a file of recorded answers."""
    if not isinstance(lvlm, RecordedLVLM):
        return []
    known = set(folder.read(folder.catalog_file)["id"])
    return [*lvlm.problems, *lvlm.unknown_items(known), *lvlm.other_prompts(prompt.id)]


def _sources(lvlm: LVLM) -> tuple[SourceFile, ...]:
    """Take down the file that the answers were recorded in, to see later whether it changed."""
    return (SourceFile.of(lvlm.path.resolve()),) if isinstance(lvlm, RecordedLVLM) else ()
