"""Writing files so that a reader, or a crash, never meets half of one."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

__all__ = [
    "content_hash",
    "file_hash",
    "replacing",
    "write_json",
    "write_parquet",
    "write_text",
]


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the place of ``path``.

    The bytes are flushed to the disk before the rename, so that after a power cut there is the
    old file or the new one, never a torn one. On an exception the temporary file is removed and
    ``path`` is as it was.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "a.txt"
    ...     with replacing(path) as temporary:
    ...         _ = temporary.write_text("whole", encoding="utf-8")
    ...     path.read_text(encoding="utf-8")
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    try:
        yield temporary
        _flush(temporary, os.O_RDWR)  # Windows flushes only what may be written
        temporary.replace(path)
        with contextlib.suppress(OSError):  # not every system lets folders be opened or flushed
            _flush(path.parent, os.O_RDONLY)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented UTF-8 JSON atomically."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write a table as Parquet atomically."""
    # By way of memory: an error of the disk then keeps its number, and can be told as what it is.
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    with replacing(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash(value: Any) -> str:
    """Return the sha256 of a JSON-able value as 64 hexadecimal digits; key order is no matter.

    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
