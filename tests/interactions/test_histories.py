from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
import pytest

from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import History, Interactions


@pytest.mark.parametrize(
    "items",
    [
        ["007", "7"],
        ("007", "7"),
        np.array(["007", "7"]),
        np.array(["007", "7"], dtype=object),
        pl.Series(["007", "7"]),
        (id_ for id_ in ("007", "7")),
        {"007": 1, "7": 2},
    ],
    ids=["list", "tuple", "numpy", "objects", "polars", "generator", "dict"],
)
def test_a_history_is_made_of_any_strings(items: Iterable[str]) -> None:
    history = History.of(items)
    assert history.items == ("007", "7")
    assert [type(item) for item in history.items] == [str, str]


@pytest.mark.parametrize("make", [lambda items: History.of(items), lambda items: whole(items)])
@pytest.mark.parametrize(
    ("item", "told"),
    [
        (5, 'ids are strings: write "5", not 5'),
        (5.0, 'write "5.0", not 5.0'),
        (None, "write an id, not None"),
        (b"5", "ids are strings"),
    ],
)
def test_an_id_that_is_no_string_is_told(make: object, item: object, told: str) -> None:
    assert callable(make)
    with pytest.raises(DataError) as caught:
        make(["5", item])
    assert told in str(caught.value)


def whole(items: list[str]) -> History:
    n = len(items)
    return History(tuple(items), (None,) * n, ("buy",) * n, (1.0,) * n)


def test_one_string_is_not_a_list_of_ids() -> None:
    with pytest.raises(DataError, match=r"write \['0108775015'\]"):
        History.of("0108775015")


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "3", None])
def test_a_weight_is_a_finite_number_of_zero_or_more(weight: float) -> None:
    with pytest.raises(DataError, match=r"item 'b' is .* finite numbers of 0 or more"):
        History(("a", "b"), (None, None), ("buy", "buy"), (0.0, weight))


def test_one_of_each_for_every_item() -> None:
    with pytest.raises(DataError, match="2 items, 1 times, 2 events and 2 weights"):
        History(("a", "b"), (None,), ("buy", "buy"), (1.0, 1.0))


def test_numpys_numbers_are_weights() -> None:
    weights = (np.float32(1), np.int64(2))
    assert History(("a", "b"), (None,) * 2, ("buy",) * 2, weights).weights == (1, 2)  # type: ignore[arg-type]


def test_an_interaction_without_a_usable_weight_is_told() -> None:
    frame = pl.DataFrame({"user": ["u"], "item": ["a"], "weight": [-2.0]})
    with pytest.raises(DataError, match=r"'a' is -2\.0"):
        Interactions.of(frame).history("u")
