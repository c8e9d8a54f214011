"""Image encoders from the sentence-transformers library: CLIP and its like."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.fingerprint import model_fingerprint
from vlm4rec.encoding.image_encoder import BLANK, Photo, picture
from vlm4rec.encoding.model_loading import load_sentence_transformer
from vlm4rec.errors import EncoderError, MissingExtraError
from vlm4rec.storage import content_hash

if TYPE_CHECKING:
    from PIL import Image
    from sentence_transformers import SentenceTransformer

__all__ = ["SentenceTransformerImageEncoder"]

_BATCH = 16
_KIND = "image encoder"


class SentenceTransformerImageEncoder:
    """A model of the sentence-transformers library that takes photos.

    Parameters
    ----------
    model
        The loaded model.
    name
        The name by which it can be loaded again.

    Raises
    ------
    EncoderError
        If the model takes no photos.
    """

    def __init__(self, model: SentenceTransformer, name: str) -> None:
        self._model: Any = model
        self.name = name
        self.fingerprint = content_hash([model_fingerprint(model), _image_settings(model)])
        try:
            self.dimension = len(self._encode([BLANK])[0])
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise EncoderError(
                f"The model of the {_KIND} {name!r} takes no photos.",
                "Choose one that does, such as sentence-transformers:clip-ViT-B-32.",
            ) from error

    @classmethod
    def load(cls, model: str, *, device: str | None = None) -> SentenceTransformerImageEncoder:
        """Load a model by hub name or folder.

        Raises
        ------
        MissingExtraError
            If sentence-transformers is not installed.
        EncoderError
            If the weights can't be had, or the model takes no photos.
        """
        if importlib.util.find_spec("sentence_transformers") is None:
            raise MissingExtraError("Encoding photos with sentence-transformers", "encode")
        name = f"sentence-transformers:{model}"
        return cls(load_sentence_transformer(_KIND, name, model, device), name)

    def encode(
        self, photos: Sequence[Photo], on_batch: Callable[[int], None] | None = None
    ) -> Floats:
        """Encode photos; see `vlm4rec.encoding.image_encoder.ImageEncoder.encode`."""
        vectors = np.empty((len(photos), self.dimension), dtype=np.float32)
        for start in range(0, len(photos), _BATCH):
            batch = photos[start : start + _BATCH]
            pictures = [picture(photo) for photo in batch]
            vectors[start : start + len(batch)] = self._encode(pictures)
            if on_batch is not None:
                on_batch(len(batch))
        return normalise(vectors, out=vectors)

    def _encode(self, pictures: list[Image.Image]) -> Floats:
        vectors = self._model.encode(
            pictures, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)


def _image_settings(model: Any) -> list[object]:
    """Return how each module of a model prepares pictures."""
    processors = (getattr(module, "processor", None) for module in model)
    images = (getattr(processor, "image_processor", None) for processor in processors)
    return [json.loads(image.to_json_string()) for image in images if image is not None]
