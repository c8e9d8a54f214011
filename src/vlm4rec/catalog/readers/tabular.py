"""Reading a catalog from a table: CSV, TSV, Parquet or JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from vlm4rec.catalog.cleaning import attribute_values, clean_texts, photo_lists, unique_ids
from vlm4rec.catalog.columns import CATALOG_COLUMNS, find_columns
from vlm4rec.catalog.items import ATTRIBUTE, Catalog
from vlm4rec.catalog.reading import CatalogReading, CatalogSource, Progress, no_progress
from vlm4rec.catalog.rows import ROW, Table, row_name
from vlm4rec.catalog.tables import as_text, read_table

__all__ = ["TabularReader"]


@dataclass(frozen=True, slots=True)
class TabularReader:
    r"""Reads a catalog from a table with one row an item.

    Parameters
    ----------
    format
        ``"csv"`` (also TSV), ``"parquet"`` or ``"jsonl"``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "items.csv"
    ...     _ = path.write_text("sku,name,price\n007,Boot,19.90\n", encoding="utf-8")
    ...     catalog = TabularReader("csv").read(CatalogSource(path)).catalog
    >>> catalog["007"].title, dict(catalog["007"].attributes)
    ('Boot', {'price': 19.9})
    """

    format: str

    def read(self, source: CatalogSource, progress: Progress = no_progress) -> CatalogReading:
        """Read the catalog."""
        table = read_table(source.path, self.format, progress=progress)
        columns = find_columns(
            table.found,
            source.columns,
            CATALOG_COLUMNS,
            required=["id"],
            source=table.path.name,
        )
        frame = _items(table, columns, source.photo_root or source.path.parent)
        kept = unique_ids(frame, table.tally, partial(row_name, table.path))
        files = (table.path.absolute(),)
        return CatalogReading(Catalog(clean_texts(kept.drop(ROW))), table.tally.problems(), files)


def _items(table: Table, columns: Mapping[str, tuple[str, ...]], root: Path) -> pl.DataFrame:
    frame = table.frame
    title = columns.get("title", ())
    photos = [frame[name] for name in columns.get("photos", ())]
    return pl.DataFrame(
        [
            frame[ROW],
            as_text(frame[columns["id"][0]]).alias("id"),
            _title(frame, title),
            photo_lists(photos, root) if photos else _no_photos(frame.height),
            *(
                attribute_values(frame[name]).alias(ATTRIBUTE + name)
                for name in _attributes(table, columns)
            ),
        ]
    )


def _title(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    if not columns:
        return pl.Series("title", [None] * frame.height, dtype=pl.String)
    return as_text(frame[columns[0]]).alias("title")


def _no_photos(height: int) -> pl.Series:
    return pl.Series("photos", [[]] * height, dtype=pl.List(pl.String))


def _attributes(table: Table, columns: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Name the columns to keep as attributes: those asked for, or all that are left."""
    if "attributes" in columns:
        return list(dict.fromkeys(columns["attributes"]))
    used = {name for names in columns.values() for name in names}
    return [name for name in table.found if name not in used]
