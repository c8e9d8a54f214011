from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.recommending.variants import Variants

PRODUCTS = {"a1": "a", "b1": "b", "a2": "a", "b2": "b", "a3": "a", "c1": "c"}


def test_items_are_joined_by_all_their_variants() -> None:
    assert Variants(PRODUCTS).of(["b2"]) == ("b1", "b2")
    assert set(Variants(PRODUCTS).of(["a2", "c1"])) == {"a1", "a2", "a3", "c1"}


def test_an_item_that_is_not_named_stands_alone() -> None:
    assert Variants(PRODUCTS).of(["other", "a"]) == ("other", "a")
    assert Variants({}).of(["a1", "a1"]) == ("a1",)


def test_nothing_has_no_variants() -> None:
    assert Variants(PRODUCTS).of([]) == ()


def test_what_is_changed_later_does_not_matter() -> None:
    products = dict(PRODUCTS)
    variants = Variants(products)
    products["b3"] = "b"
    assert variants.of(["b1"]) == ("b1", "b2")


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("xyz")),
    st.lists(st.sampled_from("abcdefghij")),
)
def test_each_comes_once_and_with_all_of_its_product(
    products: dict[str, str], items: list[str]
) -> None:
    found = Variants(products).of(items)
    assert len(found) == len(set(found))
    expected = set(items)
    for item in items:
        expected |= {
            other
            for other, product in products.items()
            if item in products and products[item] == product
        }
    assert set(found) == expected
