from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.colours import ColourEncoder
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.encode_images import PhotoFile, encode_images, image_vectors
from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.image_encoder import Photo
from vlm4rec.errors import EncoderError
from vlm4rec.storage import file_hash

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "cache", ColourEncoder.fingerprint, ColourEncoder.dimension)


@pytest.fixture
def photo(tmp_path: Path) -> Callable[[str, tuple[int, int, int]], PhotoFile]:
    """Write a photo of one colour for an item."""
    numbers = itertools.count()

    def write(item: str, colour: tuple[int, int, int]) -> PhotoFile:
        path = tmp_path / f"{next(numbers)}.png"
        Image.new("RGB", (4, 4), colour).save(path)
        return PhotoFile(item, str(path), file_hash(path))

    return write


Write = Callable[[str, tuple[int, int, int]], PhotoFile]


def by_item(photos: Sequence[PhotoFile]) -> dict[str, list[PhotoFile]]:
    found: dict[str, list[PhotoFile]] = {}
    for photo in photos:
        found.setdefault(photo.item, []).append(photo)
    return found


def test_only_new_contents_are_encoded(cache: VectorCache, photo: Write) -> None:
    encoder = ColourEncoder()
    photos = [photo("a", RED), photo("b", GREEN), photo("c", RED)]
    assert encode_images(photos, encoder, cache).encoded == 2
    assert encode_images(photos, encoder, cache).encoded == 0
    assert encode_images([*photos, photo("d", BLUE)], encoder, cache).encoded == 1
    assert encoder.encoded == 3
    vectors = image_vectors(["a", "b", "c"], by_item(photos), cache)
    np.testing.assert_allclose(vectors, normalise(np.array([RED, GREEN, RED]) + 1.0), atol=1e-6)


def test_the_vector_of_an_item_is_the_mean_of_its_photos(cache: VectorCache, photo: Write) -> None:
    first = photo("a", RED)
    photos = [first, photo("a", GREEN), PhotoFile("a", first.path, first.sha256)]
    encode_images(photos, ColourEncoder(), cache)
    mean = image_vectors(["a"], by_item(photos), cache)
    np.testing.assert_allclose(mean, normalise(np.array([[256.0, 256.0, 2.0]])), atol=1e-3)
    assert np.linalg.norm(mean) == pytest.approx(1)
    main = image_vectors(["a"], by_item(photos), cache, main_only=True)
    np.testing.assert_allclose(main, normalise(np.array([[256.0, 1.0, 1.0]])), atol=1e-6)


def test_photos_that_can_not_be_read_are_told_and_left_out(
    cache: VectorCache, photo: Write, tmp_path: Path
) -> None:
    fine, gone, broken, changed = (photo(item, BLUE if item == "a" else RED) for item in "abcd")
    gone = PhotoFile("b", str(tmp_path / "gone.png"), "0" * 64)
    Path(broken.path).write_bytes(b"\x89PNG\r\n\x1a\ncut")
    broken = PhotoFile("c", broken.path, file_hash(Path(broken.path)))
    Image.new("RGB", (4, 4), GREEN).save(changed.path)
    photos = [gone, broken, changed, fine]
    seen: list[tuple[int, int | None]] = []
    encoding = encode_images(
        photos, ColourEncoder(), cache, lambda done, total: seen.append((done, total))
    )
    assert encoding.encoded == 1
    assert [(each.item, each.code) for each in encoding.problems] == [
        ("b", "missing"),
        ("c", "truncated"),
        ("d", "changed"),
    ]
    assert "Read the catalog again" in str(encoding.problems[2])
    assert seen == [(0, 4), (4, 4)]
    assert len(cache) == 1
    vectors = image_vectors(["a", "b", "c", "d", "nobody"], by_item(photos), cache)
    assert vectors.any(axis=1).tolist() == [True, False, False, False, False]


def test_a_photo_that_is_elsewhere_too_is_read_there(
    cache: VectorCache, photo: Write, tmp_path: Path
) -> None:
    there = photo("b", RED)
    gone = PhotoFile("a", str(tmp_path / "gone.png"), there.sha256)
    encoding = encode_images([gone, there], ColourEncoder(), cache)
    assert (encoding.encoded, encoding.problems) == (1, ())
    assert image_vectors(["a"], by_item([gone]), cache).any()


class Stopping(ColourEncoder):
    """Stops before its third chunk."""

    chunks = 0

    def encode(
        self, photos: Sequence[Photo], on_batch: Callable[[int], None] | None = None
    ) -> Floats:
        self.chunks += 1
        if self.chunks == 3:
            raise KeyboardInterrupt
        return super().encode(photos, on_batch)


def test_a_stopped_run_goes_on_where_it_was(cache: VectorCache, photo: Write) -> None:
    photos = [photo(str(number), (number, 9, 9)) for number in range(150)]
    with pytest.raises(KeyboardInterrupt):
        encode_images(photos, Stopping(), cache)
    kept = len(VectorCache(cache.folder.parent, ColourEncoder.fingerprint, 3))
    assert kept == 128
    assert encode_images(photos, ColourEncoder(), cache).encoded == 150 - kept


class Giving(ColourEncoder):
    """Gives what it was told to."""

    def __init__(self, gift: Floats) -> None:
        super().__init__()
        self._gift = gift

    def encode(
        self, photos: Sequence[Photo], on_batch: Callable[[int], None] | None = None
    ) -> Floats:
        return self._gift


@pytest.mark.parametrize(
    ("gift", "told"),
    [
        (np.ones((1, 2), dtype=np.float32), r"shape \(1, 2\) for 1 image, where \(1, 3\)"),
        (np.ones((2, 3), dtype=np.float32), "shape"),
        (np.array([[1, np.nan, 0]], dtype=np.float32), "undefined numbers for 1 image"),
        (np.array([[1, np.inf, 0]], dtype=np.float32), "undefined numbers for 1 image"),
    ],
)
def test_nothing_bad_is_kept(cache: VectorCache, photo: Write, gift: Floats, told: str) -> None:
    with pytest.raises(EncoderError, match=told):
        encode_images([photo("a", RED)], Giving(gift), cache)
    assert len(cache) == 0


def test_nothing_to_encode(cache: VectorCache) -> None:
    encoding = encode_images([], ColourEncoder(), cache)
    assert (encoding.encoded, encoding.problems) == (0, ())
    assert image_vectors([], {}, cache).shape == (0, 3)
