from __future__ import annotations

import numpy as np
import pytest

from vlm4rec.encoding.encoder import normalise
from vlm4rec.encoding.vectors import Block
from vlm4rec.grounding.schema import Answer
from vlm4rec.recommending.explain import block_shares, shared_attributes


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
