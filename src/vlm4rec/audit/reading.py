"""Reading groundings out of a ledger by their keys."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from vlm4rec.audit.photos import CORRECTION
from vlm4rec.errors import ShopDamagedError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.ledger_rows import COLUMNS, GROUNDING, grounding_of
from vlm4rec.grounding.schema import Grounding

__all__ = ["corrected_key", "damaged", "groundings_by_key", "latest_of_prompt"]

_PAGE = 500


def groundings_by_key(ledger: Ledger, keys: Iterable[str]) -> dict[str, Grounding]:
    """Return those of the keys that have a usable answer, with it.

    Raises
    ------
    ShopDamagedError
        If a row of the ledger can't be read.
    """
    rest = iter(dict.fromkeys(keys))
    found: dict[str, Grounding] = {}
    while page := list(itertools.islice(rest, _PAGE)):
        marks = ", ".join("?" * len(page))
        where = f"status = 'ok' AND answers.key IN ({marks})"
        found.update((g.key, g) for g in _groundings(ledger, where, page))
    return found


def latest_of_prompt(ledger: Ledger, prompt_id: str, model: str = "") -> dict[str, Grounding]:
    """Return the last usable answer to a prompt, by the sha256 of its photo.

    Parameters
    ----------
    ledger
        The ledger.
    prompt_id
        The prompt.
    model
        Whose answers; by default those of all LVLMs, but nothing that a person wrote.
    """
    where = "status = 'ok' AND prompt_id = ? AND (model = ? OR (? AND provider <> 'correction'))"
    values = [prompt_id, model, not model]
    return {g.provenance.photo_sha256: g for g in _groundings(ledger, where, values)}


def corrected_key(grounding: Grounding | None) -> str | None:
    """Return the key of the grounding that a correction corrects, None if it is no correction."""
    if grounding is None or grounding.provenance.provider != CORRECTION:
        return None
    key = grounding.provenance.parameters.get("corrects")
    return key if isinstance(key, str) else None


def damaged(ledger: Ledger) -> ShopDamagedError:
    """Return the error that says that the ledger is."""
    return ShopDamagedError(
        f"{ledger.path} is damaged, or not a ledger.",
        "Put back a copy of it, or move it away and ground again.",
    )


def _groundings(ledger: Ledger, where: str, values: Iterable[object]) -> Iterator[Grounding]:
    sql = f"{GROUNDING} FROM answers WHERE {where} ORDER BY id"
    for row in ledger.rows(sql, list(values)):
        try:
            yield grounding_of(row[: len(COLUMNS)])
        except ValueError as error:
            raise damaged(ledger) from error
