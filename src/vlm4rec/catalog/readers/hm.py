"""Reading the catalog of the H&M Personalized Fashion Recommendations competition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from vlm4rec.catalog.cleaning import clean_texts, unique_ids
from vlm4rec.catalog.columns import find_columns
from vlm4rec.catalog.items import ATTRIBUTE, Catalog
from vlm4rec.catalog.photos import PHOTO_SUFFIXES
from vlm4rec.catalog.readers.photo_paths import named_in_utf_8
from vlm4rec.catalog.reading import CatalogReading, CatalogSource, Progress, no_progress
from vlm4rec.catalog.rows import ROW, Table, row_name
from vlm4rec.catalog.source_files import existing_folder
from vlm4rec.catalog.tables import as_text, read_table
from vlm4rec.problems import Problem

__all__ = ["HMReader"]

_COLUMNS = {"id": ("article_id",), "title": ("prod_name",)}
_PRODUCT_DIGITS = 7


@dataclass(frozen=True, slots=True)
class HMReader:
    """Reads the H&M catalog: a folder with ``articles.csv`` and ``images/010/0108775015.jpg``.

    The attributes are the shop's own names, such as ``product_type_name``, and ``product_code``,
    the first seven digits of the id, which colour variants share. An article without a photo in
    ``images`` has none in the catalog.
    """

    def read(self, source: CatalogSource, progress: Progress = no_progress) -> CatalogReading:
        """Read the catalog."""
        folder = existing_folder(source.path)
        table = read_table(folder / "articles.csv", "csv", progress=progress)
        columns = find_columns(
            table.found,
            source.columns,
            _COLUMNS,
            required=["id"],
            source=table.path.name,
        )
        photos = _photos_by_id(source.photo_root or folder / "images", table)
        frame = unique_ids(_items(table, columns), table.tally, partial(row_name, table.path))
        lists = [[photos[id_]] if id_ in photos else [] for id_ in frame["id"]]
        frame = frame.with_columns(pl.Series("photos", lists, dtype=pl.List(pl.String)))
        catalog = Catalog(clean_texts(_in_order(frame)))
        return CatalogReading(catalog, table.tally.problems(), (table.path.absolute(),))


def _photos_by_id(images: Path, table: Table) -> dict[str, str]:
    """Find the photos with one look at each folder, not one at each article."""
    paths = sorted(images.absolute().glob("*/*"))
    paths = [path for path in paths if path.suffix.lower() in PHOTO_SUFFIXES]
    photos = {path.stem: str(path) for path in named_in_utf_8(paths, table.tally)}
    if not photos:
        what = "holds no photos such as 010/0108775015.jpg"
        table.tally.add(Problem("no-photo", str(images), what, "Unpack the photos there"))
    return photos


def _items(table: Table, columns: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    frame = table.frame
    ids = as_text(frame[columns["id"][0]])
    title = columns.get("title", ())
    series = [frame[ROW], ids.alias("id")]
    series += [as_text(frame[name]).alias("title") for name in title]
    if not title:
        series.append(pl.Series("title", [None] * frame.height, dtype=pl.String))
    series += [as_text(frame[name]).alias(ATTRIBUTE + name) for name in _names(table, columns)]
    product = ids.str.slice(0, _PRODUCT_DIGITS).alias(f"{ATTRIBUTE}product_code")
    if product.name not in {each.name for each in series}:
        series.append(product)
    return pl.DataFrame(series)


def _names(table: Table, columns: Mapping[str, tuple[str, ...]]) -> list[str]:
    if "attributes" in columns:
        return list(dict.fromkeys(columns["attributes"]))
    titles = columns.get("title", ())
    return [name for name in table.found if name.endswith("_name") and name not in titles]


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    attributes = [name for name in frame.columns if name.startswith(ATTRIBUTE)]
    return frame.select("id", "title", "photos", *attributes)
