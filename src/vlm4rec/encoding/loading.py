"""From the name of an encoder to the encoder; torch is loaded here and nowhere before."""

from __future__ import annotations

from vlm4rec.encoding.encoder import DEFAULT_ENCODER, TextEncoder

__all__ = ["load_encoder"]


def load_encoder(name: str = DEFAULT_ENCODER, *, device: str | None = None) -> TextEncoder:
    """Load a text encoder by name: any sentence-transformers model, by hub name or folder.

    Parameters
    ----------
    name
        Such as ``"all-MiniLM-L6-v2"``, ``"intfloat/multilingual-e5-small"``, ``"./my-model"``.
    device
        Torch's word for where to run it; by default the GPU where there is one.

    Raises
    ------
    MissingExtraError
        If sentence-transformers is not installed.
    EncoderError
        If the weights can't be had; it says what was tried.
    """
    from vlm4rec.encoding.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder.load(name, device=device)
