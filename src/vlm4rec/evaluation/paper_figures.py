"""The figures that the paper published, to be shown beside ours, and why they can't agree."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PUBLISHED", "SOURCE", "WHY_DIFFERENT", "PublishedFigure", "published"]

SOURCE = (
    'Valencia et al., "VLM4Rec: Multimodal Semantic Representation for Recommendation with Large '
    'Vision-Language Models", arXiv 2603.12625, 2026: Amazon Clothing, 4,708 items, 2,914 users.'
)
"""Where the figures are from, and of what they are."""


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One row of the paper's table.

    Parameters
    ----------
    row
        The name of the same row here; see `vlm4rec.baselines.paper.PAPER_ROWS`.
    printed
        Its name in the paper's own code.
    recall, ndcg
        Recall@10 and NDCG@10, from 0 to 1.
    """

    row: str
    printed: str
    recall: float
    ndcg: float


PUBLISHED = (
    PublishedFigure("LVLM text", "LLaVA-NeXT 7B Text-Only", 0.3539, 0.2745),
    PublishedFigure(
        "LVLM text + vision, attention", "LLaVA+Vision Attention Fusion", 0.3103, 0.2500
    ),
    PublishedFigure("LVLM text + vision, concatenation", "LLaVA+Vision (Concat)", 0.2825, 0.1763),
    PublishedFigure("LVLM text + vision, average", "LLaVA+Vision (Naive 50/50)", 0.2806, 0.1762),
    PublishedFigure("LVLM text + vision, spectral", "SMORE (LLaVA+Vision)", 0.2375, 0.1652),
    PublishedFigure("title + vision, attention", "BERT+Vision Attention Fusion", 0.2348, 0.1966),
    PublishedFigure("title", "BERT Text-Only (Baseline)", 0.2285, 0.1838),
    PublishedFigure("title + vision, concatenation", "BERT+Vision (Concat)", 0.1887, 0.1540),
    PublishedFigure("title + vision, spectral", "SMORE (BERT+Vision)", 0.1881, 0.1398),
    PublishedFigure("title + vision, average", "BERT+Vision (Naive 50/50)", 0.1803, 0.1428),
    PublishedFigure("title + vision, gating", "Gating Fusion", 0.1269, 0.0973),
    PublishedFigure("vision", "Vision-Only", 0.1053, 0.0734),
)
"""The paper's twelve rows, best first."""

WHY_DIFFERENT = (
    "Other data: other items, other customers, other photos, another model that describes them.",
    (
        "There, methods rank different items: rows with LLaVA text only the items that it "
        "described, titles and pixels the whole catalog, in which there is more to get wrong. "
        "Here all rank the same candidates."
    ),
    (
        "There, what a customer already bought stays in the ranking and takes up places. Here it "
        "is masked."
    ),
    (
        "There, users are sampled without a seed, so that a figure is not the same twice. Here "
        "users, cases and training are drawn by a seed that is printed."
    ),
    (
        "There, fusions are trained on a loss that compares an item with itself, and so learn "
        "only to push items apart, nothing of who buys what. Here the profile of a customer is "
        "compared with another item that the same customer bought."
    ),
    (
        "There, LLaVA text is the title and the description together, while the title alone goes "
        "through another encoder. Here one encoder encodes every text, and the title is a row of "
        "its own."
    ),
)
"""Why absolute values differ, in plain words; what is said of the paper was read in its code."""


def published(row: str) -> PublishedFigure | None:
    """Return what the paper published of a row, or None if it has no such row.

    >>> published("vision").recall
    0.1053
    >>> published("title + vision, cross-modal")
    """
    return next((figure for figure in PUBLISHED if figure.row == row), None)
