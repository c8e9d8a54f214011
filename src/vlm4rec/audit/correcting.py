"""Turning the rows of a file of corrections into groundings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl
from pydantic import ValidationError

from vlm4rec.audit.correction_cells import LISTS, answer_cells, split_words
from vlm4rec.audit.correction_rows import Place, Row, Rows
from vlm4rec.audit.photos import CORRECTION
from vlm4rec.audit.reading import corrected_key, groundings_by_key
from vlm4rec.grounding.answers import explain
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.schema import Answer, Grounding, Provenance
from vlm4rec.problems import Problem
from vlm4rec.storage import content_hash

__all__ = ["BY_HAND", "SOMEBODY", "Correcting", "CorrectionReport"]

SOMEBODY = "a person"
"""Who corrects, where no name is given."""

BY_HAND = "by-hand"
"""The prompt id of what a person wrote of a photo that no LVLM could describe."""

_LONGEST_NAME = 200
_LINE_END = re.compile(r"\r\n|\r")


@dataclass(frozen=True, slots=True)
class CorrectionReport:
    """What an import of corrections did.

    Parameters
    ----------
    rows
        Rows that are about a photo of the shop.
    corrected
        Photos that have another grounding now.
    unchanged
        Rows that say what the grounding says already, or said when they were exported.
    good, bad
        Rows that a reviewer marked so.
    problems
        What could not be used.
    """

    rows: int = 0
    corrected: int = 0
    unchanged: int = 0
    good: int = 0
    bad: int = 0
    problems: tuple[Problem, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return asdict(self)


class Correcting:
    """An import under way: what each row comes to, and then all of it into the ledger.

    Parameters
    ----------
    rows
        The rows of the file.
    ledger
        The shop's ledger, to be written to.
    by
        Who corrects.
    photos
        The usable photos of the shop: item, ordinal and sha256.
    """

    def __init__(self, rows: Rows, ledger: Ledger, by: str, photos: pl.DataFrame) -> None:
        self.rows = rows
        self.ledger = ledger
        self.by = _name(by)
        self.places = _places(photos, ledger)
        self.unchanged = 0
        self.corrections: list[tuple[Row, str | None, Provenance, Answer]] = []
        self.known: dict[str, Grounding] = {}
        self.current: dict[tuple[str, str], str] = {}
        for item, sha256, key, *_ in ledger.assigned():
            self.current.setdefault((item, sha256), key)

    def run(self) -> CorrectionReport:
        """Take the rows in, all that can be used at once."""
        rows = list(self.rows)
        keys = (self.current.get((row.place[0], row.sha256)) for row in rows)
        wanted = [key for key in (*keys, *(row.grounding for row in rows)) if key]
        self.known = groundings_by_key(self.ledger, wanted)
        for row in rows:
            self._take(row)
        with self.ledger.transaction():
            for row, corrects, provenance, answer in self.corrections:
                self._store(row, corrects, provenance, answer)
        verdicts = [row.verdict for row in rows]
        return CorrectionReport(
            rows=len(rows),
            corrected=len(self.corrections),
            unchanged=self.unchanged,
            good=verdicts.count("good"),
            bad=verdicts.count("bad"),
            problems=tuple(self.rows.problems),
        )

    def _take(self, row: Row) -> None:
        current = self.current.get((row.place[0], row.sha256))
        base = current if row.grounding is None else row.grounding
        if base and not self._is_of(base, row.sha256):
            what = "the ledger has no such grounding of this photo"
            self._refuse(row, "unknown-grounding", what, "Export again")
            return
        before = self.known[base].answer if base else None
        try:
            answer = _changed(before, row.cells)
        except ValidationError as error:
            self._refuse(row, "invalid-value", explain(error), "Mend the row")
            return
        if answer in (None, before) or (current and answer == self.known[current].answer):
            self.unchanged += 1
        elif base and current and base not in self._chain(current):
            what = "the photo has been described anew since the export"
            self._refuse(row, "described-anew", what, "Export again, and look at what it says now")
        elif answer is not None:
            prompt_id = self.known[base].provenance.prompt_id if base else BY_HAND
            self.corrections.append(
                (row, base or None, self._provenance(row, base, prompt_id), answer)
            )

    def _is_of(self, key: str, sha256: str) -> bool:
        grounding = self.known.get(key)
        return grounding is not None and grounding.provenance.photo_sha256 == sha256

    def _refuse(self, row: Row, code: str, what: str, remedy: str) -> None:
        self.rows.note(code, row.where, what.removesuffix("."), remedy, row.place[0])

    def _chain(self, key: str) -> list[str]:
        """Return a grounding, what it corrects, what that corrects, and so on."""
        chain: list[str] = []
        while key and key not in chain:
            chain.append(key)
            if key not in self.known:
                self.known.update(groundings_by_key(self.ledger, [key]))
            key = corrected_key(self.known.get(key)) or ""
        return chain

    def _provenance(self, row: Row, base: str | None, prompt_id: str) -> Provenance:
        return Provenance(
            provider=CORRECTION,
            model=self.by,
            prompt_id=prompt_id,
            parameters={"corrects": base or None},
            photo_sha256=row.sha256,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _store(
        self, row: Row, corrects: str | None, provenance: Provenance, answer: Answer
    ) -> None:
        text = answer.model_dump_json()
        says = {"photo": row.sha256, "corrects": corrects, "by": self.by, "answer": text}
        key = content_hash({"provider": CORRECTION, **says})
        self.ledger.record(key, text, provenance, answer=answer, flags=())
        item = row.place[0]
        places = {*self.places.get((item, row.sha256), ()), row.place}
        self.ledger.assign([(*place, key) for place in sorted(places)], pinned=True)


def _changed(before: Answer | None, cells: Mapping[str, str]) -> Answer | None:
    """Return the answer as a row has it, None where both have none; its other fields stay.

    Raises
    ------
    ValidationError
        If the row is no answer.
    """
    written = answer_cells(before)
    values: dict[str, object] = {} if before is None else before.model_dump()
    for name, cell in cells.items():
        text = _line_ends(cell)  # a spreadsheet writes those of its own
        if text != _line_ends(written[name]):
            values[name] = split_words(text) if name in LISTS else text
    return Answer.model_validate(values) if values else None


def _places(photos: pl.DataFrame, ledger: Ledger) -> dict[tuple[str, str], list[Place]]:
    """Return the places at which each item shows each photo, as far as they are described.

    It may show one twice; then both are corrected.
    """
    described = set(ledger.rows("SELECT item, ordinal FROM assignments"))
    places: dict[tuple[str, str], list[Place]] = {}
    for item, ordinal, sha256 in photos.select("item", "ordinal", "sha256").iter_rows():
        if (item, ordinal) in described:
            places.setdefault((item, sha256), []).append((item, ordinal))
    return places


def _line_ends(text: str) -> str:
    return _LINE_END.sub("\n", text)


def _name(by: str) -> str:
    words = " ".join("".join(char if char.isprintable() else " " for char in by).split())
    return words[:_LONGEST_NAME] or SOMEBODY
