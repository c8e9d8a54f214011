"""From the name of an image encoder to the encoder; torch is loaded here and nowhere before."""

from __future__ import annotations

from vlm4rec.encoding.image_encoder import DEFAULT_IMAGE_ENCODER, ImageEncoder
from vlm4rec.errors import EncoderError

__all__ = ["image_extra_installed", "load_image_encoder"]


def image_extra_installed() -> bool:
    """Tell whether the default image encoder is installed (the optional dependency ``image``)."""
    from vlm4rec.encoding.image_efficientnet import efficientnet_installed

    return efficientnet_installed()


def load_image_encoder(
    name: str = DEFAULT_IMAGE_ENCODER, *, device: str | None = None
) -> ImageEncoder:
    """Load an image encoder by name.

    Parameters
    ----------
    name
        ``"efficientnet-lite2"``, or a library and one of its models:
        ``"sentence-transformers:clip-ViT-B-32"`` (or a folder),
        ``"timm:vit_base_patch14_dinov2.lvd142m"``, ``"open_clip:ViT-B-32/laion2b_s34b_b79k"``.
    device
        Torch's word for where to run it; by default the GPU where there is one.

    Raises
    ------
    MissingExtraError
        If the packages of the encoder are not installed.
    EncoderError
        If there is no such encoder, or its library or weights can't be had.
    """
    library, _, model = name.partition(":")
    if name == DEFAULT_IMAGE_ENCODER:
        from vlm4rec.encoding.image_efficientnet import load_efficientnet

        return load_efficientnet(device=device)
    if library == "sentence-transformers" and model:
        from vlm4rec.encoding.image_sentence_transformer import SentenceTransformerImageEncoder

        return SentenceTransformerImageEncoder.load(model, device=device)
    if library == "timm" and model:
        from vlm4rec.encoding.image_timm import load_timm

        return load_timm(model, device=device)
    if library == "open_clip" and model:
        from vlm4rec.encoding.image_open_clip import load_open_clip

        return load_open_clip(model, device=device)
    raise EncoderError(
        f"There is no image encoder {name!r}.",
        f"Choose {DEFAULT_IMAGE_ENCODER}, sentence-transformers:MODEL, timm:MODEL or "
        "open_clip:MODEL/WEIGHTS.",
    )
