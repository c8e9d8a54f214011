from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions
from vlm4rec.interactions.splitting import Case, Split
from vlm4rec.recommending.method import ItemFeatures, TrainingData
from vlm4rec.recommending.variants import Variants


def one(matrix: Floats) -> ItemFeatures:
    return ItemFeatures(("a", "b"), {"title": lambda: matrix})


def interactions(item: str) -> Interactions:
    return Interactions.of(pl.DataFrame({"user": ["u"], "item": [item]}))


def training(**others: object) -> TrainingData:
    features = ItemFeatures((), {})
    return TrainingData(interactions("a"), features, ("a", "b", "c"), **others)  # type: ignore[arg-type]


def test_features_are_made_once_and_when_first_asked_for() -> None:
    made: list[str] = []

    def make() -> Floats:
        made.append("title")
        return np.eye(2, dtype=np.float32)

    def never() -> Floats:
        raise AssertionError("nobody asked for it")

    features = ItemFeatures(("a", "b"), {"title": make, "image": never})
    assert features.names == ("title", "image")
    assert not made
    assert features["title"] is features["title"]
    assert made == ["title"]


def test_features_are_float32_in_rows_whatever_was_made() -> None:
    matrix = one(np.asfortranarray(np.eye(2)))["title"]
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous


def test_rows_are_those_of_known_items() -> None:
    assert one(np.eye(2, dtype=np.float32)).rows(["b", "nobody", "a", "b"]) == [1, 0, 1]


def test_features_that_are_not_there_are_told() -> None:
    with pytest.raises(DataError, match=r"no item features 'image'\. There are: title"):
        one(np.eye(2, dtype=np.float32))["image"]
    with pytest.raises(DataError, match="There are: none"):
        ItemFeatures((), {})["image"]


@pytest.mark.parametrize("shape", [(3, 2), (2,), (2, 2, 2), (1, 2)])
def test_features_of_another_shape_are_told(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"'title' have the shape .* not \(2, d\)"):
        one(np.zeros(shape, dtype=np.float32))["title"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_told(bad: float) -> None:
    matrix = np.eye(2, dtype=np.float32)
    matrix[1, 0] = bad
    with pytest.raises(DataError, match=r"in 1 of 2 rows \(the first: 1\)"):
        one(matrix)["title"]


def test_requests_mask_the_history_and_its_variants() -> None:
    now = datetime.fromisoformat("2020-09-01")
    case = Case("u", History.of(["a", "x"]), ("b",), now)
    plain = training().requests([case])[0]
    assert (plain.history, plain.time, plain.masked) == (case.history, now, ("a", "x"))
    varied = training(variants=Variants({"a": "shirt", "c": "shirt"})).requests([case])[0]
    assert set(varied.masked) == {"a", "c", "x"}


def test_for_validation_holds_nothing_of_what_comes_after() -> None:
    variants = Variants({})
    split = Split(interactions("b"), (), interactions("c"))
    data = training(validation=split, variants=variants, seed=5, log=interactions("a"))
    inner = data.for_validation()
    assert (inner.interactions, inner.log, inner.validation) == (split.train, split.log, None)
    assert (inner.candidates, inner.variants, inner.seed) == (data.candidates, variants, 5)
    assert inner.features is data.features


def test_without_validation_that_is_told() -> None:
    with pytest.raises(DataError, match="no validation part"):
        training().for_validation()
