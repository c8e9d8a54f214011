from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.colours import ColourEncoder
from tests.words import WordEncoder
from vlm4rec.catalog.items import Catalog, Item
from vlm4rec.encoding.documents import recipe_by_name
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError, ShopBusyError, StepMissingError
from vlm4rec.grounding.schema import FACETS
from vlm4rec.recommending.method import ItemFeatures
from vlm4rec.shop import InitOptions, Shop
from vlm4rec.shop import features as features_module
from vlm4rec.shop.encode import shop_documents
from vlm4rec.shop.features import covered_items, shop_features, shop_variants
from vlm4rec.shop.folder import ShopFolder

TEXT = "A leather boot for the hills, brown and rugged."
IDS = ("001", "002", "003", "004", "005")


class Counting(WordEncoder):
    """Remembers what it encoded."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        self.texts += texts
        return super().encode(texts, on_batch)


@pytest.fixture
def features(shop: Shop) -> ItemFeatures:
    return shop_features(shop, encoder=WordEncoder(), image_encoder=ColourEncoder())


def test_every_kind_is_there(features: ItemFeatures) -> None:
    assert features.ids == IDS
    assert set(features.names) == {
        "title",
        "description",
        "title+description",
        "attributes",
        "metadata",
        "metadata:price",
        "image",
        *(f"facet:{name}" for name in FACETS),
    }
    for name in features.names:
        lengths = np.linalg.norm(features[name], axis=1)
        assert features[name].dtype == np.float32
        assert ((np.abs(lengths - 1) < 1e-5) | (lengths == 0)).all()
        assert len(lengths) == len(IDS)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("title", ["SKU 001", "SKU 002", "SKU 003", "SKU 004", "SKU 005"]),
        ("metadata", [f"price: {n}.5" for n in range(5)]),
        ("metadata:price", [f"{n}.5" for n in range(5)]),
        ("facet:category", ["boot", "boot", "teapot", "cup", "lamp"]),
        ("facet:colour", ["brown", "black", "white", "white", "brass"]),
    ],
)
def test_what_the_kinds_are_made_of(features: ItemFeatures, name: str, texts: list[str]) -> None:
    np.testing.assert_allclose(features[name], WordEncoder().encode(texts), atol=1e-6)


@pytest.mark.parametrize(
    "name", ["title", "description", "title+description", "attributes", "metadata"]
)
def test_a_text_is_that_of_the_recipe(shop: Shop, features: ItemFeatures, name: str) -> None:
    documents = shop_documents(shop.folder, recipe_by_name(name))
    texts = [document.texts["text"] for document in documents]
    np.testing.assert_allclose(features[name], WordEncoder().encode(texts), atol=1e-6)


def test_photos_are_seen(shop: Shop, features: ItemFeatures) -> None:
    photos = [photo for item in shop.catalog for photo in item.photos]
    np.testing.assert_allclose(features["image"], ColourEncoder().encode(photos), atol=1e-6)


def test_what_an_item_lacks_is_a_row_of_zeros(features: ItemFeatures) -> None:
    assert not features["facet:material"].any()


def test_a_facet_that_some_lack(
    shop: Shop, source: Path, change: Callable[[str, str], None]
) -> None:
    change('"colors": ["brass"]', '"colors": []')
    shop.ground(f"recorded:{source / 'groundings.jsonl'}", missing=False)
    known = shop_features(shop, encoder=WordEncoder())["facet:colour"].any(axis=1)
    assert known.tolist() == [True, True, True, True, False]


def test_nothing_is_encoded_before_it_is_asked_for_or_twice(shop: Shop) -> None:
    encoder, images = Counting(), ColourEncoder()
    features = shop_features(shop, encoder=encoder, image_encoder=images)
    assert (encoder.texts, images.encoded) == ([], 0)
    assert features["facet:colour"] is features["facet:colour"]
    assert sorted(encoder.texts) == ["black", "brass", "brown", "white"]
    for _ in range(2):
        features = shop_features(shop, encoder=encoder, image_encoder=images)
        for name in features.names:
            assert features[name].shape[0] == len(IDS)
    assert len(encoder.texts) == len(set(encoder.texts))
    assert images.encoded == len(IDS)


def test_encode_and_features_share_their_vectors(shop: Shop) -> None:
    encoder = Counting()
    shop.encode("metadata", encoder=encoder)
    assert encoder.texts
    encoder.texts.clear()
    assert shop_features(shop, encoder=encoder)["metadata"].any()
    assert encoder.texts == []


def test_encoders_are_loaded_by_name_when_they_are_needed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(name: str) -> WordEncoder:
        loaded.append(name)
        return WordEncoder()

    def load_image(name: str) -> ColourEncoder:
        loaded.append(name)
        return ColourEncoder()

    monkeypatch.setattr(features_module, "load_encoder", load)
    monkeypatch.setattr(features_module, "load_image_encoder", load_image)
    monkeypatch.setattr(features_module, "image_extra_installed", lambda: True)
    features = shop_features(shop, encoder="some-model")
    assert loaded == []
    for name in ("image", "title", "metadata"):
        assert features[name].any()
    assert loaded == ["efficientnet-lite2", "some-model"]


def test_without_the_extra_there_is_no_image(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features_module, "image_extra_installed", lambda: False)
    features = shop_features(shop, encoder=WordEncoder())
    with pytest.raises(DataError, match="no item features 'image'"):
        features["image"]


def test_stages_are_shown(shop: Shop) -> None:
    seen: list[tuple[str, int, int | None]] = []

    @contextlib.contextmanager
    def stage(what: str) -> Iterator[Callable[[int, int | None], None]]:
        yield lambda done, total: seen.append((what, done, total))

    features = shop_features(
        shop, encoder=WordEncoder(), image_encoder=ColourEncoder(), stage=stage
    )
    assert features["title"].any()
    assert features["image"].any()
    assert seen[-1] == ("Encoding image", 5, 5)
    assert ("Encoding title", 5, 5) in seen


def test_the_right_to_write_is_held_only_while_something_is_encoded(shop: Shop) -> None:
    def made() -> ItemFeatures:
        return shop_features(shop, encoder=WordEncoder(), image_encoder=ColourEncoder())

    assert made()["title"].any()
    with shop.folder.writing("something else"):
        assert made()["title"].any()
        with pytest.raises(ShopBusyError):
            made()["attributes"]
        with pytest.raises(ShopBusyError):
            made()["image"]


def test_some_items_only(shop: Shop) -> None:
    features = shop_features(shop, encoder=WordEncoder(), ids=["002", "004"])
    np.testing.assert_allclose(
        features["facet:category"], WordEncoder().encode(["boot", "cup"]), atol=1e-6
    )


def test_a_photo_that_changed_since_is_an_error(shop: Shop, source: Path) -> None:
    Image.new("RGB", (9, 9)).save(source / "003.jpg")
    features = shop_features(shop, encoder=WordEncoder(), image_encoder=ColourEncoder())
    with pytest.raises(DataError, match="1 covered item can't be read any more") as caught:
        features["image"]
    assert "item 003" in caught.value.message
    assert "vlm4rec init" in caught.value.remedy


@pytest.fixture
def gaps(tmp_path: Path) -> Shop:
    """A shop in which only item 1 has a title, a photo and a grounding; a folder beside it."""
    rows = ["id,title,photo", "1,Boot,1.jpg", "2,,2.jpg", "3,Cup,none.jpg", "4,Lamp,4.jpg"]
    for number in (1, 2, 4):
        Image.new("RGB", (20, 20), (50 * number, 90, 200)).save(tmp_path / f"{number}.jpg")
    (tmp_path / "items.csv").write_text("\n".join(rows) + "\n")
    answer = {"model": "a person", "prompt_id": "paper-v1", "description": TEXT}
    lines = [json.dumps({"item_id": id_, **answer}) for id_ in ("1", "2", "3")]
    (tmp_path / "groundings.jsonl").write_text("\n".join(lines) + "\n")
    shop = Shop.create(tmp_path / "shop", InitOptions("csv", str(tmp_path / "items.csv")))
    shop.ground(f"recorded:{tmp_path / 'groundings.jsonl'}")
    return shop


def test_covered_is_covered_for_every_method(gaps: Shop) -> None:
    coverage = covered_items(gaps)
    assert coverage.ids == ("1",)
    assert coverage.left_out == {
        "without a title": 1,
        "without a readable photo": 1,
        "without a grounding": 1,
    }
    assert covered_items(gaps.folder) == coverage
    assert shop_features(gaps, encoder=WordEncoder()).ids == ("1",)


def test_a_photo_that_is_gone_is_not_covered(gaps: Shop, tmp_path: Path) -> None:
    (tmp_path / "1.jpg").unlink()
    with pytest.raises(DataError, match="2 without a readable photo") as caught:
        covered_items(gaps)
    assert "1 without a grounding" in caught.value.message


def test_where_no_item_has_a_title_none_is_asked_for(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), (90, 90, 200)).save(tmp_path / "1.jpg")
    (tmp_path / "items.csv").write_text("id,photo\n1,1.jpg\n")
    answer = {"item_id": "1", "model": "a person", "prompt_id": "paper-v1", "description": TEXT}
    (tmp_path / "groundings.jsonl").write_text(json.dumps(answer) + "\n")
    shop = Shop.create(tmp_path / "shop", InitOptions("csv", str(tmp_path / "items.csv")))
    shop.ground(f"recorded:{tmp_path / 'groundings.jsonl'}")
    assert covered_items(shop).ids == ("1",)
    names = shop_features(shop, encoder=WordEncoder()).names
    assert "description" in names
    assert not {"title", "metadata"} & set(names)


def test_a_shop_without_groundings_has_no_covered_item(
    tmp_path: Path, options: InitOptions
) -> None:
    shop = Shop.create(tmp_path / "shop", options)
    with pytest.raises(DataError, match="5 without a grounding") as caught:
        shop_features(shop, encoder=WordEncoder())
    assert "vlm4rec ground" in caught.value.remedy


def test_a_folder_without_a_catalog(tmp_path: Path) -> None:
    folder = ShopFolder(tmp_path / "new")
    folder.create()
    with pytest.raises(StepMissingError):
        covered_items(folder)


VARIED = Catalog.of(
    [
        Item("0108775015", attributes={"product_code": 108775, "brand": "A"}),
        Item("0108775044", attributes={"product_code": 108775, "brand": "B"}),
        Item("0111586001", attributes={"product_code": 111586, "brand": "A"}),
        Item("short"),
    ]
)


@pytest.mark.parametrize(
    ("key", "variants"),
    [
        (None, ("0108775015", "0108775044")),
        ("product_code", ("0108775015", "0108775044")),
        ("id[:7]", ("0108775015", "0108775044")),
        ("id[:2]", ("0108775015", "0108775044", "0111586001")),
        ("brand", ("0108775015", "0111586001")),
    ],
)
def test_variants_by_key(key: str | None, variants: tuple[str, ...]) -> None:
    found = shop_variants(VARIED, key)
    assert found.of(["0108775015"]) == variants
    assert found.of(["short"]) == ("short",)


def test_without_a_product_code_no_two_items_are_variants(shop: Shop) -> None:
    assert shop_variants(shop.catalog).products == {}


@pytest.mark.parametrize("key", ["product-code", "id[:0]", "id[7]", "", "id"])
def test_a_key_that_is_not_there(key: str) -> None:
    with pytest.raises(DataError, match="to tell variants by") as caught:
        shop_variants(VARIED, key)
    assert "product_code, brand" in caught.value.remedy
