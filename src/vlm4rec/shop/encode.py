"""The step `encode`: groundings become documents, documents become item vectors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from vlm4rec.catalog.items import Catalog
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import (
    DEFAULT_RECIPE,
    Document,
    Recipe,
    compose_documents,
    recipe_by_name,
)
from vlm4rec.encoding.encode import BlockOptions, encode_documents, encode_texts, weight_shares
from vlm4rec.encoding.encoder import DEFAULT_ENCODER, TextEncoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.encoding.vectors import ItemVectors
from vlm4rec.errors import DataError, ShopDamagedError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.schema import Answer
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import StepRecord
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.storage import content_hash

__all__ = ["load_answers", "load_vectors", "run_encoding", "shop_documents"]

_KEPT = 2
"""States of the vectors that stay: the one that holds, and the one that a reader may be opening."""


def run_encoding(
    folder: ShopFolder,
    *,
    document: str = DEFAULT_RECIPE,
    encoder: str | TextEncoder = DEFAULT_ENCODER,
    options: BlockOptions | None = None,
    again: bool = False,
    stage: Stage = silent,
) -> StepRecord:
    """Encode the documents that are new or changed, and make the item vectors of all.

    Parameters
    ----------
    folder
        The shop.
    document
        The recipe, by name.
    encoder
        The encoder, by name or loaded.
    options
        Whitening and weights of blocks.
    again
        Make the item vectors anew even if nothing changed.
    stage
        Shows progress.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    DataError
        If the recipe covers no item.
    EncoderError
        If the encoder can't be had.
    """
    started = time.monotonic()
    recipe = recipe_by_name(document)
    options = options or BlockOptions()
    weight_shares(recipe.blocks, options.weights)  # a wrong weight is told before the work
    catalog = folder.step("init").outputs["catalog"]
    name = encoder if isinstance(encoder, str) else encoder.name
    parameters = {"document": document, "encoder": name, **asdict(options)}
    with folder.writing("encode"):
        inputs = {"catalog": catalog, "groundings": _groundings_hash(folder)}
        before = folder.manifest().steps.get("encode")
        same = before and (before.inputs, before.parameters) == (inputs, parameters)
        if before and same and not again and (folder.root / before.outputs["vectors"]).exists():
            return before
        with stage("Composing documents") as progress:
            documents = shop_documents(folder, recipe)
            progress(len(documents), len(documents))
        if not documents:
            raise _nothing_covered(recipe)
        loaded = load_encoder(encoder) if isinstance(encoder, str) else encoder
        cache = VectorCache(folder.vector_cache, loaded.fingerprint, loaded.dimension)
        with stage("Encoding") as progress:
            texts = [text for doc in documents for text in doc.texts.values()]
            new = encode_texts(texts, loaded, cache, progress)
        with stage("Making item vectors") as progress:
            vectors = encode_documents(documents, recipe.blocks, cache, options)
            progress(len(vectors), len(vectors))
        place = _save(folder, vectors, {**inputs, **parameters, "weights": loaded.fingerprint})
        record = StepRecord(
            seconds=round(time.monotonic() - started, 3),
            parameters=parameters,
            inputs=inputs,
            outputs={"vectors": place, "encoder": loaded.fingerprint},
            counts={"items": len(vectors), "texts": len(set(texts)), "encoded": new},
        )
        folder.finish("encode", record)
        _sweep(folder, place)
    return record


def shop_documents(folder: ShopFolder, recipe: Recipe) -> list[Document]:
    """Compose the documents of a shop as it is now."""
    catalog = Catalog(folder.read(folder.catalog_file))
    return compose_documents(catalog, load_answers(folder), recipe)


def load_answers(folder: ShopFolder) -> Mapping[str, Sequence[Answer]]:
    """Return the current answers of each grounded item, its main photo first."""
    answers: dict[str, list[Answer]] = {}
    if folder.ledger_file.exists():
        with Ledger.open(folder.ledger_file) as ledger:
            for item, _, grounding in ledger.groundings():
                answers.setdefault(item, []).append(grounding.answer)
    return answers


def load_vectors(folder: ShopFolder) -> ItemVectors:
    """Open the item vectors that hold.

    Raises
    ------
    StepMissingError
        If there are none yet.
    ShopDamagedError
        If they are gone or can't be read.
    """
    place = folder.root / folder.step("encode").outputs["vectors"]
    try:
        return ItemVectors.open(place)
    except FileNotFoundError:
        now = folder.root / folder.step("encode").outputs["vectors"]
    try:
        # Other vectors may have taken their place between the manifest and the folder.
        return ItemVectors.open(now)
    except FileNotFoundError as error:
        raise ShopDamagedError(
            f"The vectors in {now} are gone.", f"Make them anew: vlm4rec encode {folder.root}"
        ) from error


def _groundings_hash(folder: ShopFolder) -> str:
    if not folder.ledger_file.exists():
        return ""
    with Ledger.open(folder.ledger_file) as ledger:
        return ledger.fingerprint()


def _nothing_covered(recipe: Recipe) -> DataError:
    if recipe.name == "title":
        return DataError("No item has a title.", "Choose another document recipe.")
    return DataError(
        f"No item is covered by the recipe {recipe.name}: nothing is grounded yet.",
        "Run: vlm4rec ground SHOP --lvlm openai:MODEL, or encode with --document title.",
    )


def _save(folder: ShopFolder, vectors: ItemVectors, made_of: Mapping[str, object]) -> str:
    """Write the vectors beside those that hold; the manifest then turns to the new ones."""
    place = f"vectors/{content_hash(made_of)[:16]}"
    vectors.save(folder.root / place)
    return place


def _sweep(folder: ShopFolder, place: str) -> None:
    """Remove old states of the vectors."""
    states = [path for path in folder.vectors.iterdir() if path != folder.root / place]
    states.sort(key=lambda path: path.stat().st_mtime_ns)
    for path in states[: -(_KEPT - 1)]:
        shutil.rmtree(path, ignore_errors=True)
