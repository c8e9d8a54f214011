from __future__ import annotations

import polars as pl
import pytest

from vlm4rec.interactions.splits.drawing import drawn, lots

IDS = pl.Series([f"id {number}" for number in range(1_000)])


def test_lots_go_by_seed_purpose_and_all_ids() -> None:
    one = lots(0, "a", IDS)
    assert one.equals(lots(0, "a", IDS))
    assert one.n_unique() == 1_000
    for other in (lots(1, "a", IDS), lots(0, "b", IDS), lots(0, "a", IDS, IDS)):
        assert not set(one) & set(other)


def test_where_one_id_ends_matters() -> None:
    one, other = (
        lots(0, "", pl.Series([a]), pl.Series([b])) for a, b in (("ab", "c"), ("a", "bc"))
    )
    assert one[0] != other[0]


def test_no_ids_have_no_lots() -> None:
    assert lots(0, "a", IDS.head(0)).to_list() == []


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_share_is_drawn(share: float) -> None:
    assert drawn(lots(0, "a", IDS), share).mean() == pytest.approx(share, abs=0.05)


def test_a_share_near_one_draws_nearly_all() -> None:
    assert drawn(pl.Series([0, 2**64 - 2**12], dtype=pl.UInt64), 1 - 2**-53).to_list() == [
        True,
        True,
    ]
