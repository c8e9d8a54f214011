"""Items and catalogs: strings stay strings, and each attribute has one type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.catalog.items import Attribute, Catalog, Item
from vlm4rec.errors import UnknownIdError

texts = st.text(st.characters(exclude_categories=["Cs"]))
items = st.builds(
    Item,
    id=texts.filter(bool),
    title=st.none() | texts,
    photos=st.lists(texts, max_size=3).map(tuple),
    attributes=st.dictionaries(st.sampled_from("abc"), texts, max_size=3),
)


@given(st.lists(items, unique_by=lambda item: item.id))
def test_items_come_out_as_they_went_in(held: list[Item]) -> None:
    catalog = Catalog.of(held)
    assert list(catalog) == held
    assert catalog.ids == [item.id for item in held]
    assert all(catalog[item.id] == item for item in held)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, 2], [1, 2]),
        ([1, 2.5], [1.0, 2.5]),
        ([True, False], [True, False]),
        ([1, "2"], ["1", "2"]),
        ([True, 1], ["True", "1"]),
    ],
)
def test_an_attribute_has_one_type(values: list[Attribute], kept: list[Attribute]) -> None:
    catalog = Catalog.of(Item(str(n), attributes={"x": v}) for n, v in enumerate(values))
    found = [item.attributes["x"] for item in catalog]
    assert found == kept
    assert [type(value) for value in found] == [type(value) for value in kept]


def test_an_absent_attribute_is_absent() -> None:
    catalog = Catalog.of([Item("1", attributes={"x": 1}), Item("2")])
    assert catalog.attribute_names == ["x"]
    assert "x" not in catalog["2"].attributes


def test_an_unknown_item_is_named() -> None:
    with pytest.raises(UnknownIdError, match="'007'"):
        Catalog.of([Item("7")])["007"]
