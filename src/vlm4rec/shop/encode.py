"""The step `encode`: groundings become documents, documents become item vectors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vlm4rec.catalog.items import Catalog
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import Document, Recipe, compose_documents, recipe_by_name
from vlm4rec.encoding.encode import encode_documents, encode_texts, weight_shares
from vlm4rec.encoding.encoder import TextEncoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.encoding.vectors import ItemVectors
from vlm4rec.errors import DataError, ShopDamagedError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.schema import Answer
from vlm4rec.shop.encode_options import EncodeOptions, Encoding
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import StepRecord
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.storage import content_hash

__all__ = ["load_answers", "load_vectors", "run_encoding", "shop_documents"]

_KEPT = 2
"""States of the vectors that stay: the one that holds, and the one that a reader may be opening."""


def run_encoding(
    folder: ShopFolder,
    options: EncodeOptions | None = None,
    *,
    encoder: TextEncoder | None = None,
    again: bool = False,
    stage: Stage = silent,
) -> StepRecord:
    """Encode the documents that are new or changed, and make the item vectors of all.

    Parameters
    ----------
    folder
        The shop.
    options
        What was chosen; the rest is as it was the last time.
    encoder
        A loaded encoder, instead of one by name.
    again
        Make the item vectors anew even if nothing changed.
    stage
        Shows progress.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    DataError
        If the recipe covers no item, or an option is out of range.
    EncoderError
        If the encoder can't be had.
    """
    catalog = folder.step("init").outputs["catalog"]
    options = options or EncodeOptions()
    if encoder is not None:
        options = replace(options, encoder=encoder.name)
    with folder.writing("encode"):
        before = folder.manifest().steps.get("encode")
        how = options.resolve(before)
        weight_shares(recipe_by_name(how.document).blocks, how.blocks.weights)
        inputs = {"catalog": catalog, "groundings": _groundings_hash(folder)}
        same = before and (before.inputs, before.parameters) == (inputs, how.parameters())
        if before and same and not again and (folder.root / before.outputs["vectors"]).exists():
            return before
        record = _encode(folder, how, inputs, encoder, stage)
        folder.finish("encode", record)
        _sweep(folder, record.outputs["vectors"])
    return record


def _encode(
    folder: ShopFolder,
    how: Encoding,
    inputs: dict[str, str],
    encoder: TextEncoder | None,
    stage: Stage,
) -> StepRecord:
    started = time.monotonic()
    recipe = recipe_by_name(how.document)
    with stage("Composing documents") as progress:
        documents = shop_documents(folder, recipe)
        progress(len(documents), len(documents))
    if not documents:
        raise _nothing_covered(folder, recipe)
    encoder = encoder or load_encoder(how.encoder)
    cache = VectorCache(folder.vector_cache, encoder.fingerprint, encoder.dimension)
    texts = [text for document in documents for text in document.texts.values()]
    with stage("Encoding") as progress:
        new = encode_texts(texts, encoder, cache, progress)
    with stage("Making item vectors") as progress:
        vectors = encode_documents(documents, recipe.blocks, cache, how.blocks)
        progress(len(vectors), len(vectors))
    made_of = {**inputs, **how.parameters(), "fingerprint": encoder.fingerprint}
    return StepRecord(
        seconds=round(time.monotonic() - started, 3),
        parameters=how.parameters(),
        inputs=inputs,
        outputs={"vectors": _save(folder, vectors, made_of), "encoder": encoder.fingerprint},
        counts={"items": len(vectors), "texts": len(set(texts)), "encoded": new},
    )


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


def _nothing_covered(folder: ShopFolder, recipe: Recipe) -> DataError:
    if recipe.name == "title":
        return DataError("No item has a title.", "Choose another document recipe.")
    return DataError(
        f"No item is covered by the recipe {recipe.name}: nothing is grounded yet.",
        f"Run: vlm4rec ground {folder.root} --lvlm openai:MODEL, or encode with --document title.",
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
