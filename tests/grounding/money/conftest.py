from __future__ import annotations

import pytest

from vlm4rec.grounding.money.prices import PRICES_VARIABLE, Price, PriceTable


@pytest.fixture(autouse=True)
def no_table_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PRICES_VARIABLE, raising=False)


@pytest.fixture
def price() -> Price:
    """Numbers that are easy to reckon with: dollars per million tokens."""
    return Price.model_validate(
        {
            "model": "m",
            "input": 2.0,
            "cached": 0.5,
            "written": 3.0,
            "output": 10.0,
            "batch": 0.5,
            "photo": {"rule": "fixed", "tokens": 100},
        }
    )


@pytest.fixture
def table() -> PriceTable:
    return PriceTable.load()
