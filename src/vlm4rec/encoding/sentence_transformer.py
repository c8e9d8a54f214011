"""Text encoders from the sentence-transformers library."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.fingerprint import model_fingerprint
from vlm4rec.encoding.model_loading import load_sentence_transformer
from vlm4rec.errors import MissingExtraError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["SentenceTransformerEncoder"]

_BATCH = 64


class SentenceTransformerEncoder:
    """A model of the sentence-transformers library as a `TextEncoder`.

    Parameters
    ----------
    model
        The loaded model.
    name
        The name by which it can be loaded again.
    """

    def __init__(self, model: SentenceTransformer, name: str) -> None:
        self._model: Any = model
        self.name = name
        self.fingerprint = model_fingerprint(self._model)
        self.dimension = len(self._encode([""])[0])

    @classmethod
    def load(cls, name: str, *, device: str | None = None) -> SentenceTransformerEncoder:
        """Load a model; see `vlm4rec.encoding.loading.load_encoder`."""
        if importlib.util.find_spec("sentence_transformers") is None:
            raise MissingExtraError("Encoding text", "encode")
        return cls(load_sentence_transformer("text encoder", name, name, device), name)

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        """Encode texts, longest first so that a batch holds texts of one length."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = self._encode([texts[row] for row in rows])
            if on_batch is not None:
                on_batch(len(rows))
        return normalise(vectors, out=vectors)

    def _encode(self, texts: list[str]) -> Floats:
        vectors = self._model.encode(
            texts, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)
