"""What is there, what is stale and what is missing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from vlm4rec.encoding.documents import recipe_by_name
from vlm4rec.errors import ShopDamagedError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.problems import Problem, count_by_code, counted
from vlm4rec.shop.encode import load_vectors, shop_documents
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import StepRecord

__all__ = ["PartStatus", "Status", "shop_status"]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part of a shop.

    Parameters
    ----------
    name
        ``catalog``, ``photos``, ``interactions``, ``groundings`` or ``vectors``.
    state
        ``ok``, ``missing``, ``partial``, ``stale`` or ``damaged``.
    summary
        What is there, in words.
    counts
        The same in numbers.
    remedy
        The command that mends it; empty where nothing needs mending.
    """

    name: str
    state: str
    summary: str
    counts: dict[str, int]
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A shop's parts, and everything that could not be used on the way."""

    root: str
    parts: tuple[PartStatus, ...]
    problems: tuple[Problem, ...]
    steps: dict[str, StepRecord]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return {
            "shop": self.root,
            "parts": [asdict(part) for part in self.parts],
            "problems": {
                "by_code": count_by_code(self.problems),
                "list": [asdict(problem) for problem in self.problems],
            },
            "steps": {name: step.model_dump(mode="json") for name, step in self.steps.items()},
        }


def shop_status(folder: ShopFolder) -> Status:
    """Look a shop over.

    Raises
    ------
    ShopNotFoundError, ShopVersionError, ShopDamagedError
        If the folder is no shop that can be read.
    """
    steps = folder.manifest().steps
    problems = [problem for step in ("init", "ground") for problem in folder.load_problems(step)]
    problems += _failures(folder)
    if "init" not in steps:
        missing = PartStatus("catalog", "missing", "nothing yet", {}, _init(folder))
        return Status(str(folder.root), (missing,), tuple(problems), steps)
    photos = folder.read(folder.photos_file)
    parts = (
        _catalog(folder, steps["init"]),
        _photos(photos),
        _interactions(folder, steps["init"]),
        _groundings(folder, photos, steps.get("ground")),
        _vectors(folder, steps),
    )
    return Status(str(folder.root), parts, tuple(problems), steps)


def _init(folder: ShopFolder) -> str:
    return f"vlm4rec init {folder.root}"


def _catalog(folder: ShopFolder, step: StepRecord) -> PartStatus:
    counts = {"items": step.counts["items"]}
    changed = [source.path for source in step.sources if source.changed()]
    summary = f"{counted(counts['items'], 'item')} from {step.parameters['source']}"
    if changed:
        return PartStatus("catalog", "stale", f"{summary}, which changed", counts, _init(folder))
    return PartStatus("catalog", "ok", summary, counts)


def _photos(photos: pl.DataFrame) -> PartStatus:
    usable = photos.filter(pl.col("path").is_not_null())
    counts = {
        "usable": usable.height,
        "distinct": usable["sha256"].n_unique(),
        "unusable": photos.height - usable.height,
    }
    summary = f"{counts['usable']:,} usable, {counts['distinct']:,} of them distinct"
    if not counts["unusable"]:
        if usable.height:
            return PartStatus("photos", "ok", summary, counts)
        remedy = "add photos to the source, or encode with --document title"
        return PartStatus("photos", "missing", "none", counts, remedy)
    remedy = "mend the photos listed under problems, then run init again"
    return PartStatus(
        "photos", "partial", f"{summary}; {counts['unusable']:,} unusable", counts, remedy
    )


def _interactions(folder: ShopFolder, step: StepRecord) -> PartStatus:
    counts = {name: step.counts[name] for name in ("interactions", "users")}
    if not counts["interactions"]:
        return PartStatus(
            "interactions",
            "missing",
            "none: recommend with --history",
            counts,
            f"{_init(folder)} --interactions FILE",
        )
    summary = f"{counts['interactions']:,} by {counted(counts['users'], 'user')}"
    return PartStatus("interactions", "ok", summary, counts)


def _groundings(folder: ShopFolder, photos: pl.DataFrame, step: StepRecord | None) -> PartStatus:
    usable = photos.filter(pl.col("path").is_not_null())
    items = usable["item"].n_unique()
    current = _current(folder)
    joined = usable.join(current, on=["item", "ordinal"], how="inner")
    fresh = joined.filter(pl.col("sha256") == pl.col("photo_sha256"))
    counts = {
        "items": joined["item"].n_unique(),
        "missing": items - joined["item"].n_unique(),
        "stale": joined.height - fresh.height,
    }
    remedy = f"vlm4rec ground {folder.root} --lvlm ..."
    summary = f"{counts['items']:,} of {items:,} items with a usable photo"
    if not counts["items"]:
        return PartStatus("groundings", "missing", summary, counts, remedy)
    if step and any(source.changed() for source in step.sources):
        return PartStatus(
            "groundings", "stale", f"{summary}; the recorded file changed", counts, remedy
        )
    if counts["stale"]:
        summary = f"{summary}; {counts['stale']:,} of another photo than now"
        return PartStatus("groundings", "stale", summary, counts, remedy)
    state = "partial" if counts["missing"] else "ok"
    return PartStatus("groundings", state, summary, counts, remedy if counts["missing"] else "")


def _failures(folder: ShopFolder) -> list[Problem]:
    """Return what went wrong with each photo that was asked about in vain."""
    if not folder.ledger_file.exists():
        return []
    with Ledger.open(folder.ledger_file) as ledger:
        return ledger.failures()


def _current(folder: ShopFolder) -> pl.DataFrame:
    """Return item, ordinal and photo hash of each current grounding."""
    rows: list[tuple[str, int, str]] = []
    if folder.ledger_file.exists():
        with Ledger.open(folder.ledger_file) as ledger:
            rows = list(ledger.assigned())
    schema = {"item": pl.String(), "ordinal": pl.Int32(), "photo_sha256": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _vectors(folder: ShopFolder, steps: dict[str, StepRecord]) -> PartStatus:
    step = steps.get("encode")
    if step is None:
        return PartStatus(
            "vectors", "missing", "none yet", {"items": 0}, f"vlm4rec encode {folder.root}"
        )
    document, encoder = step.parameters["document"], step.parameters["encoder"]
    remedy = f"vlm4rec encode {folder.root}"
    try:
        vectors = load_vectors(folder)
    except ShopDamagedError as error:
        return PartStatus("vectors", "damaged", error.message, {"items": 0}, error.remedy)
    made = dict(zip(vectors.ids, vectors.hashes, strict=True))
    wanted = {doc.item: doc.hash for doc in shop_documents(folder, recipe_by_name(document))}
    counts = {
        "items": len(made),
        "missing": len(wanted.keys() - made.keys()),
        "stale": sum(made.get(item, hash_) != hash_ for item, hash_ in wanted.items()),
        "orphaned": len(made.keys() - wanted.keys()),
    }
    white = ", whitened" if step.parameters["whiten"] else ""
    summary = f"{counted(counts['items'], 'item')} by {encoder}, {document}{white}"
    if counts["missing"] or counts["stale"] or counts["orphaned"]:
        told = ", ".join(
            f"{counts[n]:,} {n}" for n in ("missing", "stale", "orphaned") if counts[n]
        )
        return PartStatus("vectors", "stale", f"{summary}; {told}", counts, remedy)
    return PartStatus("vectors", "ok", summary, counts)
