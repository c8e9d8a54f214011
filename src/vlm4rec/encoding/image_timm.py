"""Image encoders from the library timm (PyTorch Image Models)."""

from __future__ import annotations

from vlm4rec.encoding.image_network import NetworkImageEncoder, import_for
from vlm4rec.encoding.model_loading import unavailable

__all__ = ["load_timm"]


def load_timm(model: str, *, device: str | None = None) -> NetworkImageEncoder:
    """Load a network of timm without its classifier, and the preprocessing that belongs to it.

    Parameters
    ----------
    model
        Such as ``"vit_base_patch14_dinov2.lvd142m"``, or ``"local-dir:FOLDER"``.
    device
        Torch's word for where to run it; by default the GPU where there is one.

    Raises
    ------
    EncoderError
        If timm, or the weights, can't be had.
    """
    name = f"timm:{model}"
    timm = import_for(name, "timm", "timm")
    try:
        network = timm.create_model(model, pretrained=True, num_classes=0)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        instead = "a folder, as timm:local-dir:FOLDER"
        raise unavailable("image encoder", name, error, instead) from error
    config = timm.data.resolve_model_data_config(network)
    transform = timm.data.create_transform(**config, is_training=False)
    return NetworkImageEncoder(
        name,
        network,
        prepare=transform,
        forward=network,
        settings={"network": type(network).__name__, "input": repr(transform)},
        device=device,
    )
