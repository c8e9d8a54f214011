"""The features of a tuned ranking, whitened and kept: so a shop opens without an encoder."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from vlm4rec.encoding.arrays import save_array
from vlm4rec.encoding.encoder import Floats, TextEncoder
from vlm4rec.encoding.image_encoder import ImageEncoder, Photo
from vlm4rec.encoding.image_loading import load_image_encoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.errors import EncoderError, ShopBusyError
from vlm4rec.recommending.blocks import whitened_features
from vlm4rec.recommending.method import ItemFeatures
from vlm4rec.shop.encode import COMPOSING
from vlm4rec.shop.features import covered_items, shop_features
from vlm4rec.shop.folder import ShopFolder
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.shop.tuned_choice import EncoderUsed, TunedChoice
from vlm4rec.storage import content_hash, write_parquet

__all__ = ["keep_features", "save_features", "tuned_features"]


def tuned_features(
    folder: ShopFolder, choice: TunedChoice, inputs: dict[str, str], stage: Stage = silent
) -> ItemFeatures:
    """Return the whitened features that a choice is made of, of the items covered now.

    They come from the disk if they were made of the same catalog and groundings; else they are
    made, and kept if no other process is writing to the shop. An encoder is only loaded if the
    shop's cache lacks the vector of a text or photo. Kinds of features that the shop no longer
    has are not among them.

    Parameters
    ----------
    folder
        The shop.
    choice
        What was tuned.
    inputs
        The hashes of the catalog and the groundings as they are now.
    stage
        Shows progress.

    Raises
    ------
    MissingExtraError, EncoderError
        If something must be encoded and the encoder can't be had, or is another one now.
    ShopBusyError
        If something must be encoded while another process writes to the shop.
    """
    place = _place(folder, choice, inputs)
    kept = _open(place)
    if kept is not None:
        return kept
    image = choice.image_encoder
    raw = shop_features(
        folder,
        encoder=_RememberedEncoder(choice.encoder),
        image_encoder=None if image is None else _RememberedImageEncoder(image),
        ids=covered_items(folder).ids,
        stage=stage,
    )
    made = keep_features(raw, choice)
    with contextlib.suppress(ShopBusyError, OSError), folder.writing("features"):
        _save(place, made)
    return made


def save_features(
    folder: ShopFolder, choice: TunedChoice, inputs: dict[str, str], features: ItemFeatures
) -> None:
    """Keep what `keep_features` gave for `tuned_features`; the right to write must be held."""
    _save(_place(folder, choice, inputs), features)


def keep_features(raw: ItemFeatures, choice: TunedChoice) -> ItemFeatures:
    """Return those features that a choice is made of, whitened as it says."""
    there = [name for name in choice.features if name in raw.names]
    white = raw if choice.shrinkage is None else whitened_features(raw, choice.shrinkage)
    return ItemFeatures(raw.ids, {name: partial(white.__getitem__, name) for name in there})


def _place(folder: ShopFolder, choice: TunedChoice, inputs: dict[str, str]) -> Path:
    made_of = {
        "catalog": inputs["catalog"],
        "groundings": inputs["groundings"],
        "composing": COMPOSING,
        "encoder": choice.encoder.fingerprint,
        "image": choice.image_encoder.fingerprint if choice.image_encoder else None,
        "shrinkage": choice.shrinkage,
        "features": list(choice.features),
    }
    return folder.root / "cache" / "tuned" / content_hash(made_of)[:32]


def _save(place: Path, features: ItemFeatures) -> None:
    """Write features, each distinct row once, and remove those of another choice."""
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}.tmp")
    temporary.mkdir(parents=True)
    try:
        columns: dict[str, Sequence[object]] = {"id": features.ids}
        for number, name in enumerate(features.names):
            rows, places = _distinct(features[name])
            save_array(temporary / f"{number:03}.npy", rows)
            columns[name] = places
        write_parquet(temporary / "items.parquet", pl.DataFrame(columns))
        for old in place.parent.iterdir():
            if old != temporary:
                shutil.rmtree(old, ignore_errors=True)
        temporary.rename(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _open(place: Path) -> ItemFeatures | None:
    """Read features that were kept; None if they are not there whole."""
    try:
        items = pl.read_parquet(place / "items.parquet", glob=False)
        names = items.columns[1:]
        makers: dict[str, Callable[[], Floats]] = {}
        for number, name in enumerate(names):
            rows = np.load(place / f"{number:03}.npy", allow_pickle=False)
            makers[name] = partial(rows.__getitem__, items[name].to_numpy())
        return ItemFeatures(items["id"].to_list(), makers)
    except (OSError, ValueError, EOFError, IndexError, pl.exceptions.PolarsError):
        return None


def _distinct(matrix: Floats) -> tuple[Floats, list[int]]:
    """Return each distinct row once, and the place of each row among them."""
    first: dict[bytes, int] = {}
    places = [first.setdefault(row.tobytes(), len(first)) for row in matrix]
    kept = np.unique(places, return_index=True)[1]
    return np.ascontiguousarray(matrix[kept]), places


class _RememberedEncoder:
    """A text encoder of which all is known but the weights, which are loaded when they must be."""

    def __init__(self, used: EncoderUsed) -> None:
        self.name, self.fingerprint, self.dimension = used.name, used.fingerprint, used.dimension

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        encoder: TextEncoder = load_encoder(self.name)
        _check(self.name, self.fingerprint, encoder.fingerprint)
        return encoder.encode(texts, on_batch)


class _RememberedImageEncoder:
    """The same for photos."""

    def __init__(self, used: EncoderUsed) -> None:
        self.name, self.fingerprint, self.dimension = used.name, used.fingerprint, used.dimension

    def encode(
        self, photos: Sequence[Photo], on_batch: Callable[[int], None] | None = None
    ) -> Floats:
        encoder: ImageEncoder = load_image_encoder(self.name)
        _check(self.name, self.fingerprint, encoder.fingerprint)
        return encoder.encode(photos, on_batch)


def _check(name: str, tuned: str, loaded: str) -> None:
    if tuned != loaded:
        raise EncoderError(f"The encoder {name!r} is another one than when the shop was tuned.")
