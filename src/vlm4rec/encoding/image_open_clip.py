"""Image encoders from the library open_clip (OpenCLIP)."""

from __future__ import annotations

from vlm4rec.encoding.image_network import NetworkImageEncoder, import_for
from vlm4rec.encoding.model_loading import unavailable
from vlm4rec.errors import EncoderError

__all__ = ["load_open_clip"]


def load_open_clip(model: str, *, device: str | None = None) -> NetworkImageEncoder:
    """Load the image side of a CLIP model, and the preprocessing that belongs to it.

    Parameters
    ----------
    model
        The architecture and its weights, such as ``"ViT-B-32/laion2b_s34b_b79k"``, or
        ``"hf-hub:OWNER/MODEL"``, or ``"local-dir:FOLDER"``.
    device
        Torch's word for where to run it; by default the GPU where there is one.

    Raises
    ------
    EncoderError
        If open_clip, or the weights, can't be had, or it is not said which weights.
    """
    name = f"open_clip:{model}"
    architecture, weights = (model, "") if ":" in model else model.partition("/")[::2]
    if ":" not in model and not weights:
        raise EncoderError(
            f"The image encoder {name!r} does not say which weights.",
            f"Write them after a slash, such as {name}/laion2b_s34b_b79k.",
        )
    open_clip = import_for(name, "open_clip", "open-clip-torch")
    try:
        network, transform = open_clip.create_model_from_pretrained(
            architecture, pretrained=weights or None
        )
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        instead = "a folder, as open_clip:local-dir:FOLDER"
        raise unavailable("image encoder", name, error, instead) from error
    return NetworkImageEncoder(
        name,
        network,
        prepare=transform,
        forward=network.encode_image,
        settings={"network": type(network).__name__, "input": repr(transform)},
        device=device,
    )
