"""What is there, what is stale and what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from vlm4rec.baselines.blends import BlendChoice
from vlm4rec.encoding.documents import recipe_by_name
from vlm4rec.errors import DataError, ShopError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.problems import Problem, count_by_code, counted
from vlm4rec.shop.answers import ShopAnswers, wanted_photos
from vlm4rec.shop.encode import load_vectors, shop_documents
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import StepRecord
from vlm4rec.shop.tuned_choice import changed_since, tune_command, tuned_choice

__all__ = ["PartStatus", "Status", "shop_status"]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part of a shop.

    Parameters
    ----------
    name
        ``catalog``, ``photos``, ``interactions``, ``groundings``, ``vectors`` or, where the shop
        was tuned, ``tuning``.
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
    if "init" not in steps:
        remedy = f"{_init(folder)} --source FILE"
        missing = PartStatus("catalog", "missing", "nothing yet", {}, remedy)
        return Status(str(folder.root), (missing,), tuple(problems), steps)
    looks: dict[str, Callable[[], PartStatus]] = {
        "catalog": lambda: _catalog(folder, steps["init"]),
        "photos": lambda: _photos(folder, steps["init"]),
        "interactions": lambda: _interactions(folder, steps["init"]),
        "groundings": lambda: _groundings(folder, steps.get("ground")),
        "vectors": lambda: _vectors(folder, steps),
    }
    if "tune" in steps:
        looks["tuning"] = lambda: _tuning(folder, steps["tune"])
    parts = tuple(_look(name, look) for name, look in looks.items())
    return Status(str(folder.root), parts, (*problems, *_failures(folder)), steps)


def _look(name: str, look: Callable[[], PartStatus]) -> PartStatus:
    """Look at one part; one that is damaged must not hide the others."""
    try:
        return look()
    except ShopError as error:
        return PartStatus(name, "damaged", error.message, {}, error.remedy)


def _init(folder: ShopFolder) -> str:
    return f"vlm4rec init {folder.quoted}"


def _catalog(folder: ShopFolder, step: StepRecord) -> PartStatus:
    folder.read(folder.catalog_file)  # raises where it is damaged
    counts = {"items": step.counts["items"]}
    changed = [source.path for source in step.sources if source.changed()]
    summary = f"{counted(counts['items'], 'item')} from {step.parameters['source']}"
    if changed:
        return PartStatus("catalog", "stale", f"{summary}, which changed", counts, _init(folder))
    return PartStatus("catalog", "ok", summary, counts)


def _photos(folder: ShopFolder, step: StepRecord) -> PartStatus:
    photos = folder.read(folder.photos_file)
    usable = photos.filter(pl.col("path").is_not_null())
    counts = {
        "usable": usable.height,
        "distinct": usable["sha256"].n_unique(),
        "alike": step.counts.get("alike_photos", 0),
        "unusable": photos.height - usable.height,
    }
    summary = f"{counts['usable']:,} usable, {counts['distinct']:,} of them distinct"
    if counts["alike"]:
        summary += f", {counts['alike']:,} that look like another (vlm4rec audit {folder.quoted})"
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


def _groundings(folder: ShopFolder, step: StepRecord | None) -> PartStatus:
    wanted = wanted_photos(folder)
    answers = ShopAnswers(folder).table
    items = wanted["item"].n_unique()
    usual = answers.filter(~pl.col("apart"))
    writers = usual.group_by("model", "prompt_id").len().sort("len", descending=True).rows()
    counts = {
        "items": answers["item"].n_unique(),
        "missing": items - answers["item"].n_unique(),
        "photos_missing": wanted.select("item", "sha256").n_unique() - answers.height,
        "writers": len(writers),
        "flagged": answers.filter("flagged").height,
    }
    remedy = f"vlm4rec ground {folder.quoted} --lvlm ..."
    summary = f"{counts['items']:,} of {counted(items, 'item')} with a usable photo"
    if not counts["items"]:
        return PartStatus("groundings", "missing", summary, counts, remedy)
    if counts["flagged"]:
        summary += f", {counts['flagged']:,} flagged (vlm4rec audit {folder.quoted})"
    if step and any(source.changed() for source in step.sources):
        told = f"{summary}; the recorded file changed"
        return PartStatus("groundings", "stale", told, counts, remedy)
    if len(writers) > 1:
        told = ", ".join(f"{count:,} by {model} ({prompt})" for model, prompt, count in writers)
        told = f"{summary}; of different models or prompts: {told}"
        return PartStatus("groundings", "partial", told, counts, remedy)
    if counts["photos_missing"]:
        return PartStatus("groundings", "partial", summary, counts, remedy)
    return PartStatus("groundings", "ok", summary, counts)


def _failures(folder: ShopFolder) -> list[Problem]:
    """Return what went wrong with each photo, still in the catalog, that was asked in vain."""
    if not folder.ledger_file.exists():
        return []
    try:
        held = set(folder.read(folder.photos_file)["item"])
        with Ledger.open(folder.ledger_file) as ledger:
            return [problem for problem in ledger.failures() if problem.item in held]
    except ShopError:  # told of the part itself
        return []


def _vectors(folder: ShopFolder, steps: dict[str, StepRecord]) -> PartStatus:
    step = steps.get("encode")
    if step is None:
        return PartStatus(
            "vectors", "missing", "none yet", {"items": 0}, f"vlm4rec encode {folder.quoted}"
        )
    document, encoder = step.parameters["document"], step.parameters["encoder"]
    remedy = f"vlm4rec encode {folder.quoted}"
    vectors = load_vectors(folder)
    made = dict(zip(vectors.ids, vectors.hashes, strict=True))
    try:
        documents = shop_documents(folder, recipe_by_name(document))
    except DataError as error:  # the template names a field that the catalog no longer has
        return PartStatus("vectors", "stale", error.message, {"items": len(made)}, remedy)
    wanted = {doc.item: doc.hash for doc in documents}
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


def _tuning(folder: ShopFolder, step: StepRecord) -> PartStatus:
    choice = tuned_choice(folder)
    assert choice is not None  # noqa: S101 - for the type checker: there is a step
    how = BlendChoice(choice.profile, choice.shrinkage, choice.nearest)
    summary = (
        f"{how.told}, {counted(len(choice.weights), 'signal')}; NDCG@10 {choice.ndcg:.4f} on "
        f"validation, the paper's recipe {choice.recipe_ndcg:.4f}"
    )
    changed = changed_since(folder, step)
    if changed:
        told = f"{summary}; changed since: {', '.join(changed)}. Recommending goes on by it"
        return PartStatus("tuning", "stale", told, step.counts, tune_command(folder, step))
    return PartStatus("tuning", "ok", summary, step.counts)
