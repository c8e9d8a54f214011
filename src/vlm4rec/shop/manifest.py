"""The manifest: how each part of a shop came to be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vlm4rec._version import __version__
from vlm4rec.errors import ShopDamagedError, ShopNotFoundError, ShopVersionError
from vlm4rec.storage import write_json

__all__ = ["FORMAT_VERSION", "Manifest", "SourceFile", "StepRecord"]

FORMAT_VERSION = 1
"""Counted up when a shop folder's layout changes so that older versions can't read it."""


class SourceFile(BaseModel):
    """A file that a step read, as it was then."""

    model_config = ConfigDict(frozen=True)

    path: str
    bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> SourceFile:
        """Take down a file's size and time of change."""
        stat = path.stat()
        return cls(path=str(path), bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)

    def changed(self) -> bool:
        """Tell whether the file is another one now, or gone."""
        path = Path(self.path)
        return not path.exists() or SourceFile.of(path) != self


class StepRecord(BaseModel):
    """One step, as it last ran to its end.

    Parameters
    ----------
    finished
        When, in UTC and ISO 8601.
    seconds
        How long it took.
    version
        The version of vlm4rec that ran it.
    parameters
        What the user chose.
    inputs
        The hash of each thing that it read.
    outputs
        The hash, or place, of each thing that it made.
    sources
        The files outside the shop that it read.
    counts
        How much it did.
    results
        What it found, where that is small, and JSON.
    """

    model_config = ConfigDict(frozen=True)

    finished: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    seconds: float = 0.0
    version: str = __version__
    parameters: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    outputs: dict[str, str] = Field(default_factory=dict)
    sources: tuple[SourceFile, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    results: dict[str, Any] = Field(default_factory=dict)


class Manifest(BaseModel):
    """What a shop folder holds and how each part was made."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT_VERSION
    steps: dict[str, StepRecord] = Field(default_factory=dict)

    def with_step(self, name: str, record: StepRecord) -> Manifest:
        """Return the manifest with a step's record in place of its last one."""
        return self.model_copy(update={"steps": {**self.steps, name: record}})

    def save(self, path: Path) -> None:
        """Write the manifest atomically."""
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Read a manifest.

        Raises
        ------
        ShopNotFoundError
            If there is none.
        ShopVersionError
            If a newer vlm4rec wrote it.
        ShopDamagedError
            If it can't be read.
        """
        shop = path.parent
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ShopNotFoundError(
                f"{shop} is not a shop.",
                f"Make one: vlm4rec init {shop} --source items.csv",
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise ShopDamagedError(f"{path} can't be read: {error}.") from error
        try:
            held = _FormatOnly.model_validate_json(text)
            if held.format > FORMAT_VERSION:
                raise ShopVersionError(
                    f"{shop} was written by a newer vlm4rec (format {held.format}; this version "
                    f"reads up to {FORMAT_VERSION}).",
                    "Upgrade: pip install --upgrade vlm4rec",
                )
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ShopDamagedError(
                f"{path} is not a manifest: {error.errors()[0]['msg']}.",
                "Put back a copy of it, or make the shop anew: what was grounded stays in its "
                "ledger.sqlite.",
            ) from error


class _FormatOnly(BaseModel):
    """The one field that every version of the manifest has."""

    format: int
