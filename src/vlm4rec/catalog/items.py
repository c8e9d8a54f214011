"""Items and the catalog that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import polars as pl

from vlm4rec.errors import UnknownIdError

__all__ = ["ATTRIBUTE", "Attribute", "Catalog", "Item"]

Attribute = str | int | float | bool
"""A value of an item attribute: what the shop itself says of an item, such as its price."""

ATTRIBUTE = "attribute:"
"""The prefix of the attribute columns in a catalog's table."""


@dataclass(frozen=True, slots=True)
class Item:
    """A thing to recommend.

    Parameters
    ----------
    id
        The shop's own id, always a string: ``"0108775015"`` keeps its zero.
    title
        What the shop calls it, if it calls it anything.
    photos
        Paths (absolute) or http(s) URLs, the main photo first.
    attributes
        What else the shop says of it; values are strings, numbers or booleans.

    Examples
    --------
    >>> Item("0108775015", title="Strap top").title
    'Strap top'
    """

    id: str
    title: str | None = None
    photos: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: MappingProxyType({}))


class Catalog:
    """All items of a shop, in the order of their source, each id once.

    A thin view of a Polars table with the columns ``id`` (string, unique), ``title`` (string or
    null), ``photos`` (list of strings) and one ``attribute:<name>`` column for each attribute.

    Parameters
    ----------
    frame
        Such a table.

    Examples
    --------
    >>> catalog = Catalog.of([Item("b", title="Boot"), Item("a", title="Sandal")])
    >>> len(catalog), catalog["a"].title, "c" in catalog
    (2, 'Sandal', False)
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    @classmethod
    def of(cls, items: Iterable[Item]) -> Catalog:
        """Make a catalog of items; ids must be unique."""
        held = list(items)
        names = list(dict.fromkeys(name for item in held for name in item.attributes))
        data = {
            "id": pl.Series([item.id for item in held], dtype=pl.String),
            "title": pl.Series([item.title for item in held], dtype=pl.String),
            "photos": pl.Series([list(item.photos) for item in held], dtype=pl.List(pl.String)),
        }
        for name in names:
            values = [item.attributes.get(name) for item in held]
            data[ATTRIBUTE + name] = _attribute_series(values)
        return cls(pl.DataFrame(data))

    @property
    def ids(self) -> list[str]:
        """The ids of all items, in order."""
        return self.frame["id"].to_list()

    @property
    def attribute_names(self) -> list[str]:
        """The names of the attributes that the shop keeps."""
        return [
            name.removeprefix(ATTRIBUTE)
            for name in self.frame.columns
            if name.startswith(ATTRIBUTE)
        ]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.frame["id"])}

    def __len__(self) -> int:
        return self.frame.height

    def __contains__(self, id_: object) -> bool:
        return id_ in self._rows

    def __iter__(self) -> Iterator[Item]:
        return (_item(row) for row in self.frame.iter_rows(named=True))

    def __getitem__(self, id_: str) -> Item:
        row = self._rows.get(id_)
        if row is None:
            raise UnknownIdError(f"There is no item {id_!r} in this catalog.")
        return _item(self.frame.row(row, named=True))

    def __repr__(self) -> str:
        return f"<Catalog of {len(self):,} items>"


def _item(row: Mapping[str, object]) -> Item:
    attributes = {
        name.removeprefix(ATTRIBUTE): value
        for name, value in row.items()
        if name.startswith(ATTRIBUTE) and isinstance(value, (str, int, float, bool))
    }
    title, photos = row["title"], row["photos"]
    return Item(
        id=str(row["id"]),
        title=title if isinstance(title, str) else None,
        photos=tuple(photos) if isinstance(photos, list) else (),
        attributes=MappingProxyType(attributes),
    )


def _attribute_series(values: list[Attribute | None]) -> pl.Series:
    """Keep one type a column: numbers where all are numbers, otherwise strings."""
    held = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in held):
        return pl.Series(values, dtype=pl.Boolean)
    if all(isinstance(value, int) and not isinstance(value, bool) for value in held):
        return pl.Series(values, dtype=pl.Int64, strict=False)
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in held):
        return pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.Series([None if v is None else str(v) for v in values], dtype=pl.String)
