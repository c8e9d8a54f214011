"""Where a shop's data comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vlm4rec.catalog.readers import guess_format
from vlm4rec.errors import DataError
from vlm4rec.shop.manifest import StepRecord

__all__ = ["Columns", "InitOptions", "resolve_init"]

Columns = Mapping[str, tuple[str, ...]]
"""From our words to the names of columns."""


@dataclass(frozen=True, slots=True)
class InitOptions:
    """Where a shop's data comes from.

    Parameters
    ----------
    format
        One of ``csv``, ``parquet``, ``jsonl``, ``photos``, ``hm``, ``amazon``.
    source
        The file or folder of the items.
    interactions
        Files of interactions; none for a shop without.
    columns
        From our words to the source's columns, for items.
    interaction_columns
        The same for interactions.
    photo_root
        Where relative photo paths start.
    allow_private_urls
        Whether photo URLs may lead to private addresses.
    """

    format: str
    source: str
    interactions: tuple[str, ...] = ()
    columns: Columns = field(default_factory=dict)
    interaction_columns: Columns = field(default_factory=dict)
    photo_root: str | None = None
    allow_private_urls: bool = False

    def absolute(self) -> InitOptions:
        """Return the same with absolute paths."""
        return replace(
            self,
            source=_absolute(self.source),
            interactions=tuple(map(_absolute, self.interactions)),
            photo_root=None if self.photo_root is None else _absolute(self.photo_root),
        )

    def parameters(self) -> dict[str, Any]:
        """Return the same for the manifest."""
        return asdict(self)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> InitOptions:
        """Return the options that a manifest holds."""
        held = dict(parameters)
        for name in ("columns", "interaction_columns"):
            held[name] = {word: tuple(names) for word, names in held[name].items()}
        held["interactions"] = tuple(held["interactions"])
        return cls(**held)


def resolve_init(
    before: StepRecord | None,
    *,
    format: str | None = None,  # noqa: A002 - the user's word
    source: Path | None = None,
    interactions: Sequence[Path] | None = None,
    columns: Columns | None = None,
    interaction_columns: Columns | None = None,
    photo_root: Path | None = None,
    allow_private_urls: bool | None = None,
) -> InitOptions:
    """Decide where the data comes from, given what was chosen and the shop's last `init`.

    What is None is as it was the last time, as long as the source is the same; with another
    source, or in a new shop, it is at its default, and the format is told by the source.

    Raises
    ------
    DataError
        If there is no source, or it does not tell its format.
    """
    last = None if before is None else InitOptions.from_parameters(before.parameters)
    if source is None:
        if last is None:
            raise DataError(
                "--source is missing.", "Example: vlm4rec init my-shop --source items.csv"
            )
        source = Path(last.source)
    place = _absolute(str(source))
    if last is None or (last.source, last.format) != (place, format or last.format):
        last = InitOptions(format or guess_format(source), place)
    chosen: dict[str, Any] = {
        "interactions": None if interactions is None else tuple(map(str, interactions)),
        "columns": columns,
        "interaction_columns": interaction_columns,
        "photo_root": None if photo_root is None else str(photo_root),
        "allow_private_urls": allow_private_urls,
    }
    if interactions is not None and interaction_columns is None:
        chosen["interaction_columns"] = {}  # those of the files before are not those of these
    given = {name: value for name, value in chosen.items() if value is not None}
    return replace(last, **given).absolute()


def _absolute(path: str) -> str:
    """Make a path absolute, and leave links in it: where they lead may change on purpose."""
    return str(Path(path).expanduser().absolute())
