"""An audit of a shop: check what was not checked, count, and write the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlm4rec.audit.checking import check_answers, unchecked
from vlm4rec.audit.figures import Figures, audit_figures
from vlm4rec.audit.page import AuditPage, write_audit_page
from vlm4rec.audit.photos import audited_photos
from vlm4rec.errors import ShopBusyError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.stages import Stage, silent

__all__ = ["Audit", "audit_shop"]


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    figures
        The counts.
    page
        The page that was written.
    checked
        How many answers the gates looked at just now.
    """

    figures: Figures
    page: AuditPage
    checked: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return {
            "page": str(self.page.page),
            "cards": len(self.page.cards),
            "sample": self.page.sample,
            "left_out": self.page.left_out,
            "checked": self.checked,
            **self.figures.to_dict(),
        }


def audit_shop(
    folder: ShopFolder,
    out: Path | None = None,
    *,
    sample: int = 100,
    seed: int = 0,
    recheck: bool = False,
    stage: Stage = silent,
) -> Audit:
    """Look a shop's groundings over, and write the audit page.

    Answers that the quality gates have not looked at are checked first, unless another process
    writes to the shop, or nobody may write to it; those are counted as unchecked.

    Parameters
    ----------
    folder
        The shop.
    out
        The folder for the page: new, empty, or that of an earlier audit; by default ``audit`` in
        the shop.
    sample, seed
        How many photos are drawn at random for review, and what makes the draw the same again.
    recheck
        Check all answers again, and insist on it.
    stage
        Shows progress.

    Raises
    ------
    StepMissingError
        If no photo was asked about.
    ShopExistsError
        If the folder holds something else.
    ShopBusyError
        If all are to be checked and another process writes to the shop.
    """
    audited_photos(folder)  # there is something to audit, or it is said at once
    checked = _check(folder, stage, again=recheck)
    photos = audited_photos(folder)
    figures = audit_figures(folder, photos)
    out = folder.root / "audit" if out is None else out
    page = write_audit_page(folder, photos, figures, out, sample=sample, seed=seed, stage=stage)
    return Audit(figures, page, checked)


def _check(folder: ShopFolder, stage: Stage, *, again: bool) -> int:
    with Ledger.open(folder.ledger_file) as ledger:
        waiting = unchecked(ledger)
    if not waiting and not again:
        return 0
    try:
        with stage("Checking") as progress:
            return check_answers(folder, again=again, progress=progress)
    except (ShopBusyError, PermissionError):
        if again:
            raise
        return 0
