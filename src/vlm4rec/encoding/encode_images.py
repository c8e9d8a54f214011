"""From photos to their vectors, each computed once, and to the vectors of items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from vlm4rec.catalog.photos import open_photo
from vlm4rec.encoding.arrays import chunks
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.encoder import Floats, checked_vectors, normalise
from vlm4rec.encoding.image_encoder import BLANK, ImageEncoder
from vlm4rec.errors import PhotoError
from vlm4rec.problems import Problem
from vlm4rec.storage import file_hash

__all__ = ["ImageEncoding", "PhotoFile", "encode_images", "image_vectors"]

_CHUNK = 64
"""Photos after which what was done is kept."""


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo of an item.

    Parameters
    ----------
    item
        The item's id.
    path
        Where the photo is.
    sha256
        The hash of its content, under which its vector is kept.
    """

    item: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ImageEncoding:
    """What came of encoding photos: how many were new, and those that could not be used."""

    encoded: int
    problems: tuple[Problem, ...]


def encode_images(
    photos: Sequence[PhotoFile],
    encoder: ImageEncoder,
    cache: VectorCache,
    progress: Callable[[int, int | None], None] | None = None,
) -> ImageEncoding:
    """Put the vectors of photos into the cache, each content once, and only those not there yet.

    What is done is kept every 64 photos, so that a stopped run goes on where it was. Photos
    that can't be read, or are not what they were when the catalog was read, are left out.

    Parameters
    ----------
    photos
        The photos.
    encoder
        What makes vectors of them.
    cache
        Made with the encoder's fingerprint and dimension.
    progress
        Called with how many are done, and how many are to be done.

    Raises
    ------
    EncoderError
        If the encoder gives something else than a finite vector of its dimension for each photo.
    """
    missing = set(cache.missing([photo.sha256 for photo in photos]))
    places: dict[str, list[PhotoFile]] = {}
    for photo in photos:
        if photo.sha256 in missing:
            places.setdefault(photo.sha256, []).append(photo)
    loaders = [_Loader(same) for same in places.values()]
    done = 0

    def count(batch: int) -> None:
        nonlocal done
        done += batch
        if progress is not None:
            progress(done, len(loaders))

    count(0)
    for start in range(0, len(loaders), _CHUNK):
        chunk = loaders[start : start + _CHUNK]
        given = encoder.encode(chunk, count)
        names = [loader.places[0].path for loader in chunk]
        vectors = checked_vectors(given, names, "image", encoder.name, encoder.dimension)
        usable = [row for row, loader in enumerate(chunk) if not loader.problems]
        cache.add([chunk[row].sha256 for row in usable], vectors[usable])
    problems = tuple(problem for loader in loaders for problem in loader.problems)
    return ImageEncoding(sum(not loader.problems for loader in loaders), problems)


def image_vectors(
    ids: Sequence[str],
    photos: Mapping[str, Sequence[PhotoFile]],
    cache: VectorCache,
    *,
    main_only: bool = False,
) -> Floats:
    """Return a vector for each item: the mean of those of its photos, of length 1 again.

    Parameters
    ----------
    ids
        The items.
    photos
        The photos of each item, the main one first; the same content counts once.
    cache
        Holds the vectors of photos. A photo that is not there counts for nothing.
    main_only
        Whether only the first photo of an item counts.

    Returns
    -------
    Floats
        float32, shape (n items, dimension); a row of zeros for an item of which no photo counts.
    """
    wanted = [
        (row, sha256)
        for row, item in enumerate(ids)
        for sha256 in _contents(photos.get(item, ()), main_only=main_only)
    ]
    missing = set(cache.missing([sha256 for _, sha256 in wanted]))
    held = [(row, sha256) for row, sha256 in wanted if sha256 not in missing]
    matrix = np.zeros((len(ids), cache.dimension), dtype=np.float32)
    for part in chunks(len(held)):
        rows = [row for row, _ in held[part]]
        np.add.at(matrix, rows, cache.get([sha256 for _, sha256 in held[part]]))
    return normalise(matrix, out=matrix)


def _contents(photos: Sequence[PhotoFile], *, main_only: bool) -> list[str]:
    counting = photos[:1] if main_only else photos
    return list(dict.fromkeys(photo.sha256 for photo in counting))


@dataclass(slots=True)
class _Loader:
    """Opens a photo from the first of its places where it still is.

    Where it is at none, it gives a blank picture, so that the others of its batch are encoded,
    and keeps what was wrong.
    """

    places: Sequence[PhotoFile]
    problems: list[Problem] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        return self.places[0].sha256

    def __call__(self) -> Image.Image:
        found = []
        for place in self.places:
            try:
                return _opened(place)
            except PhotoError as error:
                found.append(_problem(place, error))
        self.problems = found
        return BLANK


def _opened(photo: PhotoFile) -> Image.Image:
    opened = open_photo(photo.path)
    try:
        same = file_hash(Path(photo.path)) == photo.sha256
    except OSError:
        same = False
    if not same:
        raise PhotoError(
            f"{photo.path} has changed since the catalog was read.",
            "Read the catalog again.",
            code="changed",
        )
    return opened


def _problem(photo: PhotoFile, error: PhotoError) -> Problem:
    what, remedy = error.message.rstrip("."), error.remedy.rstrip(".")
    return Problem(error.code, f"item {photo.item}", what, remedy, photo.item)
