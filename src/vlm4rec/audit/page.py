"""Writing the audit page of a shop."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from vlm4rec.audit.cards import Card, make_cards
from vlm4rec.audit.choosing import choose_photos
from vlm4rec.audit.correction_cells import FIELDS, LISTS
from vlm4rec.audit.correction_rows import COLUMNS, VERDICT
from vlm4rec.audit.figures import Figures
from vlm4rec.audit.page_folder import check_folder, write_page
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.storage import content_hash

__all__ = ["AuditPage", "write_audit_page"]

_KIND = "vlm4rec audit"


@dataclass(frozen=True, slots=True)
class AuditPage:
    """An audit page that was written.

    Parameters
    ----------
    page
        Its path.
    cards
        The photos on it.
    sample
        How many of them were drawn at random.
    left_out
        Flagged photos that are not on it, since there are too many.
    """

    page: Path
    cards: tuple[Card, ...]
    sample: int
    left_out: int


def write_audit_page(
    folder: ShopFolder,
    photos: pl.DataFrame,
    figures: Figures,
    out: Path,
    *,
    sample: int = 100,
    seed: int = 0,
    stage: Stage = silent,
) -> AuditPage:
    """Write a page to look through what is flagged, to review a sample, and to correct.

    It shows what is flagged, failed or corrected, up to a limit, and a random sample of all. It
    needs no server and loads nothing from elsewhere. Marks and corrections that are made on it
    stay in the browser, and leave it as a file for `vlm4rec.audit.corrections.import_corrections`.

    Parameters
    ----------
    folder
        The shop.
    photos, figures
        Its audited photos, and what was counted of them.
    out
        The folder: new, empty, or that of an audit page to be written anew.
    sample, seed
        How many photos are drawn at random, and what makes the draw the same again.
    stage
        Shows progress.

    Raises
    ------
    ShopExistsError
        If the folder holds something else.
    """
    out = check_folder(out, _KIND)
    choice = choose_photos(photos, sample=sample, seed=seed)
    cards = make_cards(folder, photos, choice)
    values = {
        "name": folder.root.name,
        "figures": figures,
        "cards": cards,
        "choice": choice,
        "seed": seed,
        "command": f"vlm4rec audit {shlex.quote(folder.root.name)} --import corrections.csv",
        "filters": _filters(cards),
        "facets": FIELDS,
        "data": _data(folder, cards),
    }
    with stage("Thumbnails") as progress:
        shown = photos[list(choice.rows)]
        page = write_page(
            out, _KIND, shown, values, scripts=("audit_csv.js", "audit.js"), progress=progress
        )
    return AuditPage(page, tuple(cards), len(choice.sample), choice.left_out)


def _filters(cards: Sequence[Card]) -> dict[str, list[tuple[str, int]]]:
    """Count the values that cards can be filtered by, the most frequent first."""
    counted: dict[str, Counter[str]] = {
        "flag": Counter(flag.name for card in cards for flag in card.flags),
        "model": Counter(card.model for card in cards if card.model),
        "prompt": Counter(card.prompt_id for card in cards if card.prompt_id),
        "category": Counter(card.cells["category"] for card in cards if card.cells["category"]),
    }
    return {
        name: sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        for name, counts in counted.items()
    }


def _data(folder: ShopFolder, cards: Sequence[Card]) -> dict[str, Any]:
    """Return what the page's script works on."""
    return {
        # Pages of all shops share one store in the browser.
        "store": f"vlm4rec-audit-{content_hash(str(folder.root))[:16]}",
        "columns": [*COLUMNS, VERDICT],
        "fields": list(FIELDS),
        "lists": list(LISTS),
        "cards": [_card_data(card) for card in cards],
    }


def _card_data(card: Card) -> dict[str, Any]:
    row = {
        "item_id": card.item,
        "photo": str(card.ordinal),
        "sha256": card.sha256,
        "grounding": card.grounding,
        "model": card.model,
        "prompt_id": card.prompt_id,
        "flags": ", ".join(flag.name for flag in card.flags),
        **card.cells,
    }
    return {
        "row": row,
        "flags": [flag.name for flag in card.flags],
        "title": card.title,
        "corrected": card.corrected,
        "drawn": card.drawn,
    }
