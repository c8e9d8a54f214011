"""The photos that an audit looks at: those that are described, and those that failed to be."""

from __future__ import annotations

from typing import Any

import polars as pl

from vlm4rec.errors import StepMissingError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.shop.answers import ShopAnswers, wanted_photos
from vlm4rec.shop.folder import ShopFolder

__all__ = ["AUDITED", "CORRECTION", "audited_photos"]

CORRECTION = "correction"
"""The provider of a grounding that a person wrote in the place of an LVLM's."""

AUDITED = pl.Schema(
    {
        "item": pl.String(),
        "ordinal": pl.Int32(),
        "title": pl.String(),
        "path": pl.String(),
        "sha256": pl.String(),
        "key": pl.String(),
        "answer_id": pl.Int64(),
        "model": pl.String(),
        "prompt_id": pl.String(),
        "corrected": pl.Boolean(),
        "flags": pl.List(pl.String()),
        "code": pl.String(),
        "what": pl.String(),
    }
)
"""The columns of `audited_photos`.

``key`` is that of the grounding that counts, null where there is none. ``answer_id`` is the row of
that grounding in the ledger's table of answers, or of the last answer that could not be used, and
null where no answer ever came; ``model``, ``prompt_id`` and ``flags`` are those of this answer.
``flags`` is null where the gates have not looked yet. ``code`` and ``what`` tell what went wrong
with the photo the last time that it was asked about.
"""

_ANSWER = {
    "answer_id": pl.Int64(),
    "model": pl.String(),
    "prompt_id": pl.String(),
    "corrected": pl.Boolean(),
    "flags": pl.String(),
}
_FAILURE = {
    "item": pl.String(),
    "ordinal": pl.Int32(),
    "code": pl.String(),
    "what": pl.String(),
}


def audited_photos(folder: ShopFolder) -> pl.DataFrame:
    """Return a row for each photo that is described, or was asked about in vain.

    The rows are in the catalog's order.

    Raises
    ------
    StepMissingError
        If the shop has no catalog, or no photo of it was asked about.
    """
    folder.step("init")
    if folder.ledger_file.exists():
        with Ledger.open(folder.ledger_file) as ledger:
            rows = _rows(folder, ledger)
        if not rows.is_empty():
            return rows.select(pl.col(name).cast(kind) for name, kind in AUDITED.items())
    raise StepMissingError(
        f"{folder.root} has no groundings yet.", f"Run: vlm4rec ground {folder.quoted}"
    )


def _rows(folder: ShopFolder, ledger: Ledger) -> pl.DataFrame:
    photos = wanted_photos(folder).select("item", "ordinal", "path", "sha256")
    photos = photos.unique(["item", "sha256"], keep="first", maintain_order=True)
    titles = folder.read(folder.catalog_file).select(item="id", title="title")
    current = ShopAnswers(folder).table.select("item", "sha256", "key")
    photos = _joined(photos, titles, "item")
    photos = _joined(photos, current, "item", "sha256")
    photos = _joined(photos, _failures(ledger), "item", "ordinal").with_row_index()
    described = photos.filter(pl.col("key").is_not_null())
    failed = photos.filter(pl.col("key").is_null() & pl.col("code").is_not_null())
    rows = pl.concat(
        [
            _joined(described, _answers(ledger, "key", "status = 'ok'"), "key"),
            _joined(failed, _answers(ledger, "photo_sha256", "status <> 'ok'"), "sha256"),
        ],
        how="diagonal_relaxed",
    )
    return rows.sort("index").with_columns(
        pl.col("flags").str.json_decode(pl.List(pl.String())),
        pl.col("corrected").fill_null(value=False),
    )


def _joined(left: pl.DataFrame, right: pl.DataFrame, *on: str) -> pl.DataFrame:
    return left.join(right, on=list(on), how="left", maintain_order="left")


def _answers(ledger: Ledger, by: str, where: str) -> pl.DataFrame:
    """Return facts of answers, the last one by each key or photo."""
    sql = (
        f"SELECT {by}, id, model, prompt_id, provider = '{CORRECTION}', flags FROM answers "  # noqa: S608
        f"WHERE {where} ORDER BY id"
    )
    name = "sha256" if by == "photo_sha256" else by
    schema: dict[str, Any] = {name: pl.String(), **_ANSWER}
    rows = [(*row[:4], bool(row[4]), row[5]) for row in ledger.rows(sql)]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.unique(name, keep="last", maintain_order=True)


def _failures(ledger: Ledger) -> pl.DataFrame:
    sql = "SELECT item, ordinal, code, what FROM failures"
    return pl.DataFrame(list(ledger.rows(sql)), schema=_FAILURE, orient="row")
