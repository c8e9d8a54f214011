from __future__ import annotations

import pytest

from vlm4rec.catalog.columns import (
    CATALOG_COLUMNS,
    INTERACTION_COLUMNS,
    find_columns,
    named_like,
    parse_columns,
)
from vlm4rec.errors import DataError


def find(
    found: list[str], mapping: dict[str, tuple[str, ...]] | None = None
) -> dict[str, tuple[str, ...]]:
    return find_columns(found, mapping or {}, CATALOG_COLUMNS, required=["id"], source="items.csv")


def test_options_become_a_mapping() -> None:
    options = ["id=sku", "title=name", "photos=img1+img2", "attributes=colour+price"]
    assert parse_columns(options) == {
        "id": ("sku",),
        "title": ("name",),
        "photos": ("img1", "img2"),
        "attributes": ("colour", "price"),
    }


def test_a_word_that_comes_again_adds_names() -> None:
    assert parse_columns(["photos=a", " photos = b "]) == {"photos": ("a", "b")}


def test_no_attributes_can_be_asked_for() -> None:
    mapping = parse_columns(["attributes="])
    assert find(["id", "price"], mapping)["attributes"] == ()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("sku", "Write WORD=NAME"),
        ("photo=img", "Did you mean photos?"),
        ("zzz=img", "Choose one of id, title, photos"),
    ],
)
def test_an_option_that_says_nothing_is_refused(option: str, message: str) -> None:
    with pytest.raises(DataError, match=message.replace("?", r"\?")):
        parse_columns([option])


@pytest.mark.parametrize(
    ("found", "id_"),
    [
        (["title", "Article ID"], "Article ID"),
        (["asin", "parent_asin"], "parent_asin"),
        (["sku", "id"], "id"),
        (["item-id"], "item-id"),
    ],
)
def test_usual_names_are_found_in_order_whatever_their_case(found: list[str], id_: str) -> None:
    assert find(found)["id"] == (id_,)


def test_the_mapping_goes_before_the_usual_names() -> None:
    assert find(["id", "sku"], {"id": ("sku",)})["id"] == ("sku",)


def test_a_missing_id_lists_what_was_found_and_shows_the_option() -> None:
    with pytest.raises(DataError) as caught:
        find(["product", "colour"])
    assert str(caught.value) == (
        "items.csv has no column for the id; it has product, colour. "
        "Say which it is with --columns id=product."
    )


def test_a_name_that_is_not_there_proposes_the_closest() -> None:
    with pytest.raises(DataError) as caught:
        find(["Sku", "colour"], {"id": ("skuu",)})
    assert str(caught.value) == (
        "items.csv has no column 'skuu'; it has Sku, colour. Did you mean --columns id=Sku?"
    )


def test_many_columns_are_listed_in_part() -> None:
    with pytest.raises(DataError, match=r"c29 and 70 more"):
        find([f"c{n}" for n in range(100)])


def test_two_columns_for_one_id_are_refused() -> None:
    with pytest.raises(DataError, match="id is one column, and 2 are given: a, b"):
        find(["a", "b"], {"id": ("a", "b")})


@pytest.mark.parametrize("words", [CATALOG_COLUMNS, INTERACTION_COLUMNS])
def test_every_usual_name_is_found(words: dict[str, tuple[str, ...]]) -> None:
    for word, names in words.items():
        for name in names:
            found = find_columns([name], {}, words, required=[word], source="x")
            assert found[word] == (name,)
            assert named_like(names)(name.upper())
