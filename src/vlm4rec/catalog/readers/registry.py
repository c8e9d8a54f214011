"""The catalog readers by the names of their formats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from vlm4rec.catalog.readers.amazon import AmazonReader
from vlm4rec.catalog.readers.hm import HMReader
from vlm4rec.catalog.readers.photo_folder import PhotoFolderReader
from vlm4rec.catalog.readers.tabular import TabularReader
from vlm4rec.catalog.reading import CatalogReader
from vlm4rec.catalog.source_files import check_path
from vlm4rec.catalog.tables import table_format
from vlm4rec.errors import DataError

__all__ = ["READERS", "guess_format", "reader_by_format"]

READERS: Mapping[str, CatalogReader] = MappingProxyType(
    {
        "csv": TabularReader("csv"),
        "parquet": TabularReader("parquet"),
        "jsonl": TabularReader("jsonl"),
        "photos": PhotoFolderReader(),
        "hm": HMReader(),
        "amazon": AmazonReader(),
    }
)
"""A reader for each format."""


def reader_by_format(name: str) -> CatalogReader:
    """Return the reader of a format.

    Raises
    ------
    DataError
        If there is no such format.

    Examples
    --------
    >>> reader_by_format("parquet")
    TabularReader(format='parquet')
    """
    reader = READERS.get(name)
    if reader is None:
        raise DataError(
            f"{name!r} is not a format of a catalog.", f"Choose one of {', '.join(READERS)}."
        )
    return reader


def guess_format(path: Path) -> str:
    """Tell the format of a catalog by its name and, of a folder, by what lies in it.

    >>> guess_format(Path("meta_All_Beauty.jsonl.gz")), guess_format(Path("items.tsv"))
    ('amazon', 'csv')
    """
    check_path(path)
    if path.is_dir():
        if (path / "articles.csv").is_file():
            return "hm"
        return "amazon" if any(path.glob("meta_*.jsonl*")) else "photos"
    format_ = table_format(path)
    return "amazon" if format_ == "jsonl" and path.name.startswith("meta_") else format_
