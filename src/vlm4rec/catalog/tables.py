"""Opening a table -- CSV, TSV, Parquet or JSON lines -- without losing what its ids look like."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from vlm4rec.catalog.delimited import read_delimited
from vlm4rec.catalog.json_lines import read_json_lines
from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.catalog.rows import ROW, Keep, Table, row_name
from vlm4rec.catalog.source_files import existing_file
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import DataError

__all__ = ["ROW", "TABLE_FORMATS", "Table", "as_text", "read_table", "row_name", "table_format"]

TABLE_FORMATS = ("csv", "parquet", "jsonl")
"""The formats that `read_table` reads; ``csv`` is also TSV, and text may be gzipped."""

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


def read_table(
    path: Path,
    format: str | None = None,  # noqa: A002 - the user's word
    *,
    only: Keep = None,
    progress: Progress = no_progress,
) -> Table:
    r"""Read a table; rows that can't be read become problems.

    Parameters
    ----------
    path
        A file. CSV, TSV and JSON lines may be gzipped, and may be UTF-8 or marked UTF-16.
    format
        One of `TABLE_FORMATS`; by default the file's suffix tells.
    only
        Tells by its name whether to keep a column; by default all are kept.
    progress
        Told how many rows are read so far.

    Raises
    ------
    DataError
        If the file is missing, empty, in another format or encoding, or holds no usable row.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "items.csv"
    ...     _ = path.write_text("id,title\n0108775015,Strap top\n", encoding="utf-8")
    ...     read_table(path).frame.rows()
    [(2, '0108775015', 'Strap top')]
    """
    existing_file(path)
    table = _read(path, format or table_format(path), only, progress)
    if table.frame.is_empty():
        problems = table.tally.problems()
        first = f"; {problems[0]}" if problems else "."
        raise DataError(f"{path} holds no row that can be read{first}")
    return table


def table_format(path: Path) -> str:
    """Tell a table's format by the file's suffix.

    >>> table_format(Path("meta_All_Beauty.jsonl.gz"))
    'jsonl'
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    format_ = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if format_ is None:
        known = ", ".join(_SUFFIXES)
        raise DataError(
            f"The name of {path} does not tell its format.",
            f"Name the format, or end the name in one of {known}.",
        )
    return format_


def as_text(series: pl.Series) -> pl.Series:
    """Return a column of ids or text as strings, stripped; what is blank becomes null.

    Whole numbers that were stored as floats, as pandas does beside missing ones, get no ``.0``.

    >>> as_text(pl.Series([12.0, None])).to_list()
    ['12', None]
    """
    if series.dtype.is_float() and (series.drop_nulls() % 1 == 0).all():
        series = series.cast(pl.Int64, strict=False)
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
        raise DataError(f"The column {series.name!r} holds {series.dtype} where text is wanted.")
    text = series.cast(pl.String).str.strip_chars()
    return text.replace("", None)


def _read(path: Path, format_: str, only: Keep, progress: Progress) -> Table:
    match format_:
        case "csv":
            return read_delimited(path, only, progress)
        case "jsonl":
            return read_json_lines(path, only, progress)
        case "parquet":
            return _read_parquet(path, only, progress)
    choices = ", ".join(TABLE_FORMATS)
    raise DataError(f"{format_!r} is not a format of a table.", f"Choose one of {choices}.")


def _read_parquet(path: Path, only: Keep, progress: Progress) -> Table:
    try:
        with path.open("rb") as file:  # Polars takes brackets and stars in a path for patterns
            schema = pl.read_parquet_schema(file)
            found = tuple(name for name, kind in schema.items() if not _holds_bytes(kind))
            kept = [name for name in found if name != ROW and (only is None or only(name))]
            file.seek(0)
            frame = pl.read_parquet(file, columns=kept)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise DataError(
            f"{path} is not a Parquet file, or is damaged.", "Write it again, or name its format."
        ) from None
    progress(frame.height, frame.height)
    return Table(path, _numbered(frame), found, ProblemTally(path.name))


def _holds_bytes(kind: pl.DataType) -> bool:
    """Tell whether a column holds raw bytes, such as photos, which no column of ours is."""
    if isinstance(kind, pl.Struct):
        return any(_holds_bytes(field.dtype) for field in kind.fields)  # type: ignore[arg-type]
    return isinstance(kind, (pl.Binary, pl.Object))


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    categories = [name for name, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)]
    numbers = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW)
    return frame.with_columns(pl.col(categories).cast(pl.String)).select(numbers, pl.all())
