"""The step `encode`: groundings become documents, documents become item vectors."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from vlm4rec.catalog.items import Catalog
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import Document, Recipe, compose_documents, recipe_by_name
from vlm4rec.encoding.encode import encode_documents, encode_texts, weight_shares
from vlm4rec.encoding.encoder import TextEncoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.encoding.vectors import ItemVectors
from vlm4rec.errors import DataError, EncoderError, ShopDamagedError
from vlm4rec.shop.answers import ShopAnswers
from vlm4rec.shop.encode_options import EncodeOptions, Encoding
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.manifest import SourceFile, StepRecord
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.storage import content_hash

__all__ = ["load_vectors", "run_encoding", "shop_documents"]

COMPOSING = 1
"""Counted up when the same groundings would be composed to other documents than before."""

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
        inputs = {
            "catalog": catalog,
            "groundings": ShopAnswers(folder).fingerprint(),
            "composing": str(COMPOSING),
        }
        if before and not again and _holds(folder, before, how, inputs, encoder):
            return before
        record = _encode(folder, how, inputs, encoder, stage)
        folder.finish("encode", record)
        _sweep(folder, record.outputs["vectors"])
    return record


def _holds(
    folder: ShopFolder,
    before: StepRecord,
    how: Encoding,
    inputs: dict[str, str],
    encoder: TextEncoder | None,
) -> bool:
    """Tell whether the item vectors are what would be made now."""
    if (before.inputs, before.parameters) != (inputs, how.parameters()):
        return False
    if any(source.changed() for source in before.sources):
        return False
    if encoder is not None and encoder.fingerprint != before.outputs["encoder"]:
        return False
    try:
        load_vectors(folder)
    except ShopDamagedError:
        return False
    return True


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
    encoder = encoder or _load(how.encoder, folder.manifest().steps.get("encode"))
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
        sources=_model_files(how.encoder),
        counts={"items": len(vectors), "texts": len(set(texts)), "encoded": new},
    )


def shop_documents(folder: ShopFolder, recipe: Recipe) -> list[Document]:
    """Compose the documents of a shop as it is now."""
    catalog = Catalog(folder.read(folder.catalog_file))
    return compose_documents(catalog, ShopAnswers(folder).read_all(), recipe)


def load_vectors(folder: ShopFolder) -> ItemVectors:
    """Open the item vectors that hold.

    Raises
    ------
    StepMissingError
        If there are none yet.
    ShopDamagedError
        If they are gone or can't be read.
    """
    try:
        return ItemVectors.open(_place(folder))
    except FileNotFoundError:
        now = _place(folder)
    try:
        # Other vectors may have taken their place between the manifest and the folder.
        return ItemVectors.open(now)
    except FileNotFoundError as error:
        raise ShopDamagedError(
            f"The vectors in {now} are gone.", f"Make them anew: vlm4rec encode {folder.quoted}"
        ) from error


def _place(folder: ShopFolder) -> Path:
    place = folder.step("encode").outputs.get("vectors")
    if place is None:
        raise ShopDamagedError(
            f"The manifest of {folder.root} does not say where its vectors are.",
            f"Make them anew: vlm4rec encode {folder.quoted} --again",
        )
    return folder.root / place


def _nothing_covered(folder: ShopFolder, recipe: Recipe) -> DataError:
    if recipe.name == "title":
        return DataError("No item has a title.", "Choose another document recipe.")
    if recipe.name.startswith("metadata"):
        return DataError(
            f"No item is covered by the recipe {recipe.name}: the shop keeps no such attribute.",
            "Choose another document recipe.",
        )
    return DataError(
        f"No item is covered by the recipe {recipe.name}: nothing is grounded yet.",
        f"Run: vlm4rec ground {folder.quoted} --lvlm openai:MODEL, or take --document title.",
    )


def _save(folder: ShopFolder, vectors: ItemVectors, made_of: Mapping[str, object]) -> str:
    """Write the vectors beside those that hold; the manifest then turns to the new ones."""
    # Never into a folder that is there: another process, or this one, may have it open.
    place = f"vectors/{content_hash(made_of)[:16]}-{secrets.token_hex(4)}"
    vectors.save(folder.root / place)
    return place


def _load(name: str, before: StepRecord | None) -> TextEncoder:
    try:
        return load_encoder(name)
    except EncoderError as error:
        if before is None or before.parameters["encoder"] != name:
            raise
        raise EncoderError(
            f"The shop was last encoded by {name!r}, which can't be loaded by that name now.",
            f"Hand the encoder over again, or choose one with --encoder. {error.message}",
        ) from error


def _model_files(encoder: str) -> tuple[SourceFile, ...]:
    """Take down the files of a model that is a folder, to see later whether they changed."""
    folder = Path(encoder)
    if not folder.is_dir():
        return ()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(SourceFile.of(path) for path in files)


def _sweep(folder: ShopFolder, place: str) -> None:
    """Remove old states of the vectors."""
    states = [path for path in folder.vectors.iterdir() if path != folder.root / place]
    states.sort(key=lambda path: path.stat().st_mtime_ns)
    for path in states[: -(_KEPT - 1)]:
        shutil.rmtree(path, ignore_errors=True)
