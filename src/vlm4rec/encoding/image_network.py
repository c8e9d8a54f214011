"""Image encoders that are one PyTorch network, whichever library it comes from."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vlm4rec.encoding.encoder import Floats, normalise
from vlm4rec.encoding.fingerprint import hash_weights
from vlm4rec.encoding.image_encoder import BLANK, Photo, picture
from vlm4rec.errors import EncoderError

if TYPE_CHECKING:
    import torch
    from PIL import Image

__all__ = ["NetworkImageEncoder", "import_for"]

_BATCH = 16


class NetworkImageEncoder:
    """A PyTorch network as a `vlm4rec.encoding.image_encoder.ImageEncoder`.

    Parameters
    ----------
    name
        The name by which it can be loaded again.
    network
        The network, with its weights.
    prepare
        Makes an RGB picture the network's input, of one shape for all pictures.
    forward
        Gives the features of a batch of inputs: shape (n, dimension).
    settings
        What the vectors depend on beside the weights, for the fingerprint: how a picture is
        prepared, and how features are pooled.
    device
        Torch's word for where to run it; by default the GPU where there is one.
    """

    def __init__(
        self,
        name: str,
        network: torch.nn.Module,
        *,
        prepare: Callable[[Image.Image], torch.Tensor],
        forward: Callable[[torch.Tensor], torch.Tensor],
        settings: Mapping[str, object],
        device: str | None = None,
    ) -> None:
        import torch

        self.name = name
        self.fingerprint = _fingerprint(network, settings)
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        network.eval().to(self._device)
        self._prepare = prepare
        self._forward = forward
        self.dimension = self._features([lambda: BLANK]).shape[1]

    def encode(
        self, photos: Sequence[Photo], on_batch: Callable[[int], None] | None = None
    ) -> Floats:
        """Encode photos; see `vlm4rec.encoding.image_encoder.ImageEncoder.encode`."""
        vectors = np.empty((len(photos), self.dimension), dtype=np.float32)
        for start in range(0, len(photos), _BATCH):
            batch = photos[start : start + _BATCH]
            vectors[start : start + len(batch)] = self._features(batch)
            if on_batch is not None:
                on_batch(len(batch))
        return normalise(vectors, out=vectors)

    def _features(self, photos: Sequence[Photo]) -> Floats:
        import torch

        with torch.inference_mode():
            # Each is made small before the next is opened: large photos would fill the memory.
            batch = torch.stack([self._prepare(picture(photo)) for photo in photos])
            features: Floats = self._forward(batch.to(self._device)).float().cpu().numpy()
        return features


def import_for(encoder: str, module: str, package: str) -> Any:
    """Import the library of an image encoder that no extra of vlm4rec brings.

    Parameters
    ----------
    encoder
        The encoder's name, for the message.
    module, package
        What to import, and what it is called where it is installed from.

    Raises
    ------
    EncoderError
        If it is not installed, or what it needs does not fit.
    """
    try:
        return importlib.import_module(module)
    # A torchvision made for another torch fails with a RuntimeError.
    except (ImportError, OSError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
        raise EncoderError(
            f"The image encoder {encoder!r} needs the package {package}, "
            f"which can't be imported ({reason}).",
            f"Run: pip install {package}, with the torchvision that belongs to your torch.",
        ) from error


def _fingerprint(network: torch.nn.Module, settings: Mapping[str, object]) -> str:
    """Return the sha256 of each weight and of the settings."""
    digest = hashlib.sha256()
    hash_weights(digest, network)
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()
