"""The table and the ablation of the paper, every row as a method.

The paper is "VLM4Rec: Multimodal Semantic Representation for Recommendation with Large
Vision-Language Models" (arXiv 2603.12625). Here every row ranks the same candidates for the same
users with the same mask, texts share one encoder, and fusions that are trained learn from
interactions. For the paper's own figures see `vlm4rec.evaluation.paper_figures`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vlm4rec.baselines.fusion.seeds import Seeds
from vlm4rec.baselines.fusion.trained import FUSIONS, TrainedFusion
from vlm4rec.baselines.fusion.training import Training
from vlm4rec.baselines.fusion.untrained import AveragedBlocks
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import Method

__all__ = ["ABLATION", "PAPER_ROWS", "Recipe", "ablation_methods", "paper_methods"]

PAPER_ROWS = (
    "LVLM text",
    "LVLM text + vision, attention",
    "LVLM text + vision, concatenation",
    "LVLM text + vision, average",
    "LVLM text + vision, spectral",
    "title + vision, attention",
    "title",
    "title + vision, concatenation",
    "title + vision, spectral",
    "title + vision, average",
    "title + vision, gating",
    "vision",
)
"""The names of the twelve rows that are in the paper, in its order: best first. It does not say
which text its gating fuses; its training code gives it titles."""

ABLATION = ("title", "description", "title+description", "attributes", "all")
"""The names of the rows of the ablation of texts."""


@dataclass(frozen=True)
class Recipe:
    """What the rows are made of, and how those that learn are trained.

    Parameters
    ----------
    title, text, image
        The kinds of item features: the shop's title, what the LVLM wrote, the pixels. The
        paper's own code puts the title before the description: that is
        ``text="title+description"``.
    profile
        How a history becomes a query, the same in every row.
    whiten
        The shrinkage of the whitening in the rows that learn nothing; None is the paper's: they
        are used as they are. Trained fusions whiten their input in any case: it is a linear map
        before their first linear map.
    dimension
        Of the item vectors of trained fusions.
    training
        How they are trained.
    seeds
        With how many seeds; each gets a ranker, see `vlm4rec.baselines.fusion.seeds.Seeds`.
    """

    title: str = "title"
    text: str = "description"
    image: str = "image"
    profile: str = "mean"
    whiten: float | None = None
    dimension: int = 256
    training: Training = field(default_factory=Training)
    seeds: int = 5


def paper_methods(recipe: Recipe | None = None) -> list[Method]:
    """Return all rows: title, LVLM text and vision, and each text with vision by every fusion.

    These are the twelve of `PAPER_ROWS` and three more, so that both texts have all six fusions.

    Examples
    --------
    >>> names = [method.name for method in paper_methods()]
    >>> len(names), sorted(set(names) - set(PAPER_ROWS))[0]
    (15, 'LVLM text + vision, cross-modal')
    """
    recipe = recipe or Recipe()
    alone = {"title": recipe.title, "LVLM text": recipe.text, "vision": recipe.image}
    methods: list[Method] = [_plain(recipe, name, (block,)) for name, block in alone.items()]
    for told, text in (("title", recipe.title), ("LVLM text", recipe.text)):
        methods += _fusions(recipe, f"{told} + vision", text)
    return methods


def ablation_methods(recipe: Recipe | None = None) -> list[Method]:
    """Return the rows of `ABLATION`; ``"all"`` has title, description and attributes as blocks.

    Examples
    --------
    >>> [method.name for method in ablation_methods()] == list(ABLATION)
    True
    """
    recipe = recipe or Recipe()
    blocks = {
        "title": (recipe.title,),
        "description": ("description",),
        "title+description": ("title+description",),
        "attributes": ("attributes",),
        "all": (recipe.title, "description", "attributes"),
    }
    return [_plain(recipe, name, blocks[name]) for name in ABLATION]


def _plain(recipe: Recipe, name: str, blocks: tuple[str, ...]) -> Method:
    return Content(name, blocks, recipe.profile, recipe.whiten)


def _fusions(recipe: Recipe, name: str, text: str) -> list[Method]:
    both = (text, recipe.image)
    methods: list[Method] = [
        AveragedBlocks(f"{name}, average", both, profile=recipe.profile),
        _plain(recipe, f"{name}, concatenation", both),
    ]
    for fusion in FUSIONS:
        trained = TrainedFusion(
            f"{name}, {fusion}",
            *both,
            fusion=fusion,
            dimension=recipe.dimension,
            training=recipe.training,
            profile=recipe.profile,
        )
        methods.append(Seeds(trained, recipe.seeds))
    return methods
