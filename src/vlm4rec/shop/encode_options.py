"""What a user may choose of encoding, and what holds where nothing is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlm4rec.encoding.documents import DEFAULT_RECIPE
from vlm4rec.encoding.encode import BlockOptions
from vlm4rec.encoding.encoder import DEFAULT_ENCODER
from vlm4rec.errors import DataError
from vlm4rec.shop.manifest import StepRecord

__all__ = ["EncodeOptions", "Encoding"]

_SHRINKAGE = 0.1


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a shop is encoded, everything decided.

    Parameters
    ----------
    document
        The recipe, by name.
    encoder
        The encoder, by name.
    blocks
        Whitening and weights.
    """

    document: str
    encoder: str
    blocks: BlockOptions

    def parameters(self) -> dict[str, Any]:
        """Return the same for the manifest."""
        return {"document": self.document, "encoder": self.encoder, **asdict(self.blocks)}


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """What a user chose; None is for what was not chosen.

    What was not chosen is as it was when the shop was last encoded. With another recipe than
    then, the encoder stays and the rest is at its defaults: ``facets`` are whitened, other
    documents are not, and all weights are 1.

    Examples
    --------
    >>> EncodeOptions().resolve(None).document
    'title+description'
    >>> EncodeOptions(document="facets").resolve(None).blocks.whiten
    True
    """

    document: str | None = None
    encoder: str | None = None
    whiten: bool | None = None
    shrinkage: float | None = None
    weights: Mapping[str, float] | None = None

    def resolve(self, before: StepRecord | None) -> Encoding:
        """Decide everything, given the record of the last encoding, if there was one.

        Raises
        ------
        DataError
            If the shrinkage is out of range.
        """
        last: dict[str, Any] = {} if before is None else before.parameters
        document = self.document or last.get("document", DEFAULT_RECIPE)
        encoder = self.encoder or last.get("encoder", DEFAULT_ENCODER)
        if Path(encoder).is_dir():
            encoder = str(Path(encoder).absolute())
        if document != last.get("document"):
            last = {}
        whiten = last.get("whiten", document == "facets") if self.whiten is None else self.whiten
        shrinkage = self.shrinkage
        if shrinkage is None:
            shrinkage = last.get("shrinkage", _SHRINKAGE)
        if not 0.0 <= shrinkage <= 1.0:
            raise DataError(f"The shrinkage must be from 0 to 1, not {shrinkage}.")
        weights = last.get("weights", {}) if self.weights is None else dict(self.weights)
        return Encoding(document, encoder, BlockOptions(whiten, shrinkage, weights))
