from __future__ import annotations

import numpy as np
import pytest

from vlm4rec.encoding.encoder import normalise
from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.grounding.schema import Answer
from vlm4rec.recommending.explain import block_shares, explain, explain_all, shared_attributes


def test_blocks_add_up_to_the_score() -> None:
    rng = np.random.default_rng(0)
    vector, query = normalise(rng.normal(size=(2, 12)))
    blocks = [Block("a", 0, 4), Block("b", 4, 12)]
    shares = block_shares(vector, query, blocks)
    assert list(shares) == ["a", "b"]
    assert sum(shares.values()) == pytest.approx(float(vector @ query), abs=1e-6)


def test_shared_words_are_compared_whole_and_without_case() -> None:
    one = Answer(description="x", colors=("Navy blue", "red"), occasion=("office",))
    two = Answer(description="y", colors=("blue", "RED"), occasion=("office party",))
    assert shared_attributes([one], [two]) == {"colour": ("red",)}


def test_nothing_in_common_is_nothing_said() -> None:
    assert shared_attributes([], [Answer(description="y", colors=("red",))]) == {}


def test_explaining_all_at_once_is_explaining_each() -> None:
    rng = np.random.default_rng(0)
    matrix = normalise(rng.normal(size=(60, 31)))
    matrix[20:40] = matrix[5]  # ties
    ids = tuple(f"{row:02}" for row in range(60))
    vectors = ItemVectors(ids, matrix, (Block("text", 0, 31),), ids)
    history = [ids[row] for row in rng.permutation(np.arange(10, 60))]
    items = [*ids[:10], "nobody"]
    together = explain_all(items, history, vectors, {}, {}, most=25)
    assert together == [explain(id_, history, vectors, {}, {}, most=25) for id_ in items]
    for item, reasons in zip(items[:10], together, strict=False):
        row = matrix[int(item)].astype(np.float64)
        near = {id_: float(np.dot(matrix[int(id_)].astype(np.float64), row)) for id_ in history}
        wanted = sorted(history, key=lambda id_, near=near: (-near[id_], id_))[:25]  # type: ignore[misc]
        assert [reason.item for reason in reasons] == wanted
        assert [reason.similarity for reason in reasons] == pytest.approx(
            [near[id_] for id_ in wanted]
        )
    assert together[-1] == ()
