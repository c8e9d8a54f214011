"""Encoding through the cache, cold and warm, beside sentence-transformers alone."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sentence_transformers import SentenceTransformer

from vlm4rec.demo.run import sample_folder
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.encode import encode_texts
from vlm4rec.encoding.encoder import Floats, TextEncoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.encoding.weights import bundled_weights

ROUNDS, COPIES = 3, 6


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def through_cache(texts: list[str], encoder: TextEncoder, cache: VectorCache) -> Floats:
    """Encode what is missing, and read the vectors of all."""
    encode_texts(texts, encoder, cache)
    return cache.get(texts)


def main() -> None:
    """Encode the sample shop's descriptions, each in a few variants."""
    with (sample_folder() / "groundings.jsonl").open(encoding="utf-8") as file:
        descriptions = [json.loads(line)["description"] for line in file]
    texts = [f"Variant {copy}. {text}" for copy in range(COPIES) for text in descriptions]
    encoder = load_encoder()
    rival = SentenceTransformer(str(bundled_weights(encoder.name) or encoder.name))
    cold, warm, alone = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            cache = VectorCache(Path(folder), encoder.fingerprint, encoder.dimension)
            run = partial(through_cache, texts, encoder, cache)
            cold.append(timed(run))
            warm.append(timed(run))
        alone.append(timed(lambda: rival.encode(texts, batch_size=64, show_progress_bar=False)))
    a, b, c = map(statistics.median, (cold, warm, alone))
    row = {
        "texts": len(texts),
        "cold_s": round(a, 2),
        "warm_s": round(b, 4),
        "alone_s": round(c, 2),
        "cold_over_alone": round(a / c, 3),
        "alone_over_warm": round(c / b),
    }
    print(json.dumps({"benchmark": "encode", "cpus": os.cpu_count(), **row}))


if __name__ == "__main__":
    main()
