"""The one object of the quickstart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.words import WordEncoder
from vlm4rec.errors import DataError, UnknownIdError
from vlm4rec.interactions.interactions import History
from vlm4rec.shop import InitOptions, Shop


def test_a_user_and_the_same_history_get_the_same(shop: Shop) -> None:
    by_user = shop.recommend(user="ben", k=3)
    by_history = shop.recommend(["003", "001"], k=3)
    assert [item.id for item in by_user] == [item.id for item in by_history]
    assert (by_user.user, by_history.user) == ("ben", None)


def test_a_history_may_carry_weights(shop: Shop) -> None:
    history = History(("001", "003"), (None, None), ("buy", "buy"), (9.0, 1.0))
    assert shop.recommend(history, k=1)[0].id == "002"


def test_neither_and_both_are_refused(shop: Shop) -> None:
    with pytest.raises(DataError, match="either"):
        shop.recommend()
    with pytest.raises(DataError, match="either"):
        shop.recommend(["001"], user="ben")
    with pytest.raises(DataError, match="list of item ids"):
        shop.recommend("001")


def test_a_lost_zero_is_guessed(shop: Shop) -> None:
    with pytest.raises(UnknownIdError, match="Did you mean '001'"):
        shop.similar("1")


def test_an_unknown_user_gets_a_hint(shop: Shop) -> None:
    with pytest.raises(UnknownIdError, match="Did you mean 'anna'"):
        shop.recommend(user="ana")
    with pytest.raises(UnknownIdError, match="users are such as 'anna'"):
        shop.recommend(user="x")


def test_a_shop_without_interactions_points_to_histories(tmp_path: Path, source: Path) -> None:
    shop = Shop.create(tmp_path / "shop", InitOptions("csv", str(source / "items.csv")))
    shop.encode("title", WordEncoder())
    with pytest.raises(UnknownIdError, match="--history"):
        shop.recommend(user="ben")
    assert len(shop.recommend(["001"])) == 4


@pytest.mark.parametrize("history", [[1, 2], [None], 5, np.array([1, 2])])
def test_ids_that_are_not_strings_are_told(shop: Shop, history: Any) -> None:
    with pytest.raises(DataError, match="strings"):
        shop.recommend(history)


def test_columns_of_ids_are_histories(shop: Shop) -> None:
    want = [item.id for item in shop.recommend(["001", "003"])]
    for history in (np.array(["001", "003"]), pl.Series(["001", "003"]), ("001", "003")):
        assert [item.id for item in shop.recommend(history)] == want


def test_similar_to_a_number(shop: Shop) -> None:
    with pytest.raises(UnknownIdError, match="Did you mean '001'"):
        shop.similar(1)  # type: ignore[arg-type]
