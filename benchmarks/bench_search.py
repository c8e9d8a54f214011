"""Exact search beside scikit-learn's brute force: same vectors, same k, in turn."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.neighbors import NearestNeighbors

from vlm4rec.encoding.encoder import normalise
from vlm4rec.index.exact import ExactIndex

K, DIMENSION, ROUNDS = 10, 384, 7


def median_ratio(ours: Callable[[], object], theirs: Callable[[], object]) -> dict[str, float]:
    """Time both in turn; return the medians in milliseconds and the ratio theirs / ours."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for call, into in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            call()
            into.append(1000 * (time.perf_counter() - start))
    a, b = (statistics.median(into[1:]) for into in times)
    return {"ours_ms": round(a, 2), "theirs_ms": round(b, 2), "times_faster": round(b / a, 2)}


def main() -> None:
    """Compare at two sizes, for one query and for 256."""
    rng = np.random.default_rng(0)
    rows = {}
    for n in (17_000, 100_000):
        items = normalise(rng.normal(size=(n, DIMENSION)))
        queries = normalise(rng.normal(size=(256, DIMENSION)))
        index = ExactIndex([f"{row:07}" for row in range(n)], items)
        rival = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="cosine").fit(items)
        for size in (1, 256):
            rows[f"{n} items, {size} queries"] = median_ratio(
                partial(index.search, queries[:size], K), partial(rival.kneighbors, queries[:size])
            )
    print(json.dumps({"benchmark": "search", "cpus": os.cpu_count(), "k": K, "rows": rows}))


if __name__ == "__main__":
    main()
