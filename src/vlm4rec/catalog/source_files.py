"""Opening a source file: plain or gzipped, UTF-8 or UTF-16, with a clear word where it fails."""

from __future__ import annotations

import codecs
import contextlib
import difflib
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TextIO

from vlm4rec.errors import DataError

__all__ = [
    "check_path",
    "existing_file",
    "existing_folder",
    "is_text",
    "open_lines",
    "open_text",
    "readable_path",
]

_GZIP = b"\x1f\x8b"
_SAVE_AS_UTF8 = "Save it as UTF-8 (spreadsheet programs call it 'CSV UTF-8') and try again."
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


def check_path(path: Path) -> None:
    r"""Refuse a path that can't be stored as text, because a part of it is not UTF-8.

    A relative path is judged with the folder that it starts from.

    Raises
    ------
    DataError
        If it is such a path; it is named with ``\xff`` for each byte that is no text.

    Examples
    --------
    >>> check_path(Path("sh\udcffop"))
    Traceback (most recent call last):
    vlm4rec.errors.DataError: The path sh\xffop is not UTF-8. Rename the file or folder.
    """
    if not is_text(path):
        raise _not_text(path)
    with contextlib.suppress(OSError):  # the folder we are in may be gone
        if not is_text(path.absolute()):
            raise _not_text(path.absolute())


def is_text(path: Path) -> bool:
    r"""Tell whether a path can be stored as text.

    >>> is_text(Path("caf\u00e9")), is_text(Path("caf\udce9"))
    (True, False)
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def readable_path(path: Path | str) -> str:
    r"""Return a path as text that any terminal takes.

    >>> print(readable_path("caf\udce9 \x1b[31m.jpg"))
    caf\xe9 \x1b[31m.jpg
    """
    return _UNREADABLE.sub(lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", str(path))


def existing_file(path: Path) -> Path:
    """Return the path if it is a file that holds something; say what is wrong otherwise."""
    check_path(path)
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder, not a file.", "Give the file inside it.")
        if not path.is_file():
            raise DataError(f"There is no file {path}.", _nearest(path))
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty.", "Write it again, or give another file.")
    except (OSError, ValueError) as error:
        _refuse(path, error)
    return path


def existing_folder(path: Path) -> Path:
    """Return the path if it is a folder; say what is wrong otherwise."""
    check_path(path)
    try:
        if path.is_dir():
            return path
        if path.exists():
            raise DataError(f"{path} is a file, not a folder.", "Give the folder that holds it.")
    except (OSError, ValueError) as error:
        _refuse(path, error)
    raise DataError(f"There is no folder {path}.", _nearest(path))


@contextlib.contextmanager
def open_lines(path: Path) -> Iterator[Iterator[bytes]]:
    """Open a file as UTF-8 lines without a byte order mark, however it was saved.

    What goes wrong while it is read is raised as a `DataError` that names the file.
    """
    with _explaining(path), _unpacked(path) as (file, encoding):
        if encoding == "utf-8":
            yield iter(file)
        else:
            with io.TextIOWrapper(file, encoding=encoding, newline="\n") as text:
                yield (line.encode() for line in text)


@contextlib.contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a file as text, line ends untouched; otherwise as `open_lines`."""
    with (
        _explaining(path),
        _unpacked(path) as (file, encoding),
        io.TextIOWrapper(file, encoding=encoding, newline="") as text,
    ):
        yield text


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[tuple[io.BufferedReader, str]]:
    """Give the unpacked bytes after the byte order mark, and the encoding that it tells."""
    existing_file(path)
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        if raw.peek(2)[:2] == _GZIP:
            packed = stack.enter_context(gzip.GzipFile(fileobj=raw))
            raw = stack.enter_context(io.BufferedReader(packed, buffer_size=1 << 20))
        yield raw, _skip_mark(raw)


def _skip_mark(file: io.BufferedReader) -> str:
    head = file.peek(3)[:3]
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            file.read(len(mark))
            return encoding
    return "utf-8"


@contextlib.contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeError:
        raise _not_utf8(path) from None
    except _BROKEN_GZIP:
        raise DataError(
            f"{path} is a damaged or incomplete gzip file.", "Download or pack it again."
        ) from None
    except OSError as error:
        _refuse(path, error)


def _not_utf8(path: Path) -> DataError:
    """Say where the first bytes are that are not UTF-8."""
    start = 0
    with _unpacked(path) as (file, encoding):
        if encoding != "utf-8":
            return DataError(f"{path} is marked as UTF-16 but is not valid UTF-16.", _SAVE_AS_UTF8)
        start = file.tell()
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                byte = f"0x{line[error.start]:02X} at byte {start + error.start:,}"
                place = f"line {number:,} holds {byte}, which is not UTF-8"
                return DataError(f"{path} can't be read as text: {place}.", _SAVE_AS_UTF8)
            start += len(line)
    return DataError(f"{path} can't be read as UTF-8 text.", _SAVE_AS_UTF8)


def _nearest(path: Path) -> str:
    """Propose the name beside the missing one that is most like it."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if is_text(entry)]
    except OSError:
        return "Check the path."
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / close[0]}?" if close else "Check the path."


def _not_text(path: Path) -> DataError:
    shown = readable_path(path)
    return DataError(f"The path {shown} is not UTF-8.", "Rename the file or folder.")


def _refuse(path: Path, error: Exception) -> NoReturn:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    raise DataError(
        f"{path} can't be opened: {reason}.", "Check the path and its permissions."
    ) from None
