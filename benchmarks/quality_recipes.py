"""What each document recipe recommends; a look at one split, without intervals or tests.

With VLM4REC_HM, the folder of the H&M sample: NDCG@10 of basket completion, as in
quality_whitening.py, on its validation half. Other colours of the hidden article are counted in,
and then left out: with them out, no variant (the first 7 digits) of the rest of the basket may be
ranked, and baskets that hide one are passed over. Recipes are compared on the same baskets.

Without it, the sample shop: the share of each customer's first five items that have a style which
the customer bought twice, beside the share among all items that could have been recommended.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from quality_whitening import K, baskets
from vlm4rec import InitOptions, Shop
from vlm4rec.demo.run import run_demo
from vlm4rec.encoding.encoder import Floats

RECIPES: dict[str, dict[str, Any]] = {
    "title": {"document": "title"},
    "description": {"document": "description"},
    "title+description": {"document": "title+description"},
    "attributes": {"document": "attributes"},
    "facets": {"document": "facets", "whiten": False},
    "facets whitened": {"document": "facets", "whiten": True},
    "facets as in the demo": {
        "document": "facets",
        "whiten": False,
        "weights": {"style": 2, "audience": 0.5},
    },
}


def ndcg(
    matrix: Floats, tasks: list[tuple[list[int], int]], variants: dict[int, list[int]] | None
) -> tuple[float, int]:
    """Return the mean NDCG@10 and the number of baskets; None counts variants in."""
    values = []
    for basket, hidden in tasks:
        masked = basket if variants is None else [v for row in basket for v in variants[row]]
        if hidden in masked:
            continue
        scores = matrix @ matrix[basket].mean(axis=0)
        scores[masked] = -np.inf
        rank = int((scores > scores[hidden]).sum()) + 1
        values.append(1 / np.log2(rank + 1) if rank <= K else 0.0)
    return float(np.mean(values)), len(values)


def on_hm(shop: Shop, folder: Path) -> dict[str, object]:
    """Compare the recipes on the articles that are grounded."""
    ids = sorted(shop.answers)
    rows = {id_: row for row, id_ in enumerate(ids)}
    tasks = baskets(folder, rows, 0)
    product: dict[str, list[int]] = {}
    for id_, row in rows.items():
        product.setdefault(id_[:7], []).append(row)
    variants = {row: product[id_[:7]] for id_, row in rows.items()}
    told: dict[str, object] = {"metric": f"NDCG@{K}"}
    for name, recipe in RECIPES.items():
        shop.encode(**{"weights": {}, **recipe})
        matrix = np.array(shop.vectors.matrix[shop.vectors.rows(ids)])
        (counted_in, n), (left_out, m) = ndcg(matrix, tasks, None), ndcg(matrix, tasks, variants)
        told["baskets"] = {"variants in": n, "variants out": m}
        told[name] = {"variants in": round(counted_in, 4), "variants out": round(left_out, 4)}
    return told


def on_sample(shop: Shop) -> dict[str, object]:
    """Compare the recipes on the styles that customers like."""
    styles = {item: set(answers[0].style) for item, answers in shop.answers.items()}
    told: dict[str, object] = {"metric": "share of the first five with a style bought twice"}
    for name, recipe in RECIPES.items():
        shop.encode(**{"weights": {}, **recipe})
        shares, chance = [], []
        for _, history in shop.interactions.histories():
            counts = Counter(style for item in history.items for style in styles[item])
            liked = {style for style, count in counts.items() if count >= 2}
            found = shop.recommend(history, k=5)
            shares.append(mean(bool(liked & styles[item.id]) for item in found))
            others = [item for item in styles if item not in history.items]
            chance.append(mean(bool(liked & styles[item]) for item in others))
        told["by chance"] = round(mean(chance), 3)
        told[name] = round(mean(shares), 3)
    return told


def main() -> None:
    """Build the shop, and compare."""
    with tempfile.TemporaryDirectory() as place:
        if "VLM4REC_HM" in os.environ:
            folder = Path(os.environ["VLM4REC_HM"])
            shop = Shop.create(Path(place) / "shop", InitOptions("hm", str(folder)))
            shop.ground(f"recorded:{folder / 'groundings.jsonl'}")
            told = on_hm(shop, folder)
        else:
            told = on_sample(run_demo(Path(place)).shop)
    print(json.dumps({"quality": "recipes", **told}))


if __name__ == "__main__":
    main()
