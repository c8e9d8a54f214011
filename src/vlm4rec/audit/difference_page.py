"""Writing the page that shows two prompts side by side."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from vlm4rec.audit.differences import Comparison
from vlm4rec.audit.page_folder import check_folder, write_page
from vlm4rec.audit.word_diff import word_diff
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.stages import Stage, silent

__all__ = ["write_difference_page"]

_KIND = "vlm4rec diff-prompts"


def write_difference_page(
    folder: ShopFolder, found: Comparison, out: Path, *, seed: int = 0, stage: Stage = silent
) -> Path:
    """Write a page of a comparison: each photo of the sample with both texts.

    Parameters
    ----------
    folder
        The shop.
    found
        The comparison.
    out
        The folder: new, empty, or that of such a page to be written anew.
    seed
        What drew the sample, to be told on the page.
    stage
        Shows progress.

    Raises
    ------
    ShopExistsError
        If the folder holds something else.
    """
    out = check_folder(out, _KIND)
    columns = {"path": pl.String, "sha256": pl.String}
    places = [(pair.path, pair.sha256) for pair in found.pairs]
    photos = pl.DataFrame(places, schema=columns, orient="row")
    texts = [
        word_diff(pair.a.answer.description, pair.b.answer.description) for pair in found.pairs
    ]
    values = {
        "name": folder.root.name,
        "found": found,
        "pairs": list(zip(found.pairs, texts, strict=True)),
        "seed": seed,
    }
    with stage("Thumbnails") as progress:
        return write_page(out, _KIND, photos, values, progress=progress)
