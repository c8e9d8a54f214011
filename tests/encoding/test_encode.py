from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.words import WordEncoder
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.documents import Document
from vlm4rec.encoding.encode import BlockOptions, encode_documents, encode_texts
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import DataError


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
