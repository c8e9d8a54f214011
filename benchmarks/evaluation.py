"""Full-ranking evaluation beside the reference way: one cosine and one full sort for each user.

Ours is all that `vlm4rec.evaluation.evaluate.evaluate` does with a method whose vectors are there:
requests, masks, the ranking of every item for every user, checks, metrics. The reference way is
scikit-learn's `cosine_similarity` of one profile with all items, a full argsort, and the metrics
in plain Python; it is measured on a sample of the users, and scaled to all. Each runs in a process
of its own. The shop is made up: items in groups of alike, users with a taste for one group.

Prints one JSON line; ``identical`` tells whether the metrics of the sample's users are the same
to 1e-12.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.evaluation.evaluate import Prepared, evaluate
from vlm4rec.evaluation.results import Facts
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending.content import Content
from vlm4rec.recommending.method import ItemFeatures, TrainingData

KS = (10, 20)
SHORTEST, LONGEST = 5, 20
ALIKE = 50
"""Items in a group of alike."""
OWN = 0.7
"""The share of a user's items that is from the group of the user's taste."""
SAME = 1e-12


class Shop(NamedTuple):
    """Vectors, and of each user the rows of the history, the last one being the target."""

    vectors: Floats
    users: list[NDArray[np.intp]]


def make_shop(users: int, items: int, dimension: int) -> Shop:
    """Make it up; the same sizes give the same shop."""
    rng = np.random.default_rng(0)
    groups = max(1, items // ALIKE)
    centres = rng.normal(size=(groups, dimension)).astype(np.float32)
    noise = rng.standard_normal((items, dimension), dtype=np.float32)
    vectors = normalise(centres[np.arange(items) % groups] + noise)
    tastes = rng.integers(groups, size=users)
    lengths = rng.integers(SHORTEST, LONGEST + 1, size=users)
    return Shop(
        vectors,
        [
            _bought(rng, items, groups, taste, length + 1)
            for taste, length in zip(tastes.tolist(), lengths.tolist(), strict=True)
        ],
    )


def _bought(
    rng: np.random.Generator, items: int, groups: int, taste: int, n: int
) -> NDArray[np.intp]:
    own = taste + groups * rng.integers(items // groups, size=2 * n)
    rows = np.where(rng.random(2 * n) < OWN, own, rng.integers(items, size=2 * n))
    different = list(dict.fromkeys(rows.tolist()))
    while len(different) < n:
        different = list(dict.fromkeys([*different, int(rng.integers(items))]))
    return np.array(different[:n], dtype=np.intp)


def sampled(users: int, n: int) -> list[int]:
    """Return the users of the sample, ascending."""
    return sorted(int(user) for user in np.random.default_rng(1).permutation(users)[:n])


def ours(shop: Shop, sample: list[int]) -> dict[str, Any]:
    """Evaluate all users; return the seconds, the peak memory, and the sample's metrics."""
    ids = tuple(f"i{row:07}" for row in range(len(shop.vectors)))
    cases = tuple(
        Case(f"u{number:07}", History.of([ids[row] for row in rows[:-1]]), (ids[rows[-1]],))
        for number, rows in enumerate(shop.users)
    )
    features = ItemFeatures(ids, {"title": lambda: shop.vectors})
    data = TrainingData(Interactions.empty(), features, ids)
    split = Split(data.interactions, cases, data.log)
    prepared = Prepared(split, data, Facts("made up", "One target a user.", 0, KS, {}, {}))
    began = time.perf_counter()
    evaluation = evaluate([Content("mean profile", "title")], prepared)
    seconds = time.perf_counter() - began
    result = evaluation.settings[0].methods["mean profile"]
    return {
        "seconds": seconds,
        "rank_seconds": result.rank_seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "values": {name: values[sample].tolist() for name, values in result.values.items()},
        "means": {name: float(values.mean()) for name, values in result.values.items()},
    }


def reference(shop: Shop, sample: list[int]) -> dict[str, Any]:
    """Evaluate the sample's users one by one; return the seconds and the metrics."""
    from sklearn.metrics.pairwise import cosine_similarity

    cosine_similarity(shop.vectors[:1], shop.vectors)  # the first call is not counted
    values: dict[str, list[float]] = {}
    began = time.perf_counter()
    for user in sample:
        *history, target = shop.users[user]
        profile = shop.vectors[history].mean(axis=0, keepdims=True)
        scores = cosine_similarity(profile, shop.vectors)[0]
        scores[history] = -np.inf
        ranking = np.argsort(-scores)
        place = int(np.flatnonzero(ranking == target)[0])
        for name, value in _metrics(place).items():
            values.setdefault(name, []).append(value)
    return {"seconds": time.perf_counter() - began, "values": values}


def _metrics(place: int) -> dict[str, float]:
    """Return the metrics of a case with one target, by its place, which is 0 for the first."""
    found: dict[str, float] = {}
    for k in KS:
        hit = float(place < k)
        found[f"recall@{k}"] = found[f"hitrate@{k}"] = hit
        found[f"precision@{k}"] = hit / k
        found[f"mrr@{k}"] = found[f"map@{k}"] = hit / (place + 1)
        found[f"ndcg@{k}"] = hit / math.log2(place + 2)
    return found


def main() -> None:
    """Run both and print the line; with ``--only``, one of them in this process."""
    options = _options()
    sample = sampled(options.users, options.sample)
    if options.only:
        shop = make_shop(options.users, options.items, options.dimension)
        print(json.dumps({"ours": ours, "reference": reference}[options.only](shop, sample)))
        return
    own, other = _alone("ours"), _alone("reference")
    per_s = options.users / own["seconds"]
    reference_per_s = len(sample) / other["seconds"]
    differences = {
        name: float(np.abs(np.array(values) - other["values"][name]).max())
        for name, values in own["values"].items()
    }
    line = {
        "benchmark": "evaluation",
        "cpus": os.cpu_count(),
        "users": options.users,
        "items": options.items,
        "dimension": options.dimension,
        "ks": KS,
        "seconds": round(own["seconds"], 2),
        "users_per_s": round(per_s, 1),
        "peak_mb": round(own["peak_mb"]),
        "reference_sample": len(sample),
        "reference_users_per_s": round(reference_per_s, 2),
        "reference_seconds_scaled": round(options.users / reference_per_s, 1),
        "times_faster": round(per_s / reference_per_s, 1),
        "identical": max(differences.values()) <= SAME,
        "largest_difference": max(differences.values()),
        "recall@10": round(own["means"]["recall@10"], 4),
    }
    print(json.dumps(line))


def _alone(name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, *sys.argv[1:], "--only", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=40_000)
    parser.add_argument("--items", type=int, default=25_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--sample", type=int, default=200, help="users of the reference way")
    parser.add_argument("--only", choices=("ours", "reference"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.items < 2 * LONGEST or min(options.users, options.sample, options.dimension) < 1:
        parser.error(f"give at least {2 * LONGEST} items, and one of the rest")
    return options


if __name__ == "__main__":
    main()
