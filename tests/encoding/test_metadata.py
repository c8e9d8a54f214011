from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.catalog.items import Attribute, Catalog, Item
from vlm4rec.encoding.metadata import (
    attribute_text,
    metadata_text,
    readable_name,
    telling_attributes,
)


def catalog(*rows: dict[str, Attribute]) -> Catalog:
    return Catalog.of(Item(str(number), attributes=row) for number, row in enumerate(rows))


@pytest.mark.parametrize(
    "name",
    ["product_code", "product_type_no", "colour_id", "Article ID", "productCode", "sku", "EAN"],
)
def test_codes_are_known_by_their_names(name: str) -> None:
    assert telling_attributes(catalog({name: "x"}, {name: "x"})) == ()


@pytest.mark.parametrize(
    "name", ["product_type_name", "price", "fit", "pianos", "codes of conduct", "number_of_doors"]
)
def test_other_names_tell_something(name: str) -> None:
    assert telling_attributes(catalog({name: "x"}, {name: "x"})) == (name,)


@pytest.mark.parametrize(
    ("values", "telling"),
    [
        (["B-17", "B-18"], False),
        (["B-17", "B-17"], True),  # shared: a size, or a model
        (["B-17", ""], True),  # one alone may be anything
        (["Blue", "Red"], True),
        (["Made in 1970", "Made in 1971"], True),
        (["https://shop.example/a", "https://shop.example/b"], False),
        (["see https://shop.example/a", "none"], True),
    ],
)
def test_codes_and_links_are_known_by_their_looks(values: list[str], telling: bool) -> None:
    rows: list[dict[str, Attribute]] = [{"batch": value} for value in values]
    assert bool(telling_attributes(catalog(*rows))) == telling


def test_numbers_stay_even_if_no_two_items_share_one() -> None:
    assert telling_attributes(catalog({"price": 1.5}, {"price": 2.5})) == ("price",)


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("product_type_name", "product type"),
        ("colour group name", "colour group"),
        ("name", "name"),
        ("_name", "name"),
        ("brand", "brand"),
        ("surname", "surname"),
        ("___", ""),
    ],
)
def test_names_are_made_readable(name: str, readable: str) -> None:
    assert readable_name(name) == readable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Black ", "Black"),
        (" ", ""),
        (0, "0"),
        (20.0, "20"),
        (19.99, "19.99"),
        (1234567.0, "1234567"),
        (True, "yes"),
        (False, "no"),
        (math.nan, ""),
        (math.inf, ""),
    ],
)
def test_values_are_written_plainly(value: Attribute, text: str) -> None:
    assert attribute_text(Item("1", attributes={"x": value}), "x") == text


def test_what_an_item_lacks_is_absent() -> None:
    item = Item("1", attributes={"type_name": "Trousers", "fit": "", "price": 20.0})
    told = metadata_text(item, ["price", "fit", "colour", "type_name"])
    assert told == "price: 20; type: Trousers"
    assert metadata_text(Item("2"), ["price"]) == ""


values = st.one_of(st.text(), st.integers(), st.floats(), st.booleans())


@given(st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=5))
def test_any_catalog_has_texts(rows: list[dict[str, Attribute]]) -> None:
    held = catalog(*rows)
    names = telling_attributes(held)
    assert set(names) <= set(held.attribute_names)
    for item in held:
        text = metadata_text(item, names)
        assert text.strip() == text
        assert bool(text) == any(attribute_text(item, name) for name in names)
