"""Reading a catalog of Amazon Reviews 2023 (https://amazon-reviews-2023.github.io)."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from vlm4rec.catalog.cleaning import clean_texts, unique_ids
from vlm4rec.catalog.items import ATTRIBUTE, Catalog
from vlm4rec.catalog.json_lines import json_rows
from vlm4rec.catalog.reading import CatalogReading, CatalogSource, Progress, no_progress
from vlm4rec.catalog.rows import ROW, row_name
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import DataError

__all__ = ["AmazonReader", "amazon_photos"]

_SIZES = ("large", "hi_res", "thumb")
_CHUNK = 20_000
_SCHEMA = pl.Schema(
    {
        ROW: pl.Int64(),
        "id": pl.String(),
        "title": pl.String(),
        "photos": pl.List(pl.String),
        f"{ATTRIBUTE}main_category": pl.String(),
        f"{ATTRIBUTE}store": pl.String(),
        f"{ATTRIBUTE}price": pl.Float64(),
        f"{ATTRIBUTE}average_rating": pl.Float64(),
        f"{ATTRIBUTE}rating_number": pl.Int64(),
        f"{ATTRIBUTE}categories": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class AmazonReader:
    """Reads the items of Amazon Reviews 2023: a ``meta_*.jsonl[.gz]`` file, or a folder of them.

    Photos are the large ones by URL, the main variant first. A price that is not a number, such
    as ``"from 12.99"``, is left out.
    """

    def read(self, source: CatalogSource, progress: Progress = no_progress) -> CatalogReading:
        """Read the catalog."""
        if source.columns:
            raise DataError(
                "The columns of Amazon Reviews 2023 are known.",
                "Leave --columns out, or read the file as jsonl.",
            )
        paths = _files(source.path)
        tally = ProblemTally(source.path.name)
        starts: list[int] = []
        chunks = [pl.DataFrame(schema=_SCHEMA)]
        rows = _rows(paths, tally, progress, starts)
        while chunk := list(itertools.islice(rows, _CHUNK)):
            chunks.append(pl.DataFrame(chunk, schema=_SCHEMA, orient="row"))
        frame = pl.concat(chunks)
        if frame.is_empty():
            raise DataError(f"{source.path} holds no item that can be read.")
        kept = unique_ids(frame, tally, lambda row: _where(row, paths, starts))
        files = tuple(each.absolute() for each in paths)
        return CatalogReading(Catalog(clean_texts(kept.drop(ROW))), tally.problems(), files)


def amazon_photos(images: object) -> list[str]:
    """Return an item's photo URLs, the main one first, from either layout of the data set.

    Parameters
    ----------
    images
        A list with a dict for each photo, as in the raw files, or a dict of lists, as the
        Hugging Face loader writes them.

    Examples
    --------
    >>> amazon_photos({"large": ["b", "a"], "hi_res": [None, "A"], "variant": ["PT01", "MAIN"]})
    ['a', 'b']
    >>> amazon_photos([{"thumb": "t", "large": None, "hi_res": "h", "variant": "MAIN"}])
    ['h']
    """
    photos = _each_photo(images)
    photos.sort(key=lambda photo: photo.get("variant") != "MAIN")
    urls = (next((photo[size] for size in _SIZES if photo.get(size)), None) for photo in photos)
    return list(dict.fromkeys(url for url in urls if isinstance(url, str)))


def _each_photo(images: object) -> list[Mapping[str, Any]]:
    if isinstance(images, list):
        return [image for image in images if isinstance(image, dict)]
    if not isinstance(images, dict):
        return []
    columns = {name: values for name, values in images.items() if isinstance(values, list)}
    rows = itertools.zip_longest(*columns.values())
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _files(path: Path) -> list[Path]:
    """Find the meta files; of one that is there both plain and packed, take the plain one."""
    if not path.is_dir():
        return [path]
    found = sorted({*path.glob("meta_*.jsonl"), *path.glob("meta_*.jsonl.gz")})
    kept = [each for each in found if each.suffix != ".gz" or each.with_suffix("") not in found]
    if not kept:
        raise DataError(
            f"{path} holds no meta_*.jsonl or meta_*.jsonl.gz.",
            "Give the file with the items of a category, such as meta_All_Beauty.jsonl.gz.",
        )
    return kept


def _rows(
    paths: Sequence[Path], tally: ProblemTally, progress: Progress, starts: list[int]
) -> Iterator[tuple[object, ...]]:
    """Give the items of all files, numbered through; note at which number each file starts."""
    last = 0
    for path in paths:
        starts.append(last)
        start = last
        for row, item in json_rows(path, tally, progress):
            last = start + row
            yield (last, *_values(item))


def _where(row: int, paths: Sequence[Path], starts: Sequence[int]) -> str:
    file = bisect.bisect_left(starts, row) - 1
    return row_name(paths[file], row - starts[file])


def _values(item: Mapping[str, Any]) -> tuple[object, ...]:
    rating_number = _number(item.get("rating_number"))
    categories = item.get("categories")
    parts = categories if isinstance(categories, list) else []
    return (
        _text(item.get("parent_asin")),
        _text(item.get("title")),
        amazon_photos(item.get("images")),
        _text(item.get("main_category")),
        _text(item.get("store")),
        _number(item.get("price")),
        _number(item.get("average_rating")),
        None if rating_number is None else int(rating_number),
        " > ".join(part for part in parts if isinstance(part, str)) or None,
    )


def _text(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _number(value: object) -> float | None:
    """Return a finite number, also one that is written as text; None for anything else."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None
