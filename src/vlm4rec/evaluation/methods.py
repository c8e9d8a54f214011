"""The methods that can be judged, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vlm4rec.baselines.fusion.seeds import Seeds
from vlm4rec.baselines.fusion.trained import TrainedFusion
from vlm4rec.baselines.fusion.untrained import AveragedBlocks
from vlm4rec.baselines.paper import ablation_methods, paper_methods
from vlm4rec.baselines.popularity import Popularity
from vlm4rec.baselines.random_ranking import Random
from vlm4rec.baselines.tuned import Tuned, tuned_collaborative
from vlm4rec.errors import DataError
from vlm4rec.evaluation.tuning import TunedBlend
from vlm4rec.grounding.schema import FACETS
from vlm4rec.recommending.blend import Blend
from vlm4rec.recommending.blocks import block_specs
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import Method, TrainingData
from vlm4rec.recommending.ranker import Ranker

__all__ = [
    "GROUPS",
    "PAPERS_RECIPE",
    "Renamed",
    "methods_by_name",
    "needed_features",
    "needs_validation",
]

PAPERS_RECIPE = "paper's recipe"
"""Title and description as one text, the plain mean, no whitening: what all is compared with."""

_SINGLE = ("title", "metadata", "description", "image")
_JOINED: Mapping[str, tuple[str, ...]] = {
    "facets": ("facet:*",),
    "title+description": ("title", "description"),
    "facets+description": ("facet:*", "description"),
    "title+facets+description": ("title", "facet:*", "description"),
    "metadata+facets+description": ("metadata", "metadata:*", "facet:*", "description"),
    "metadata+image": ("metadata", "metadata:*", "image"),
    "metadata+image+facets+description": (
        *("metadata", "metadata:*", "image", "facet:*", "description"),
    ),
}
_WITHOUT = ("title", "metadata", "metadata:*", "image")
_GROUNDED = ("description", "title+description", "facet:*")
_PROFILES = ("mean", "recency:30", "recency:7", "last:5", "power:4", "max", "interests:3")
_JOINED_PROFILES = ("mean", "recency:30", "max")


@dataclass(frozen=True)
class Renamed:
    """A method under another name.

    Parameters
    ----------
    name
        What the table shows.
    method
        The method.
    """

    name: str
    method: Method

    def fit(self, data: TrainingData) -> Ranker:
        """Learn."""
        return self.method.fit(data)


def needed_features(method: Method) -> frozenset[str]:
    """Return the kinds of item features that a method can't do without.

    A blend beside sales takes what there is, and so needs none; one of content alone would be
    another method without one of its parts.

    Examples
    --------
    >>> sorted(needed_features(Content("both", ("title", "image"))))
    ['image', 'title']
    """
    if isinstance(method, Renamed | Seeds):
        return needed_features(method.method)
    if isinstance(method, Tuned):
        choices = method.choices
        several = choices.values() if isinstance(choices, Mapping) else choices
        return frozenset().union(*map(needed_features, several))
    if isinstance(method, Content):
        return frozenset(spec.name for spec in block_specs(method.blocks))
    if isinstance(method, AveragedBlocks):
        return frozenset(method.blocks)
    if isinstance(method, TrainedFusion):
        return frozenset({method.text, method.image})
    if isinstance(method, TunedBlend) and not method.beyond:
        return frozenset(name for name in method.features if not name.endswith("*"))
    return frozenset()


def needs_validation(method: Method) -> bool:
    """Tell whether a method chooses or learns something on the validation part.

    >>> needs_validation(Tuned("title", [Content("mean", "title")])), needs_validation(reference())
    (True, False)
    """
    if isinstance(method, Renamed | Seeds):
        return needs_validation(method.method)
    return isinstance(method, Tuned | TunedBlend | Blend)


def content_methods() -> list[Method]:
    """Return what items are by one kind of features, or by several, tuned with equal care.

    One kind: profile and whitening are chosen on validation. Several: the weights are learned
    there too, or leaned to each customer's own. None of them knows what sells.
    """
    single = [
        Tuned(
            block,
            {
                f"{profile}, whitening {shrinkage or 'none'}": Content(
                    block, block, profile, shrinkage
                )
                for profile in _PROFILES
                for shrinkage in (0.1, None)
            },
        )
        for block in _SINGLE
    ]
    facets = (*(f"facet:{name}" for name in FACETS), "description")
    own = Tuned(
        "facets+description, weights by customer",
        {
            f"consistency {exponent:g}": Content(
                "facets+description", facets, whiten=0.1, consistency=exponent
            )
            for exponent in (0.0, -1.0, 0.5, 1.0, 2.0)
        },
    )
    joined = [
        TunedBlend(name, blocks, beyond=False, trials=8, profiles=_JOINED_PROFILES)
        for name, blocks in _JOINED.items()
    ]
    return [*single, *joined, own]


def best_methods() -> list[TunedBlend]:
    """Return vlm4rec's best, and the same without grounding: the same signals, the same budget."""
    return [
        TunedBlend("best", (*_WITHOUT, *_GROUNDED)),
        TunedBlend("best without grounding", _WITHOUT),
        TunedBlend("sales and co-purchases alone", ()),
    ]


def reference() -> Method:
    """Return the paper's recipe."""
    return Content(PAPERS_RECIPE, "title+description")


GROUPS: Mapping[str, Callable[[], Sequence[Method]]] = {
    "paper": paper_methods,
    "ablation": ablation_methods,
    "content": content_methods,
    "collaborative": lambda: [Random(), Popularity(), *tuned_collaborative()],
    "best": lambda: [reference(), *best_methods()],
}
"""The groups of methods by name."""

_FIRST = ("best", "content", "collaborative", "paper", "ablation")
"""Where a name is in several groups, it alone stands for the method of the first of these."""


def methods_by_name(names: Sequence[str]) -> list[Method]:
    """Return methods: those of groups, or single ones, each once, in the order given.

    Where methods of two groups have the same name, those of the later group carry the group's.

    Parameters
    ----------
    names
        Of groups (`GROUPS`) or of methods in them.

    Raises
    ------
    DataError
        If there is no such group or method, or no name.

    Examples
    --------
    >>> [method.name for method in methods_by_name(["popularity", "best"])][:2]
    ['popularity', "paper's recipe"]
    """
    found: dict[str, Method] = {}
    if not names:
        raise DataError("Name a method.", f"Groups: {', '.join(GROUPS)}.")
    for name in names:
        if name in GROUPS:
            for method in GROUPS[name]():
                if found.get(method.name, method) == method:
                    found[method.name] = method
                else:
                    own = f"{name}: {method.name}"
                    found[own] = Renamed(own, method)
        else:
            found.setdefault(name, _single(name))
    return list(found.values())


def _single(name: str) -> Method:
    groups = [GROUPS[name]() for name in _FIRST]
    there = {method.name: method for group in reversed(groups) for method in group}
    if name not in there:
        close = difflib.get_close_matches(name, [*GROUPS, *there], n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise DataError(
            f"There is no method {name!r}.",
            f"{hint}Groups: {', '.join(GROUPS)}. Methods: {', '.join(there)}.",
        )
    return there[name]
