"""Reading interactions from tables, and leaving out with a reason what can't be used."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import polars as pl

from vlm4rec.catalog.columns import INTERACTION_COLUMNS, find_columns, named_like
from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.catalog.rows import ROW, Table
from vlm4rec.catalog.tables import read_table
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.errors import DataError
from vlm4rec.interactions.cleaning import unknown_item_problem, usable_rows
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.problems import Problem

__all__ = ["INTERACTION_FORMATS", "InteractionsReading", "UnknownItems", "read_interactions"]


@dataclass(frozen=True, slots=True)
class _Format:
    """How the files of a format are read."""

    table: str
    columns: Mapping[str, tuple[str, ...]]
    event: str = "purchase"


_FORMATS: Mapping[str, _Format] = MappingProxyType(
    {
        "csv": _Format("csv", INTERACTION_COLUMNS),
        "parquet": _Format("parquet", INTERACTION_COLUMNS),
        "jsonl": _Format("jsonl", INTERACTION_COLUMNS),
        "hm": _Format(
            "csv", {"user": ("customer_id",), "item": ("article_id",), "time": ("t_dat",)}
        ),
        "amazon": _Format(
            "jsonl",
            {"user": ("user_id",), "item": ("parent_asin",), "time": ("timestamp",)},
            event="review",
        ),
    }
)

INTERACTION_FORMATS = tuple(_FORMATS)
"""The formats that `read_interactions` reads."""


@dataclass(frozen=True, slots=True)
class UnknownItems:
    """Interactions with items that the catalog does not hold: how many rows, how many ids."""

    rows: int = 0
    ids: int = 0


@dataclass(frozen=True, slots=True)
class InteractionsReading:
    """Interactions, what was wrong with their sources, and how many were with unknown items."""

    interactions: Interactions
    problems: tuple[Problem, ...] = ()
    unknown_items: UnknownItems = field(default_factory=UnknownItems)


def read_interactions(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, tuple[str, ...]] | None = None,
    format: str,  # noqa: A002 - the user's word
    known_items: Collection[str],
    progress: Progress = no_progress,
) -> InteractionsReading:
    r"""Read what users did with items, from one file or several.

    A row that can't be used is left out and told as a problem, except that an absent time is
    kept as null and an absent weight counts 1. Repeated interactions are kept, and so is the
    order of the files.

    Parameters
    ----------
    paths
        The files, all of one format; of ``"hm"`` also the folder with ``transactions_train.csv``.
    columns
        The column of each of our words, ``user``, ``item``, ``time``, ``event`` and ``weight``;
        without one, the format's or the usual names. Ratings of ``"amazon"`` become weights only
        with ``{"weight": ("rating",)}``.
    format
        One of `INTERACTION_FORMATS`.
    known_items
        The ids of the catalog; interactions with others are left out and counted.
    progress
        Told how many rows of the file at hand are read.

    Raises
    ------
    DataError
        If a file can't be read at all, or lacks a column.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "bought.csv"
    ...     _ = path.write_text("user,item,date\nu,007,2020-09-16\nu,9,2020-09-17\n")
    ...     reading = read_interactions([path], format="csv", known_items={"007"})
    >>> reading.interactions.history("u").items, reading.unknown_items
    (('007',), UnknownItems(rows=1, ids=1))
    """
    form = _format(format)
    if not paths:
        raise DataError("No file of interactions is given.", "Give one or more files.")
    tally = ProblemTally("Interactions")
    frames = [
        _read_file(_file(path, format), form, columns or {}, tally, progress) for path in paths
    ]
    every = pl.concat(frames)
    catalog = pl.DataFrame({"item": pl.Series([*known_items], dtype=pl.String)})
    known = every.join(catalog, on="item", how="semi", maintain_order="left")
    unknown = every.join(catalog, on="item", how="anti", maintain_order="left")
    if not unknown.is_empty():
        tally.add(unknown_item_problem(unknown["item"], known_items))
    counts = UnknownItems(unknown.height, unknown["item"].n_unique())
    return InteractionsReading(Interactions.of(known), tally.problems(), counts)


def _format(name: str) -> _Format:
    form = _FORMATS.get(name)
    if form is None:
        raise DataError(
            f"{name!r} is not a format of interactions.", f"Choose one of {', '.join(_FORMATS)}."
        )
    return form


def _file(path: Path, format_: str) -> Path:
    return path / "transactions_train.csv" if format_ == "hm" and path.is_dir() else path


def _read_file(
    path: Path,
    form: _Format,
    mapping: Mapping[str, tuple[str, ...]],
    tally: ProblemTally,
    progress: Progress,
) -> pl.DataFrame:
    wanted = itertools.chain(*form.columns.values(), *mapping.values())
    table = read_table(path, form.table, only=named_like(wanted), progress=progress)
    columns = find_columns(
        table.found,
        mapping,
        {word: form.columns.get(word, ()) for word in INTERACTION_COLUMNS},
        required=["user", "item"],
        source=path.name,
        option="--interaction-columns",
    )
    frame = usable_rows(_said(table, columns), path, table.tally, form.event)
    tally.extend(table.tally)
    return frame


def _said(table: Table, columns: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    """Name the columns by our words; one that the file lacks is null throughout."""
    blank = pl.Series([None], dtype=pl.String).new_from_index(0, table.frame.height)
    said = [table.frame[ROW]]
    for word in INTERACTION_COLUMNS:
        names = columns.get(word)
        said.append((table.frame[names[0]] if names else blank).alias(word))
    return pl.DataFrame(said)
