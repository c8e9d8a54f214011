"""Taking corrections back."""

from __future__ import annotations

from collections.abc import Collection

from vlm4rec.audit.correction_rows import Place
from vlm4rec.audit.photos import CORRECTION
from vlm4rec.audit.reading import corrected_key
from vlm4rec.errors import UnknownIdError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.schema import Grounding
from vlm4rec.shop.folder import ShopFolder

__all__ = ["drop_corrections"]

_CORRECTED = (
    "SELECT item, ordinal, assignments.photo_sha256, assignments.key FROM assignments "
    "JOIN answers ON answers.key = assignments.key AND status = 'ok' "
    "WHERE provider = ? ORDER BY item, ordinal"
)
_UNASSIGN = "DELETE FROM assignments WHERE item = ? AND ordinal = ?"


def drop_corrections(folder: ShopFolder, items: Collection[str] | None = None) -> int:
    """Take corrections back: each photo gets the latest word of an LVLM again.

    Where no LVLM could describe a photo it has no grounding any more. What the person wrote stays
    in the ledger, and counts for nothing there.

    Parameters
    ----------
    folder
        The shop.
    items
        Whose corrections; by default all.

    Returns
    -------
    int
        How many photos got another grounding.

    Raises
    ------
    UnknownIdError
        If an item has no correction.
    ShopBusyError
        If another process writes to the shop.
    """
    folder.step("init")
    with folder.writing("audit"), Ledger.open(folder.ledger_file) as ledger:
        corrected = list(ledger.rows(_CORRECTED, [CORRECTION]))
        # What is pinned for a photo that was changed since is dropped, too: it would come back.
        pinned = {row[0] for row in ledger.rows("SELECT item FROM pins")}
        if items is not None:
            known = pinned.union(row[0] for row in corrected)
            for item in items:
                if item not in known:
                    raise UnknownIdError(f"Item {item!r} has no correction.", "Check the id.")
            corrected = [row for row in corrected if row[0] in items]
            pinned.intersection_update(items)
        with ledger.transaction():
            ledger.unpin(pinned)
            for item, ordinal, sha256, key in corrected:
                _give_back(ledger, (item, ordinal), sha256, key)
    return len({(item, sha256) for item, _, sha256, _ in corrected})


def _give_back(ledger: Ledger, place: Place, sha256: str, key: str) -> None:
    answers = ledger.answers(sha256)
    by_key = {each.key: each for each in answers}
    of_lvlms = [each for each in answers if each.provenance.provider != CORRECTION]
    if not of_lvlms:
        ledger.change(_UNASSIGN, [place])
        return
    original = by_key.get(key)
    while original is not None and original.provenance.provider == CORRECTION:
        original = by_key.get(corrected_key(original) or "")
    latest = of_lvlms[-1]
    if original is not None and _writer(original) == _writer(latest):
        latest = original  # the last answer may be another item's, with the title in its question
    ledger.assign([(*place, latest.key)])


def _writer(grounding: Grounding) -> tuple[str, str, str]:
    made = grounding.provenance
    return made.provider, made.model, made.prompt_id
