"""Recommend things that have pictures.

A large vision-language model writes down, once and offline, what each photo shows; the text
becomes vectors; and a customer's history is matched with the items online.

>>> from vlm4rec import Shop
>>> shop = Shop.open("my-shop")  # doctest: +SKIP
>>> for item in shop.recommend(["0108775015", "0111586001"]):  # doctest: +SKIP
...     print(item.id, item.title, item.reasons[0])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vlm4rec._version import __version__
from vlm4rec.errors import Vlm4recError

if TYPE_CHECKING:
    from vlm4rec.catalog.items import Catalog, Item
    from vlm4rec.encoding.encode import BlockOptions
    from vlm4rec.encoding.loading import load_encoder
    from vlm4rec.grounding.prompts import Prompt
    from vlm4rec.grounding.schema import Answer, Grounding
    from vlm4rec.interactions.interactions import History, Interactions
    from vlm4rec.recommending.recommendations import Reason, Recommendations, RecommendedItem
    from vlm4rec.recommending.recommender import Recommender
    from vlm4rec.shop.init_options import InitOptions
    from vlm4rec.shop.shop import Shop

__all__ = [
    "Answer",
    "BlockOptions",
    "Catalog",
    "Grounding",
    "History",
    "InitOptions",
    "Interactions",
    "Item",
    "Prompt",
    "Reason",
    "Recommendations",
    "RecommendedItem",
    "Recommender",
    "Shop",
    "Vlm4recError",
    "__version__",
    "load_encoder",
]

_HOMES = {
    "Answer": "vlm4rec.grounding.schema",
    "BlockOptions": "vlm4rec.encoding.encode",
    "Catalog": "vlm4rec.catalog.items",
    "Grounding": "vlm4rec.grounding.schema",
    "History": "vlm4rec.interactions.interactions",
    "InitOptions": "vlm4rec.shop.init_options",
    "Interactions": "vlm4rec.interactions.interactions",
    "Item": "vlm4rec.catalog.items",
    "Prompt": "vlm4rec.grounding.prompts",
    "Reason": "vlm4rec.recommending.recommendations",
    "Recommendations": "vlm4rec.recommending.recommendations",
    "RecommendedItem": "vlm4rec.recommending.recommendations",
    "Recommender": "vlm4rec.recommending.recommender",
    "Shop": "vlm4rec.shop.shop",
    "load_encoder": "vlm4rec.encoding.loading",
}
"""Where each name lives; it is imported when it is first asked for."""


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'vlm4rec' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
