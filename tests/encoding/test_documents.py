from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.catalog.items import Attribute, Catalog, Item
from vlm4rec.encoding.documents import RECIPES, compose_documents, recipe_by_name
from vlm4rec.errors import DataError
from vlm4rec.grounding.schema import Answer

BOOT = Answer(
    category="hiking boot",
    colors=("brown", "red"),
    materials=("leather",),
    style=("rugged",),
    description="A brown boot.",
)
CATALOG = Catalog.of(
    [
        Item("2", title="Boot X. ", attributes={"price": 80.5, "brand": "Acme"}),
        Item("1", title=None),
        Item("3", title="Never seen"),
    ]
)
ANSWERS = {"2": [BOOT], "1": [BOOT]}


def texts(recipe: str) -> dict[str, dict[str, str]]:
    documents = compose_documents(CATALOG, ANSWERS, recipe_by_name(recipe))
    assert [doc.item for doc in documents] == sorted(doc.item for doc in documents)
    return {doc.item: dict(doc.texts) for doc in documents}


def test_title_and_description() -> None:
    assert texts("title+description") == {
        "1": {"text": "A brown boot."},
        "2": {"text": "Boot X. A brown boot."},
    }


def test_description_alone() -> None:
    assert texts("description")["2"] == {"text": "A brown boot."}


def test_title_needs_no_grounding_but_a_title() -> None:
    assert texts("title") == {"2": {"text": "Boot X."}, "3": {"text": "Never seen"}}


def test_attributes_are_named_and_absent_ones_left_out() -> None:
    told = "category: hiking boot; colour: brown, red; material: leather; style: rugged"
    assert texts("attributes")["1"] == {"text": told}


def test_facets_are_blocks() -> None:
    assert texts("facets")["1"] == {
        "category": "hiking boot",
        "colour": "brown, red",
        "material": "leather",
        "style": "rugged",
    }


def test_metadata_needs_no_grounding_but_attributes() -> None:
    assert texts("metadata") == {"2": {"text": "price: 80.5; brand: Acme"}}


def test_metadata_leaves_out_what_only_the_shop_can_read() -> None:
    own: dict[str, Attribute] = {"colour_name": "Black", "colour_code": 9, "fit": ""}
    codes: dict[str, Attribute] = {"product_code": "0108775", "ean": "4006381333931"}
    catalog = Catalog.of(
        Item(str(number), attributes={**own, **codes, "batch": f"B-{number}"})
        for number in range(3)
    )
    documents = compose_documents(catalog, {}, recipe_by_name("metadata"))
    assert [document.texts for document in documents] == [{"text": "colour: Black"}] * 3


def test_an_attribute_of_the_shops_own_is_a_recipe_too() -> None:
    assert texts("metadata:brand") == {"2": {"text": "Acme"}}
    assert recipe_by_name("metadata:brand").name == "metadata:brand"
    with pytest.raises(DataError, match="no attribute 'brnad'") as caught:
        texts("metadata:brnad")
    assert caught.value.remedy == "Its attributes: price, brand."


def test_several_photos_are_merged() -> None:
    sole = Answer(category="hiking boot", colors=("red", "black"), description="A red sole.")
    recipe = recipe_by_name("attributes")
    (document,) = compose_documents(Catalog.of([Item("1")]), {"1": [BOOT, sole]}, recipe)
    assert "colour: brown, red, black;" in document.texts["text"]
    assert "hiking boot, hiking boot" not in document.texts["text"]
    (document,) = compose_documents(
        Catalog.of([Item("1")]), {"1": [BOOT, sole]}, recipe_by_name("description")
    )
    assert document.texts["text"] == "A brown boot. A red sole."


def test_a_template_uses_titles_groundings_and_the_shops_own_attributes() -> None:
    told = texts("template:{title} by {brand}, {price}: {colors}")
    assert told["2"] == {"text": "Boot X.  by Acme, 80.5: brown, red"}
    assert "3" not in told  # it asks for a grounding


def test_a_template_without_groundings_covers_what_has_none() -> None:
    assert texts("template:{title}")["3"] == {"text": "Never seen"}


def test_a_shops_own_columns_are_reached_whatever_they_are_called() -> None:
    own = {"category": "Footwear", "description": "On sale", "title": "T", "item_category": "x"}
    catalog = Catalog.of([Item("1", title="Boot", attributes=own), Item("2", attributes=own)])

    def text(template: str) -> list[str]:
        recipe = recipe_by_name(f"template:{template}")
        documents = compose_documents(catalog, {"1": [BOOT]}, recipe)
        return [document.texts["text"] for document in documents]

    assert text("{item_category}: {category}") == ["Footwear: hiking boot"]
    assert text("{item_description} {description}") == ["On sale A brown boot."]
    assert text("{item_title} of {title}") == ["T of Boot", "T of"]
    assert text("{item_item_category}") == ["x", "x"]


def test_the_error_for_an_unknown_field_tells_of_the_shops_own() -> None:
    with pytest.raises(DataError) as caught:
        texts("template:{item_prise}")
    assert "Did you mean {item_price}?" in str(caught.value)
    assert "the shop's own, also as {item_NAME}: price, brand." in str(caught.value)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{titel}", "Did you mean {title}?"),
        ("{title.__class__}", "plain field name"),
        ("{0[a]}", "plain field name"),
        ("{title!r}", "plain field name"),
        ("{title:>10}", "plain field name"),
        ("{}", "plain field name"),
        ("{title", "not well formed"),
        ("no field", "names no field"),
    ],
)
def test_a_wrong_template_says_why(template: str, told: str) -> None:
    with pytest.raises(DataError, match="template") as caught:
        texts(f"template:{template}")
    assert told in str(caught.value)


def test_an_unknown_recipe_names_the_choices() -> None:
    with pytest.raises(DataError) as caught:
        recipe_by_name("titel")
    assert all(name in str(caught.value) for name in RECIPES)


def test_the_hash_changes_with_the_text_only() -> None:
    recipe = recipe_by_name("description")
    first = compose_documents(CATALOG, ANSWERS, recipe)
    again = compose_documents(CATALOG, ANSWERS, recipe)
    other = BOOT.model_copy(update={"description": "A red boot."})
    changed = compose_documents(CATALOG, {**ANSWERS, "1": [other]}, recipe)
    assert [doc.hash for doc in first] == [doc.hash for doc in again]
    assert first[0].hash != changed[0].hash
    assert first[1].hash == changed[1].hash


@given(st.text(), st.text(min_size=1), st.sampled_from(sorted(RECIPES)))
def test_no_recipe_makes_an_empty_text(title: str, description: str, name: str) -> None:
    catalog = Catalog.of([Item("1", title=title)])
    answer = Answer.model_construct(
        description=description, category="", colors=(), materials=(), pattern="", style=(),
        occasion=(), audience="",
    )  # fmt: skip
    for document in compose_documents(catalog, {"1": [answer]}, RECIPES[name]):
        assert document.texts
        assert all(text.strip() == text != "" for text in document.texts.values())
