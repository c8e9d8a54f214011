from __future__ import annotations

import numpy as np
import pytest

from tests.baselines.fusion.planted import CHANCE, planted
from tests.baselines.small_data import training_data
from vlm4rec.baselines.fusion.untrained import AveragedBlocks
from vlm4rec.errors import DataError
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.validation import validation_score


def test_kinds_of_different_lengths_are_averaged() -> None:
    data = training_data()
    assert data.features["title"].shape[1] != data.features["image"].shape[1]
    vectors = AveragedBlocks("average", ("title", "image")).fit(data).vectors
    assert vectors.matrix.shape == (14, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors.matrix, axis=1), 1, atol=1e-5)


def test_an_average_finds_what_customers_choose_by() -> None:
    data, split = planted("both")
    ranker = AveragedBlocks("average", ("title", "image")).fit(data)
    assert validation_score(ranker, data, split.cases) > 2 * CHANCE


def test_an_item_that_lacks_a_kind_is_made_of_the_other() -> None:
    rng = np.random.default_rng(0)
    text, image = rng.normal(size=(6, 3)), rng.normal(size=(6, 5))
    text[0] = image[1] = 0
    text[2] = image[2] = 0
    makers = {
        "title": lambda: text.astype(np.float32),
        "image": lambda: image.astype(np.float32),
    }
    ids = tuple("abcdef")
    base = training_data()
    data = TrainingData(base.interactions, ItemFeatures(ids, makers), ids)
    both, words, pixels = (
        AveragedBlocks("average", blocks, dimension=3).fit(data).vectors.matrix
        for blocks in (("title", "image"), ("title",), ("image",))
    )
    np.testing.assert_allclose(both[0], pixels[0], atol=1e-6)
    np.testing.assert_allclose(both[1], words[1], atol=1e-6)
    assert not both[2].any()


def test_an_average_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="at least one kind"):
        AveragedBlocks("average", ()).fit(training_data())
