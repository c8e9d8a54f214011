"""What an audit page shows of each photo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from vlm4rec.audit.checking import Gates, StoredAnswers
from vlm4rec.audit.choosing import Choice
from vlm4rec.audit.correction_cells import FIELDS, answer_cells
from vlm4rec.audit.photos import CORRECTION
from vlm4rec.audit.reading import corrected_key, groundings_by_key
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.quality.flags import FLAGS
from vlm4rec.grounding.quality.gates import check
from vlm4rec.grounding.schema import Answer, Grounding
from vlm4rec.shop.folder import ShopFolder

__all__ = ["Card", "CardFlag", "make_cards"]

_RAW = 2_000
"""Characters of an answer that could not be read that are shown."""

_COLUMNS = (
    "id, key, answer, text, provider, model, prompt_id, finish_reason, tokens_in, tokens_cached, "
    "tokens_out, cost, created"
)
_MARKS = 500


@dataclass(frozen=True, slots=True)
class CardFlag:
    """A flag on a card: its name, what it means, and what was found in this very answer."""

    name: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One photo on the page.

    Parameters
    ----------
    item, ordinal, title, sha256
        Which photo, and what the shop calls the item.
    grounding
        The key of the grounding that counts; empty where there is none.
    model, prompt_id
        Who wrote what is shown.
    cells
        The fields of that grounding as texts (`vlm4rec.audit.correction_cells`), all empty
        where there is none.
    flags
        What the gates found, or why there is no grounding.
    facts
        Names and values of the rest of the provenance.
    said
        What an LVLM wrote that is not used: before the correction, or in vain.
    corrected
        Whether a person wrote it.
    drawn
        Its place in the random sample, None if it was not drawn.
    """

    item: str
    ordinal: int
    title: str
    sha256: str
    grounding: str
    model: str
    prompt_id: str
    cells: Mapping[str, str]
    flags: tuple[CardFlag, ...]
    facts: tuple[tuple[str, str], ...]
    said: str
    corrected: bool
    drawn: int | None

    @property
    def label(self) -> str:
        """What a person calls it: the category, or else the title or id."""
        return self.cells["category"] or self.title or self.item

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """The fields but category and description that say something."""
        named = FIELDS[1:-1]
        return [(name, self.cells[name]) for name in named if self.cells[name]]


def make_cards(
    folder: ShopFolder, photos: pl.DataFrame, choice: Choice, gates: Gates = check
) -> list[Card]:
    """Make a card of each photo that was chosen.

    Parameters
    ----------
    folder
        The shop.
    photos
        Its audited photos (`vlm4rec.audit.photos.audited_photos`).
    choice
        Which of them.
    gates
        What tells the details of the flags.
    """
    chosen = photos[list(choice.rows)]
    ids = chosen["answer_id"].drop_nulls().to_list()
    with Ledger.open(folder.ledger_file) as ledger:
        rows = dict(_rows(ledger, ids))
        used = groundings_by_key(ledger, chosen["key"].drop_nulls())
        before = groundings_by_key(ledger, filter(None, map(corrected_key, used.values())))
        details = _details(StoredAnswers(folder, ledger), ids, gates)
    drawn = {row: place for place, row in enumerate(choice.sample)}
    cards = []
    for place, photo in zip(choice.rows, chosen.iter_rows(named=True), strict=True):
        row = rows.get(photo["answer_id"])
        grounding = used.get(photo["key"] or "")
        cells = answer_cells(None if grounding is None else grounding.answer)
        cards.append(
            Card(
                **{name: photo[name] for name in ("item", "ordinal", "sha256", "corrected")},
                title=photo["title"] or "",
                grounding=photo["key"] or "",
                model=photo["model"] or "",
                prompt_id=photo["prompt_id"] or "",
                cells=cells,
                flags=tuple(_flags(photo, details.get(photo["answer_id"], {}))),
                facts=tuple(_facts(row)) if row else (),
                said=_said(grounding, before, row),
                drawn=drawn.get(place),
            )
        )
    return cards


def _rows(ledger: Ledger, ids: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    names = _COLUMNS.split(", ")
    for start in range(0, len(ids), _MARKS):
        some = ids[start : start + _MARKS]
        marks = ", ".join("?" * len(some))
        sql = f"SELECT {_COLUMNS} FROM answers WHERE id IN ({marks})"  # noqa: S608
        for row in ledger.rows(sql, some):
            yield row[0], dict(zip(names, row, strict=True))


def _details(stored: StoredAnswers, ids: Sequence[int], gates: Gates) -> dict[int, dict[str, str]]:
    """Look again at what is shown, for the details that the ledger does not keep."""
    stored.look_for_shared()
    return {
        each.id: {flag.name: flag.detail for flag in gates(stored.subject(each))}
        for each in stored.read(ids)
    }


def _flags(photo: Mapping[str, Any], details: Mapping[str, str]) -> Iterator[CardFlag]:
    names = list(photo["flags"] or ())
    if photo["key"] is None:
        code = photo["code"]
        names = [name for name in names if name != code]
        yield CardFlag(code, FLAGS.get(code, photo["what"]), details.get(code, ""))
    for name in names:
        what = FLAGS.get(name, "A flag that this version does not know.")
        yield CardFlag(name, what, details.get(name, ""))


def _facts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tell how the answer came to be."""
    by_hand = row["provider"] == CORRECTION
    yield "corrected by" if by_hand else "model", row["model"]
    yield "prompt", row["prompt_id"]
    if not by_hand:
        yield "provider", row["provider"]
    if row["tokens_in"] is not None or row["tokens_out"] is not None:
        cached = f" ({row['tokens_cached']:,} cached)" if row["tokens_cached"] else ""
        yield "tokens", f"{row['tokens_in'] or 0:,} in{cached}, {row['tokens_out'] or 0:,} out"
    if row["cost"] is not None:
        yield "cost", f"${row['cost']:.6f}"
    if row["finish_reason"] and row["finish_reason"] != "stop":
        yield "finished", row["finish_reason"]
    yield "written", row["created"][:10]


def _said(
    grounding: Grounding | None, before: Mapping[str, Grounding], row: Mapping[str, Any] | None
) -> str:
    if grounding is not None:
        corrects = before.get(corrected_key(grounding) or "")
        return corrects.answer.description if corrects else ""
    if row is None:
        return ""
    if row["answer"]:
        return Answer.model_validate_json(row["answer"]).description
    text = str(row["text"])
    return text if len(text) <= _RAW else f"{text[:_RAW]}…"
