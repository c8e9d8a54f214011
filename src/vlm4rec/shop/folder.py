"""The shop folder: where things are, and who may write."""

from __future__ import annotations

import json
import os
import platform
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from vlm4rec.catalog.source_files import check_path
from vlm4rec.errors import ShopBusyError, ShopDamagedError, ShopExistsError, StepMissingError
from vlm4rec.problems import Problem, problems_from_frame, problems_to_frame
from vlm4rec.shop.manifest import Manifest, StepRecord
from vlm4rec.storage import write_parquet, write_text

__all__ = ["ShopFolder"]


@dataclass(frozen=True, slots=True)
class ShopFolder:
    """The places of a shop's parts.

    Parameters
    ----------
    root
        The folder, absolute.
    """

    root: Path

    @property
    def quoted(self) -> str:
        """The folder as a shell wants it."""
        return shlex.quote(str(self.root))

    @property
    def manifest_file(self) -> Path:
        """How each part came to be."""
        return self.root / "shop.json"

    @property
    def catalog_file(self) -> Path:
        """The items."""
        return self.root / "catalog.parquet"

    @property
    def photos_file(self) -> Path:
        """What is known of each photo."""
        return self.root / "photos.parquet"

    @property
    def interactions_file(self) -> Path:
        """What users did."""
        return self.root / "interactions.parquet"

    @property
    def ledger_file(self) -> Path:
        """What LVLMs wrote."""
        return self.root / "ledger.sqlite"

    @property
    def downloads(self) -> Path:
        """Photos fetched by URL."""
        return self.root / "photos"

    @property
    def vector_cache(self) -> Path:
        """Vectors of texts, by encoder."""
        return self.root / "cache" / "vectors"

    @property
    def vectors(self) -> Path:
        """One folder for each state of the item vectors; the manifest says which holds."""
        return self.root / "vectors"

    def problems_file(self, step: str) -> Path:
        """Return the place of what a step could not use."""
        return self.root / "problems" / f"{step}.parquet"

    def create(self) -> None:
        """Make the folder a shop, or leave the shop that it is.

        Raises
        ------
        ShopExistsError
            If it is a file, or holds something that is not a shop.
        DataError
            If its name can't be written down as text.
        """
        check_path(self.root)
        if self.manifest_file.exists():
            return
        if self.root.is_file() or (self.root.is_dir() and any(map(_visible, self.root.iterdir()))):
            raise ShopExistsError(
                f"{self.root} holds something already, and it is not a shop.",
                "Choose a new or empty folder.",
            )
        self.root.mkdir(parents=True, exist_ok=True)
        Manifest().save(self.manifest_file)

    def manifest(self) -> Manifest:
        """Read the manifest."""
        return Manifest.load(self.manifest_file)

    def step(self, name: str) -> StepRecord:
        """Return the record of a step.

        Raises
        ------
        StepMissingError
            If it has not run; the message says what to run.
        """
        record = self.manifest().steps.get(name)
        if record is None:
            raise StepMissingError(
                f"{self.root} has no {_RESULTS[name]} yet.",
                f"Run: vlm4rec {name} {self.quoted}{_OPTIONS.get(name, '')}",
            )
        return record

    def finish(self, name: str, record: StepRecord) -> None:
        """Enter a finished step into the manifest."""
        self.manifest().with_step(name, record).save(self.manifest_file)

    def save_problems(self, step: str, problems: list[Problem]) -> None:
        """Keep what a step could not use, in place of what it kept before."""
        write_parquet(self.problems_file(step), problems_to_frame(problems))

    def load_problems(self, step: str) -> list[Problem]:
        """Return what a step could not use."""
        path = self.problems_file(step)
        return problems_from_frame(self.read(path)) if path.exists() else []

    def read(self, path: Path) -> pl.DataFrame:
        """Read one of the shop's tables.

        Raises
        ------
        ShopDamagedError
            If it is missing or unreadable.
        """
        try:
            return pl.read_parquet(path, glob=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ShopDamagedError(
                f"{path} is missing or can't be read.", f"Make it anew: vlm4rec init {self.quoted}"
            ) from error

    def _sweep(self) -> None:
        """Remove what killed processes left half written."""
        for pattern in (".*.tmp", "problems/.*.tmp", "vectors/*/.*.tmp", "cache/vectors/*/.*.tmp"):
            for path in self.root.glob(pattern):
                path.unlink(missing_ok=True)

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Hold the right to write; other processes may read meanwhile.

        The right ends with the process, however it ends.

        Raises
        ------
        ShopBusyError
            If another process holds it; it says which.
        """
        lock = FileLock(self.root / ".lock")
        holder = self.root / ".writer.json"
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ShopBusyError(
                f"Another process is writing to {self.root}{_describe(holder)}.",
                "Wait until it is done, or stop it; nothing is lost either way.",
            ) from error
        try:
            self._sweep()
            now = datetime.now(UTC).isoformat(timespec="seconds")
            facts = {"what": what, "pid": os.getpid(), "host": platform.node(), "since": now}
            write_text(holder, json.dumps(facts))
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _visible(path: Path) -> bool:
    """Pass over what systems leave in folders, and what a killed process left of ours."""
    return not path.name.startswith(".") and path.name != "Thumbs.db"


_RESULTS = {"init": "catalog", "ground": "groundings", "encode": "item vectors"}
_OPTIONS = {
    "init": " --source items.csv",
    "ground": " --lvlm openai:MODEL",
}


def _describe(holder: Path) -> str:
    try:
        facts = json.loads(holder.read_text(encoding="utf-8"))
        return (
            f" ({facts['what']}, process {facts['pid']} on {facts['host']}, since {facts['since']})"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ""
