"""The features of a shop: which items every method covers, and what is known of them as vectors."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from vlm4rec.catalog.items import ATTRIBUTE, Catalog
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import TEXT, Document, compose_documents, recipe_by_name
from vlm4rec.encoding.encode import encode_documents, encode_texts
from vlm4rec.encoding.encode_images import PhotoFile, encode_images, image_vectors
from vlm4rec.encoding.encoder import DEFAULT_ENCODER, Floats, TextEncoder
from vlm4rec.encoding.image_encoder import DEFAULT_IMAGE_ENCODER, ImageEncoder
from vlm4rec.encoding.image_loading import image_extra_installed, load_image_encoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.encoding.metadata import telling_attributes
from vlm4rec.errors import DataError
from vlm4rec.grounding.schema import FACETS, Answer
from vlm4rec.problems import Problem, counted
from vlm4rec.recommending.method import ItemFeatures
from vlm4rec.recommending.variants import Variants
from vlm4rec.shop.answers import ShopAnswers, wanted_photos
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.stages import Stage, silent

if TYPE_CHECKING:
    from vlm4rec.shop.shop import Shop

__all__ = ["Coverage", "covered_items", "shop_features", "shop_variants"]

_RECIPES = ("title", "description", "title+description", "attributes")
_PRODUCT = "product_code"
_START_OF_ID = re.compile(r"id\[:([1-9][0-9]*)\]")


@dataclass(frozen=True, slots=True)
class Coverage:
    """The items that every method covers, and how many were left out why.

    Parameters
    ----------
    ids
        Item ids in ascending order.
    left_out
        How many items were left out, by the first reason that held, in plain words.
    """

    ids: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


def covered_items(shop: Shop | ShopFolder) -> Coverage:
    """Return the items of which every method knows something.

    These have a grounding, a main photo that can be read, and a title if the shop has titles at
    all: a comparison in which each method covers other items compares nothing.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    DataError
        If no item is covered; it says what was left out, and why.
    """
    folder = _folder(shop)
    folder.step("init")
    catalog = Catalog(folder.read(folder.catalog_file))
    titled = _titled(catalog)
    grounded = {item for item, answers in ShopAnswers(folder).read_all().items() if answers}
    main = wanted_photos(folder, all_photos=False)
    seen = {item for item, path in main.select("item", "path").rows() if Path(path).is_file()}
    left_out = {"without a title": 0, "without a readable photo": 0, "without a grounding": 0}
    ids = []
    for item in sorted(catalog.ids):
        if titled and item not in titled:
            left_out["without a title"] += 1
        elif item not in seen:
            left_out["without a readable photo"] += 1
        elif item not in grounded:
            left_out["without a grounding"] += 1
        else:
            ids.append(item)
    left_out = {reason: count for reason, count in left_out.items() if count}
    if not ids:
        told = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        raise DataError(
            f"No item of {folder.root} has all that is compared: {told}.",
            f"Run: vlm4rec ground {folder.quoted} --lvlm ...",
        )
    return Coverage(tuple(ids), left_out)


def shop_features(
    shop: Shop | ShopFolder,
    *,
    encoder: TextEncoder | str = DEFAULT_ENCODER,
    image_encoder: ImageEncoder | str | None = None,
    ids: Sequence[str] | None = None,
    stage: Stage = silent,
) -> ItemFeatures:
    """Return what is known of a shop's covered items, as vectors that are made when asked for.

    The kinds are ``"title"``, ``"description"``, ``"title+description"``, ``"attributes"`` (the
    grounded ones as one text), ``"facet:NAME"`` for each grounded attribute, ``"metadata"`` (the
    shop's own attributes as one text), ``"metadata:NAME"`` for each of those, and ``"image"``:
    the photos that the LVLM was shown. What the shop does not have is not among them. An item
    that lacks what a kind tells of, such as a facet, has a row of zeros there.

    Vectors go through the shop's cache, so no text and no photo is encoded twice. While there is
    something to encode, the right to write to the shop is held; nothing else of the shop changes.

    Parameters
    ----------
    shop
        The shop, or its folder.
    encoder
        The text encoder, or its name; loaded when it is needed first.
    image_encoder
        The image encoder, or its name; None is for the default one where it is installed, and
        no ``"image"`` where it is not.
    ids
        The items, ascending; by default those of `covered_items`.
    stage
        Shows progress.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    DataError
        If no item is covered.
    """
    folder = _folder(shop)
    items = covered_items(folder).ids if ids is None else tuple(ids)
    if image_encoder is None and image_extra_installed():
        image_encoder = DEFAULT_IMAGE_ENCODER
    maker = _Maker(folder, items, encoder, image_encoder, stage)
    return ItemFeatures(items, maker.makers())


def shop_variants(catalog: Catalog, key: str | None = None) -> Variants:
    """Return which items are the same product.

    Parameters
    ----------
    catalog
        The items.
    key
        The attribute that variants of a product share, or ``"id[:7]"`` for the first 7
        characters of the id. By default ``product_code`` where the shop has it; where it has
        not, no two items are variants.

    Raises
    ------
    DataError
        If there is no such attribute.

    Examples
    --------
    >>> from vlm4rec.catalog.items import Item
    >>> variants = shop_variants(Catalog.of([Item("0108775015"), Item("0108775044")]), "id[:7]")
    >>> variants.of(["0108775015"])
    ('0108775015', '0108775044')
    """
    if key is None:
        if _PRODUCT not in catalog.attribute_names:
            return Variants({})
        key = _PRODUCT
    ids = catalog.frame["id"]
    start = _START_OF_ID.fullmatch(key)
    if start is not None and key not in catalog.attribute_names:
        values = ids.str.head(int(start[1]))
    elif key in catalog.attribute_names:
        values = catalog.frame[ATTRIBUTE + key].cast(pl.String)
    else:
        raise _no_variant_key(catalog, key)
    products = zip(ids, values, strict=True)
    return Variants({item: product for item, product in products if product})


class _Maker:
    """Makes the matrices of one shop."""

    def __init__(
        self,
        folder: ShopFolder,
        ids: Sequence[str],
        encoder: TextEncoder | str,
        image_encoder: ImageEncoder | str | None,
        stage: Stage,
    ) -> None:
        self._folder = folder
        self._ids = tuple(ids)
        self._named_encoder = encoder
        self._named_image_encoder = image_encoder
        self._stage = stage
        self._documents = cache(self._compose)

    def makers(self) -> dict[str, Callable[[], Floats]]:
        """Return what makes each kind of features that the shop has."""
        telling = telling_attributes(self._catalog)
        recipes = [
            *(name for name in _RECIPES if name != "title" or _titled(self._catalog)),
            *(["metadata"] if telling else []),
            *(f"metadata:{name}" for name in telling),
        ]
        makers: dict[str, Callable[[], Floats]] = {
            name: partial(self._text, name, name, TEXT) for name in recipes
        }
        for facet in FACETS:
            name = f"facet:{facet}"
            makers[name] = partial(self._text, name, "facets", facet)
        if self._named_image_encoder is not None:
            makers["image"] = partial(self._image, self._named_image_encoder)
        return makers

    @cached_property
    def _catalog(self) -> Catalog:
        return Catalog(self._folder.read(self._folder.catalog_file))

    @cached_property
    def _answers(self) -> Mapping[str, Sequence[Answer]]:
        return ShopAnswers(self._folder).read_all()

    @cached_property
    def _encoder(self) -> TextEncoder:
        named = self._named_encoder
        return load_encoder(named) if isinstance(named, str) else named

    def _compose(self, recipe: str) -> dict[str, Mapping[str, str]]:
        # Of the whole catalog: what a metadata text holds depends on all of it.
        documents = compose_documents(self._catalog, self._answers, recipe_by_name(recipe))
        return {document.item: document.texts for document in documents}

    def _text(self, name: str, recipe: str, block: str) -> Floats:
        texts = {item: text.get(block) for item, text in self._documents(recipe).items()}
        rows = [row for row, item in enumerate(self._ids) if texts.get(item)]
        documents = [Document(self._ids[row], {TEXT: texts[self._ids[row]] or ""}) for row in rows]
        with self._stage(f"Encoding {name}") as progress:
            vectors = self._cache(self._encoder)
            wanted = [document.texts[TEXT] for document in documents]
            if vectors.missing(wanted):
                with self._folder.writing("features"):
                    encode_texts(wanted, self._encoder, vectors, progress)
        matrix = np.zeros((len(self._ids), self._encoder.dimension), dtype=np.float32)
        if documents:
            matrix[rows] = encode_documents(documents, (TEXT,), vectors).matrix
        return matrix

    def _image(self, named: ImageEncoder | str) -> Floats:
        encoder = load_image_encoder(named) if isinstance(named, str) else named
        photos = self._photos()
        wanted = [photo for item in self._ids for photo in photos.get(item, ())]
        problems: tuple[Problem, ...] = ()
        with self._stage("Encoding image") as progress:
            vectors = self._cache(encoder)
            if vectors.missing([photo.sha256 for photo in wanted]):
                with self._folder.writing("features"):
                    problems = encode_images(wanted, encoder, vectors, progress).problems
        matrix = image_vectors(self._ids, photos, vectors)
        unseen = int((~matrix.any(axis=1)).sum())
        if unseen:
            first = f" The first problem: {problems[0]}" if problems else ""
            raise DataError(
                f"The photos of {counted(unseen, 'covered item')} can't be read any more.{first}",
                f"Bring the shop up to date: vlm4rec init {self._folder.quoted}",
            )
        return matrix

    def _cache(self, encoder: TextEncoder | ImageEncoder) -> VectorCache:
        return VectorCache(self._folder.vector_cache, encoder.fingerprint, encoder.dimension)

    def _photos(self) -> dict[str, list[PhotoFile]]:
        photos: dict[str, list[PhotoFile]] = {}
        frame = wanted_photos(self._folder).select("item", "path", "sha256")
        for item, path, sha256 in frame.iter_rows():
            photos.setdefault(item, []).append(PhotoFile(item, path, sha256))
        return photos


def _folder(shop: Shop | ShopFolder) -> ShopFolder:
    return shop if isinstance(shop, ShopFolder) else shop.folder


def _titled(catalog: Catalog) -> set[str]:
    titles = zip(catalog.frame["id"], catalog.frame["title"], strict=True)
    return {item for item, title in titles if title and title.strip()}


def _no_variant_key(catalog: Catalog, key: str) -> DataError:
    names = catalog.attribute_names
    close = difflib.get_close_matches(key, names, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return DataError(
        f"The shop has no attribute {key!r} to tell variants by.",
        f"{hint}Its attributes: {', '.join(names) or 'none'}; "
        "or write id[:7] for the first 7 characters of the id.",
    )
