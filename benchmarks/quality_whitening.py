"""What whitening does to basket completion on the H&M sample (folder in VLM4REC_HM).

Protocol: one grounded article of each customer's week (transactions_week.csv) is hidden and ranked
among all grounded articles; the profile is the mean of the customer's other grounded articles of
that week, which are masked. Customers are split in half by a hash: the shrinkage is chosen on the
first half, and the second half is looked at once, raw beside whitened, with a 95% bootstrap
interval of the difference over customers and a paired permutation test.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vlm4rec import InitOptions, Shop
from vlm4rec.encoding.encoder import Floats

K = 10
SHRINKAGES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)


def baskets(folder: Path, rows: dict[str, int], half: int) -> list[tuple[list[int], int]]:
    """Return (the rest of the basket, the hidden article) of each customer of a half."""
    table = pl.read_csv(
        folder / "transactions_week.csv", schema_overrides={"article_id": pl.String}
    )
    found = []
    by_customer = table.group_by("customer_id", maintain_order=True).agg(pl.col("article_id"))
    for customer, articles in by_customer.iter_rows():
        digest = hashlib.sha256(customer.encode()).digest()
        known = sorted({rows[article] for article in articles if article in rows})
        if digest[0] % 2 == half and len(known) > 1:
            hidden = known[digest[1] % len(known)]
            found.append(([row for row in known if row != hidden], hidden))
    return found


def ndcg(matrix: Floats, tasks: list[tuple[list[int], int]]) -> NDArray[np.float64]:
    """Return NDCG@10 of each task; there is one right answer in each."""
    values = []
    for basket, hidden in tasks:
        scores = matrix @ matrix[basket].mean(axis=0)
        scores[basket] = -np.inf
        rank = int((scores > scores[hidden]).sum()) + 1
        values.append(1 / np.log2(rank + 1) if rank <= K else 0.0)
    return np.array(values)


def compare(raw: NDArray[np.float64], white: NDArray[np.float64]) -> dict[str, object]:
    """Return the means, the interval of their difference, and the permutation test."""
    rng = np.random.default_rng(0)
    gain = white - raw
    resampled = [gain[rng.integers(0, len(gain), len(gain))].mean() for _ in range(2000)]
    flipped = [(gain * rng.choice((-1, 1), len(gain))).mean() for _ in range(5000)]
    low, high = np.percentile(resampled, [2.5, 97.5])
    p = (1 + sum(abs(value) >= abs(gain.mean()) for value in flipped)) / 5001
    return {
        "customers": len(gain),
        "raw": round(float(raw.mean()), 4),
        "whitened": round(float(white.mean()), 4),
        "difference_95": [round(float(low), 4), round(float(high), 4)],
        "p": round(p, 4),
    }


def main() -> None:
    """Choose the shrinkage on one half, compare on the other."""
    if "VLM4REC_HM" not in os.environ:
        sys.exit("Set VLM4REC_HM to the folder of the H&M sample.")
    folder = Path(os.environ["VLM4REC_HM"])
    with tempfile.TemporaryDirectory() as place:
        shop = Shop.create(Path(place) / "shop", InitOptions("hm", str(folder)))
        shop.ground(f"recorded:{folder / 'groundings.jsonl'}")
        shop.encode()
        rows = {id_: row for row, id_ in enumerate(shop.vectors.ids)}
        validation, test = baskets(folder, rows, 0), baskets(folder, rows, 1)
        raw = np.array(shop.vectors.matrix)
        chosen: dict[float, float] = {}
        white: dict[float, Floats] = {}
        for shrinkage in SHRINKAGES:
            shop.encode(whiten=True, shrinkage=shrinkage)
            white[shrinkage] = np.array(shop.vectors.matrix)
            chosen[shrinkage] = float(ndcg(white[shrinkage], validation).mean())
    best = max(chosen, key=lambda shrinkage: chosen[shrinkage])
    told = {
        "quality": "whitening",
        "metric": f"NDCG@{K}",
        "validation": {
            "raw": round(float(ndcg(raw, validation).mean()), 4),
            **{str(shrinkage): round(value, 4) for shrinkage, value in chosen.items()},
        },
        "chosen": best,
        "test": compare(ndcg(raw, test), ndcg(white[best], test)),
        "test_at_default_0.1": compare(ndcg(raw, test), ndcg(white[0.1], test)),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
