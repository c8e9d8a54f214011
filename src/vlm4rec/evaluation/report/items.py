"""What a report must know of the items, beside the rankings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vlm4rec.encoding.encoder import Floats
from vlm4rec.evaluation.beyond_accuracy import ItemCounts

__all__ = ["ReportItems"]


@dataclass(frozen=True)
class ReportItems:
    """What is known of the items; where a part is absent, what follows from it is left out.

    Parameters
    ----------
    titles
        What the shop calls each item, by id.
    photos
        Path and sha256 of each item's main photo, by id.
    categories
        The category of each item by id, for slices.
    counts
        How often each candidate occurs in training: for slices, novelty, the share of popular
        items. In the order of the evaluation's candidates.
    vectors
        float32, shape (n candidates, dimension), rows of length 1 or 0, in the order of the
        evaluation's candidates, the same for every method: how alike items are, for the diversity
        of rankings.
    vectors_told
        Of what these vectors are made, such as ``"title"``.

    Examples
    --------
    >>> ReportItems(titles={"a": "Boot"}).title("a"), ReportItems().title("a")
    ('Boot', 'a')
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    counts: ItemCounts | None = None
    vectors: Floats | None = None
    vectors_told: str = ""

    def title(self, item: str) -> str:
        """Return what a person calls the item: its title, or else its id."""
        return self.titles.get(item) or item
