from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from vlm4rec.baselines.fusion.blocks import principal, read_blocks
from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.errors import DataError
from vlm4rec.recommending.blocks import block_specs, block_vectors
from vlm4rec.recommending.method import ItemFeatures

RNG = np.random.default_rng(0)
TEXT = normalise(RNG.normal(size=(50, 9)) + 1)
FEW = normalise(np.repeat(RNG.normal(size=(5, 12)), 10, axis=0))
LACKING = np.where(np.arange(50)[:, None] < 4, 0, TEXT).astype(np.float32)
ALIKE = np.tile(TEXT[:1], (50, 1))


def features(matrix: Floats) -> ItemFeatures:
    return ItemFeatures([f"i{row:02}" for row in range(50)], {"title": lambda: matrix})


@pytest.mark.parametrize("matrix", [TEXT, FEW, LACKING])
def test_blocks_are_the_whitened_features(matrix: Floats) -> None:
    (block,) = read_blocks(features(matrix), ["title"], whiten=0.1)
    whole = block_vectors(features(matrix), block_specs("title", whiten=0.1)).matrix
    np.testing.assert_allclose(block @ block.T, whole @ whole.T, atol=1e-5)
    assert block.any(axis=1).tolist() == matrix.any(axis=1).tolist()


def test_columns_in_which_nothing_is_left_are_dropped() -> None:
    (block,) = read_blocks(features(FEW), ["title"])
    assert block.shape == (50, 4)


def test_the_first_columns_are_kept() -> None:
    (block,) = read_blocks(features(TEXT), ["title"])
    (narrow,) = read_blocks(features(TEXT), ["title"], most=3)
    np.testing.assert_allclose(narrow, normalise(block[:, :3]), atol=1e-6)


def test_features_may_stay_as_they_are() -> None:
    (block,) = read_blocks(features(LACKING), ["title"], whiten=None)
    np.testing.assert_allclose(block, LACKING, atol=1e-6)


def test_a_block_that_is_the_same_for_all_items_is_no_matter() -> None:
    (block,) = read_blocks(features(ALIKE), ["title"])
    cosines = block @ block.T
    np.testing.assert_allclose(cosines, cosines[0, 0], atol=1e-6)


def test_a_fusion_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="at least one kind"):
        read_blocks(features(TEXT), [])


def test_principal_directions_are_those_of_scikit_learn() -> None:
    ours = principal(TEXT, 4)
    theirs = normalise(PCA(4).fit_transform(TEXT.astype(np.float64)))
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours, theirs * signs, atol=1e-5)


def test_principal_directions_leave_out_items_that_lack_the_kind() -> None:
    ours = principal(LACKING, 4)
    assert not ours[:4].any()
    np.testing.assert_allclose(ours[4:], principal(LACKING[4:], 4), atol=1e-6)


def test_where_there_are_fewer_directions_the_rest_is_zero() -> None:
    assert np.count_nonzero(principal(FEW, 12).any(axis=0)) == 4
    assert principal(TEXT[:1], 3).tolist() == [[0, 0, 0]]
    assert not principal(np.zeros((4, 2), dtype=np.float32), 3).any()
