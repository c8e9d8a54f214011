"""What LVLMs wrote of the photos that a shop has now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import polars as pl

from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.schema import Answer
from vlm4rec.shop.folder import ShopFolder

__all__ = ["ShopAnswers", "wanted_photos"]

_ASSIGNED = {
    "item": pl.String(),
    "sha256": pl.String(),
    "key": pl.String(),
    "model": pl.String(),
    "prompt_id": pl.String(),
    "apart": pl.Boolean(),
    "flagged": pl.Boolean(),
}


def wanted_photos(folder: ShopFolder, *, all_photos: bool | None = None) -> pl.DataFrame:
    """Return the usable photos that are to be described, in the catalog's order.

    These are the first usable photo of each item, or with ``all_photos`` all of them; by default
    what the last `ground` was told.
    """
    if all_photos is None:
        step = folder.manifest().steps.get("ground")
        all_photos = bool(step and step.parameters.get("all_photos"))
    photos = folder.read(folder.photos_file).filter(pl.col("path").is_not_null())
    return photos if all_photos else photos.unique("item", keep="first", maintain_order=True)


class ShopAnswers(Mapping[str, Sequence[Answer]]):
    """The answers of each grounded item, its main photo first; read as they are asked for.

    An answer counts only for an item that has that very photo now: the ledger also remembers
    photos, and items, that are gone.

    Parameters
    ----------
    folder
        The shop.
    """

    def __init__(self, folder: ShopFolder) -> None:
        self._folder = folder
        self._held: dict[str, tuple[Answer, ...]] = {}
        self._all = False

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row for each described photo, in the catalog's order.

        The columns are item, sha256, key, model, prompt_id, apart and flagged; see
        `vlm4rec.grounding.ledger.Ledger.assigned`.
        """
        photos = wanted_photos(self._folder).select("item", "sha256").unique(maintain_order=True)
        assigned = pl.DataFrame(self._assigned(), schema=_ASSIGNED, orient="row")
        latest = assigned.unique(["item", "sha256"], keep="first", maintain_order=True)
        return photos.join(latest, on=["item", "sha256"], how="inner", maintain_order="left")

    def fingerprint(self) -> str:
        """Return a hash that changes if and only if some item's answers do."""
        digest = hashlib.sha256()
        for row in self.table.sort("item", maintain_order=True).select("item", "key").iter_rows():
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def read_all(self) -> Mapping[str, Sequence[Answer]]:
        """Read every answer at once, and return them."""
        if not self._all:
            self._take(None)
            self._all = True
        return self._held

    def __getitem__(self, item: str) -> Sequence[Answer]:
        if item not in self._held and not self._all:
            self._held[item] = ()
            self._take([item])
        answers = self._held.get(item, ())
        if not answers:
            raise KeyError(item)
        return answers

    def __iter__(self) -> Iterator[str]:
        return iter(self.table["item"].unique(maintain_order=True).to_list())

    def __len__(self) -> int:
        return self.table["item"].n_unique()

    def _assigned(self) -> list[tuple[str, str, str, str, str, bool, bool]]:
        if not self._folder.ledger_file.exists():
            return []
        with Ledger.open(self._folder.ledger_file) as ledger:
            return [(*row[:5], bool(row[5]), bool(row[6])) for row in ledger.assigned()]

    def _take(self, items: list[str] | None) -> None:
        if not self._folder.ledger_file.exists():
            return
        table = self.table if items is None else self.table.filter(pl.col("item").is_in(items))
        written: dict[tuple[str, str], Answer] = {}
        with Ledger.open(self._folder.ledger_file) as ledger:
            for item, _, grounding in ledger.groundings(items):
                written[item, grounding.key] = grounding.answer
        for item, keys in table.group_by("item", maintain_order=True).agg("key").iter_rows():
            answers = (written.get((item, key)) for key in keys)
            self._held[item] = tuple(answer for answer in answers if answer is not None)
