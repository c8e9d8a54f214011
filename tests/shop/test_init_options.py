"""What `init` does with what was left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command, vlm4rec
from vlm4rec.errors import DataError
from vlm4rec.shop import Shop
from vlm4rec.shop.init_options import resolve_init
from vlm4rec.shop.manifest import StepRecord

__all__ = ["vlm4rec"]


def before(**chosen: object) -> StepRecord:
    source = Path(str(chosen.pop("source", "a.csv")))
    return StepRecord(parameters=resolve_init(None, source=source, **chosen).parameters())  # type: ignore[arg-type]


def test_a_new_shop_needs_a_source_and_guesses_the_format() -> None:
    with pytest.raises(DataError, match="--source is missing"):
        resolve_init(None)
    assert resolve_init(None, source=Path("a.pq")).format == "parquet"
    assert resolve_init(None, source=Path("a.pq"), format="csv").format == "csv"


def test_the_same_source_keeps_what_was_chosen() -> None:
    last = before(interactions=[Path("b.csv")], columns={"id": ("sku",)})
    for again in (resolve_init(last), resolve_init(last, source=Path("a.csv"))):
        assert again.parameters() == last.parameters
    changed = resolve_init(last, columns={"title": ("name",)})
    assert changed.columns == {"title": ("name",)}
    assert [Path(path).name for path in changed.interactions] == ["b.csv"]


def test_another_source_starts_anew() -> None:
    last = before(interactions=[Path("b.csv")], columns={"id": ("sku",)})
    other = resolve_init(last, source=Path("c.jsonl"))
    assert (other.format, other.interactions, other.columns) == ("jsonl", (), {})


def test_a_column_can_be_mapped_later(vlm4rec: Command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,title,label\n1,SKU 1,Boot\n")
    (tmp_path / "b.ndjson").write_text('{"client": "u", "sku": "1"}\n')
    shop = tmp_path / "shop"
    assert vlm4rec("init", shop, "--source", tmp_path / "a.csv").code == 0
    assert vlm4rec("init", shop, "--columns", "title=label").code == 0
    assert Shop.open(shop).catalog["1"].title == "Boot"
    told = vlm4rec("init", shop, "--interactions", tmp_path / "b.ndjson")
    assert "--interaction-columns user=" in told.err
    told = vlm4rec(
        "init",
        shop,
        "--interactions",
        tmp_path / "b.ndjson",
        "--interaction-columns",
        "user=client",
    )
    assert told.code == 0
    opened = Shop.open(shop)
    assert opened.history("u").items == ("1",)
    assert opened.catalog["1"].title == "Boot"
