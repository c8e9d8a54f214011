from __future__ import annotations

import numpy as np
import pytest

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.whitening import Whitening
from vlm4rec.errors import DataError
from vlm4rec.recommending.blocks import (
    BlockSpec,
    block_specs,
    block_vectors,
    whitened_features,
)
from vlm4rec.recommending.method import ItemFeatures

N = 40


def features(*, bare: int = 0) -> ItemFeatures:
    """Return features of three kinds; so many items at the end lack the third."""
    rng = np.random.default_rng(0)
    kinds = {
        name: normalise(rng.normal(size=(N, d)) * np.arange(1, d + 1) + 2)
        for name, d in [("title", 6), ("image", 9), ("facet:colour", 4)]
    }
    kinds["facet:colour"][N - bare :] = 0
    kinds["same"] = np.tile(kinds["title"][:1], (N, 1))
    kinds["none"] = np.zeros((N, 3), dtype=np.float32)
    makers = {name: lambda matrix=matrix: matrix for name, matrix in kinds.items()}
    return ItemFeatures([f"i{row:02}" for row in range(N)], makers)


def cosines(matrix: Floats) -> Floats:
    exact = normalise(matrix).astype(np.float64)
    return (exact @ exact.T).astype(np.float32)


def test_a_similarity_is_the_weighted_mean_of_the_blocks() -> None:
    made = block_vectors(features(), block_specs({"title": 3, "image": 1}))
    assert made.matrix.dtype == np.float32
    assert [(b.name, b.start, b.stop, b.weight) for b in made.blocks] == [
        ("title", 0, 6, 0.75),
        ("image", 6, 15, 0.25),
    ]
    wanted = 0.75 * cosines(features()["title"]) + 0.25 * cosines(features()["image"])
    np.testing.assert_allclose(made.matrix @ made.matrix.T, wanted, atol=1e-6)
    np.testing.assert_allclose(made.lengths(), np.sqrt([[0.75, 0.25]] * N), atol=1e-6)


def test_whitening_is_fitted_on_what_has_the_block() -> None:
    some = features(bare=10)
    made = block_vectors(some, block_specs("facet:colour", whiten=0.2))
    colours = some["facet:colour"][:30]
    wanted = Whitening.fit(colours, shrinkage=0.2).apply(colours)
    np.testing.assert_allclose(made.matrix[:30], wanted, atol=1e-6)
    assert not made.matrix[30:].any()
    assert made.covered.tolist() == [True] * 30 + [False] * 10


def test_other_blocks_make_up_for_one_that_is_missing() -> None:
    made = block_vectors(features(bare=10), block_specs(["facet:colour", "title"], whiten=0.1))
    np.testing.assert_allclose(np.linalg.norm(made.matrix, axis=1), 1, rtol=1e-6)
    assert not made.matrix[30:, :4].any()


def test_blocks_may_be_whitened_one_by_one() -> None:
    specs = [BlockSpec("title"), BlockSpec("image", weight=2, whiten=0.5)]
    made = block_vectors(features(), block_specs(specs, whiten=0.1))
    image = features()["image"]
    white = Whitening.fit(image, shrinkage=0.5).apply(image)
    wanted = cosines(features()["title"]) / 3 + 2 * cosines(white) / 3
    np.testing.assert_allclose(made.matrix @ made.matrix.T, wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["same", "none"])
def test_what_has_no_directions_is_not_whitened(name: str) -> None:
    made = block_vectors(features(), block_specs([name, "title"], whiten=0.1))
    assert np.isfinite(made.matrix).all()
    with pytest.raises(DataError, match=f"'{name}' can't be whitened"):
        block_vectors(features(), block_specs(name, whiten=0.1))
    assert block_vectors(features(), block_specs(name)).covered.all() == (name == "same")


def test_whitened_features_are_whitened_once() -> None:
    white = whitened_features(features(bare=5), 0.3)
    assert white.names == features().names
    assert white["title"] is white["title"]
    weights = {"title": 1, "facet:colour": 2, "same": 1}
    np.testing.assert_allclose(
        block_vectors(white, block_specs(weights)).matrix,
        block_vectors(features(bare=5), block_specs(weights, whiten=0.3)).matrix,
        atol=1e-6,
    )


def test_features_are_not_changed() -> None:
    some = features()
    block_vectors(some, block_specs(["title", "image"], whiten=0.1))
    np.testing.assert_array_equal(some["title"], features()["title"])


@pytest.mark.parametrize(
    ("blocks", "whiten", "told"),
    [
        ([], None, "at least one"),
        (["title", "title"], None, "named twice"),
        ({"title": 0.0}, None, "positive"),
        ({"title": float("nan")}, None, "positive"),
        ("title", 1.5, "from 0 to 1"),
        ([BlockSpec("title", whiten=-1)], None, "from 0 to 1"),
    ],
)
def test_blocks_that_can_not_be_are_told(
    blocks: list[str | BlockSpec], whiten: float | None, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        block_specs(blocks, whiten=whiten)


def test_a_kind_that_is_not_there_is_told() -> None:
    with pytest.raises(DataError, match="nothing'"):
        block_vectors(features(), block_specs(["title", "nothing"]))
    with pytest.raises(DataError, match="from 0 to 1"):
        whitened_features(features(), 2.0)
