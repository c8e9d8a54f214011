from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.words import WordEncoder
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import Document
from vlm4rec.encoding.encode import BlockOptions, encode_documents, encode_texts
from vlm4rec.encoding.encoder import Floats
from vlm4rec.encoding.whitening import Whitening
from vlm4rec.errors import DataError, EncoderError


class Counting(WordEncoder):
    """Counts what it is asked, and can be told to fail after so many calls."""

    def __init__(self, fail_after: int = 10**9) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.left = fail_after

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        if not self.left:
            raise RuntimeError("power cut")
        self.left -= 1
        self.asked += texts
        return super().encode(texts, on_batch)


def cached(tmp_path: Path, texts: Sequence[str]) -> VectorCache:
    encoder = WordEncoder()
    cache = VectorCache(tmp_path, encoder.fingerprint, encoder.dimension)
    encode_texts(texts, encoder, cache)
    return cache


DOCUMENTS = [
    Document("a", {"category": "boot", "colour": "brown"}),
    Document("b", {"category": "boot", "colour": "black"}),
    Document("c", {"category": "teapot"}),
]
TEXTS = [text for document in DOCUMENTS for text in document.texts.values()]


def test_a_text_is_encoded_once_ever(tmp_path: Path) -> None:
    encoder = Counting()
    cache = VectorCache(tmp_path, encoder.fingerprint, encoder.dimension)
    assert encode_texts(["x", "y", "x"], encoder, cache) == 2
    assert encode_texts(["y", "z"], encoder, cache) == 1
    assert sorted(encoder.asked) == ["x", "y", "z"]


def test_a_stopped_run_keeps_its_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlm4rec.encoding.encode._CHUNK", 2)
    texts = [f"text {n}" for n in range(6)]
    failing = Counting(fail_after=2)
    cache = VectorCache(tmp_path, failing.fingerprint, failing.dimension)
    with pytest.raises(RuntimeError):
        encode_texts(texts, failing, cache)
    rest = Counting()
    encode_texts(texts, rest, VectorCache(tmp_path, rest.fingerprint, rest.dimension))
    assert rest.asked == texts[4:]


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    encoder = WordEncoder()
    seen: list[tuple[int, int | None]] = []
    cache = VectorCache(tmp_path, encoder.fingerprint, encoder.dimension)
    encode_texts(["a", "b", "c"], encoder, cache, lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 3)
    assert seen[-1] == (3, 3)


def test_similarity_is_the_weighted_mean_of_the_blocks(tmp_path: Path) -> None:
    cache = cached(tmp_path, TEXTS)
    options = BlockOptions(weights={"category": 3})
    vectors = encode_documents(DOCUMENTS, ("category", "colour"), cache, options)
    brown, black = cache.get(["brown", "black"])
    expected = 0.75 * 1 + 0.25 * float(brown @ black)
    assert vectors.matrix[0] @ vectors.matrix[1] == pytest.approx(expected, abs=1e-6)
    assert [block.weight for block in vectors.blocks] == [0.75, 0.25]
    np.testing.assert_allclose(np.linalg.norm(vectors.matrix, axis=1), 1, rtol=1e-6)


def test_a_missing_facet_is_zeros_and_the_rest_makes_up_for_it(tmp_path: Path) -> None:
    vectors = encode_documents(DOCUMENTS, ("category", "colour"), cached(tmp_path, TEXTS))
    colour = vectors.blocks[1]
    assert not vectors.matrix[2, colour.start : colour.stop].any()
    assert np.linalg.norm(vectors.matrix[2]) == pytest.approx(1)


def test_each_block_has_its_own_whitening(tmp_path: Path) -> None:
    documents = [Document(f"{n:02}", {"a": f"one {n}", "b": f"two {n % 3}"}) for n in range(30)]
    cache = cached(tmp_path, [text for doc in documents for text in doc.texts.values()])
    vectors = encode_documents(documents, ("a", "b"), cache, BlockOptions(whiten=True))
    assert set(vectors.whitening) == {"a", "b"}
    assert not np.allclose(vectors.whitening["a"].mean, vectors.whitening["b"].mean)


@pytest.mark.parametrize("weight", [0, -1, float("inf"), float("nan")])
def test_a_weight_is_a_positive_number(tmp_path: Path, weight: float) -> None:
    options = BlockOptions(weights={"colour": weight})
    with pytest.raises(DataError, match="colour"):
        encode_documents(DOCUMENTS, ("category", "colour"), cached(tmp_path, TEXTS), options)


def test_an_unknown_block_names_the_choices(tmp_path: Path) -> None:
    options = BlockOptions(weights={"color": 2})
    with pytest.raises(DataError, match="category, colour"):
        encode_documents(DOCUMENTS, ("category", "colour"), cached(tmp_path, TEXTS), options)


class Faulty(WordEncoder):
    """Gives the vectors of another, harmed."""

    name = "faulty-7b"

    def __init__(self, harm: Callable[[Floats], object]) -> None:
        self.harm = harm

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        harmed: Floats = self.harm(super().encode(texts, on_batch))  # type: ignore[assignment]
        return harmed


def spoilt(value: float) -> Callable[[NDArray[np.float32]], object]:
    def spoil(vectors: NDArray[np.float32]) -> object:
        vectors = vectors.astype(np.float64)
        vectors[1, 3] = value
        return vectors

    return spoil


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (spoilt(np.nan), "1 text (the first: 'y')"),
        (spoilt(np.inf), "1 text (the first: 'y')"),
        (spoilt(1e300), "1 text (the first: 'y')"),
        (lambda vectors: vectors[:2], "(2, 256) for 3 texts, where (3, 256) was due"),
        (lambda vectors: vectors[:, :5], "(3, 5) for 3 texts"),
        (lambda vectors: vectors[0], "(256,) for 3 texts"),
        (lambda _: [None, "x"], "no matrix of numbers"),
    ],
)
def test_bad_output_is_told_and_not_kept(
    tmp_path: Path, harm: Callable[[Floats], object], told: str
) -> None:
    encoder = Faulty(harm)
    cache = VectorCache(tmp_path, encoder.fingerprint, encoder.dimension)
    with pytest.raises(EncoderError) as caught:
        encode_texts(["x", "y", "z"], encoder, cache)
    assert "'faulty-7b'" in str(caught.value)
    assert told in str(caught.value)
    assert len(cache) == 0
    assert not cache.folder.exists()


def at_once(
    documents: Sequence[Document], blocks: Sequence[str], cache: VectorCache, options: BlockOptions
) -> NDArray[np.float64]:
    """What `encode_documents` gives, worked out on whole matrices in float64."""
    parts = []
    total = sum(options.weights.get(name, 1.0) for name in blocks)
    for name in blocks:
        rows = [row for row, document in enumerate(documents) if name in document.texts]
        vectors = cache.get([documents[row].texts[name] for row in rows]).astype(np.float64)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if options.whiten:
            centred = vectors - vectors.mean(axis=0)
            covariance = centred.T @ centred / (len(vectors) - 1)
            eye = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
            values, directions = np.linalg.eigh(
                (1 - options.shrinkage) * covariance + options.shrinkage * eye
            )
            vectors = centred @ (directions / np.sqrt(values))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        block = np.zeros((len(documents), cache.dimension))
        block[rows] = vectors * (options.weights.get(name, 1.0) / total) ** 0.5
        parts.append(block)
    whole = np.hstack(parts)
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    return whole


@pytest.mark.parametrize("whiten", [False, True])
def test_working_in_chunks_gives_what_working_at_once_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whiten: bool
) -> None:
    monkeypatch.setattr("vlm4rec.encoding.arrays.CHUNK", 7)
    rng = np.random.default_rng(0)
    cache = VectorCache(tmp_path, "f" * 64, 12)
    texts = [f"{facet} {n}" for facet in "abc" for n in range(40)]
    cache.add(texts, (rng.normal(size=(len(texts), 12)) + 1).astype(np.float32))
    documents = [
        Document(f"{n:03}", {f: f"{f} {rng.integers(40)}" for f in "abc" if (n + ord(f)) % 4})
        for n in range(100)
    ]
    options = BlockOptions(whiten=whiten, shrinkage=0.3, weights={"b": 2})
    made = encode_documents(documents, ("a", "b", "c"), cache, options).matrix
    wanted = at_once(documents, ("a", "b", "c"), cache, options)
    # The signs of the whitened directions differ, their products do not.
    np.testing.assert_allclose(made @ made.T, wanted @ wanted.T, atol=1e-6)
    assert made.flags.c_contiguous
    if not whiten:
        np.testing.assert_allclose(made, wanted, atol=1e-6)


def test_whitening_is_fitted_on_the_rows_that_count() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    rows = np.arange(0, 50, 3)
    some, same = Whitening.fit(vectors, rows=rows), Whitening.fit(vectors[rows])
    np.testing.assert_array_equal(some.matrix, same.matrix)
