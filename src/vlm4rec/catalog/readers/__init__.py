"""The readers of catalogs, one a format."""

from __future__ import annotations

from vlm4rec.catalog.readers.registry import READERS, guess_format, reader_by_format

__all__ = ["READERS", "guess_format", "reader_by_format"]
