"""The fingerprint of a sentence-transformers model: what its vectors depend on, hashed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["hash_weights", "model_fingerprint"]

_CHUNK = 1 << 24
_NO_MATTER = {
    "architectures",
    "dtype",
    "gradient_checkpointing",
    "torch_dtype",
    "transformers_version",
    "use_cache",
}
"""Settings that tell where a network was made, or that its weights tell already."""


def model_fingerprint(model: Any) -> str:
    """Return the sha256 of all that a model's vectors depend on, as hexadecimal digits.

    That is each weight, the settings of each module (such as how it pools) and of the network
    in it, the tokenizer, and the limits and prompts of the whole. Where the model came from,
    on which device it is, and what it has encoded are no matter.

    Parameters
    ----------
    model
        A ``SentenceTransformer``.
    """
    digest = hashlib.sha256()
    hash_weights(digest, model)
    digest.update(_written(_settings(model)))
    digest.update(_written(_tokenizer(getattr(model, "tokenizer", None))))
    return digest.hexdigest()


def hash_weights(digest: _Hash, network: Any) -> None:
    """Hash each weight of a PyTorch network, and each buffer, with its name."""
    for name, tensor in sorted(network.state_dict().items()):
        _hash_tensor(digest, name, tensor)


def _hash_tensor(digest: _Hash, name: str, tensor: Any) -> None:
    """Hash a tensor in place; from a GPU it comes over in chunks."""
    import torch

    digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)}".encode())
    flat = tensor.detach().reshape(-1)
    for start in range(0, len(flat), _CHUNK):
        # As bytes, because numpy has no bfloat16.
        digest.update(flat[start : start + _CHUNK].cpu().view(torch.uint8).numpy())


def _settings(model: Any) -> dict[str, object]:
    modules = [
        (name, type(module).__name__, module.get_config_dict(), _network(module))
        for name, module in model.named_modules()
        if hasattr(module, "get_config_dict")
    ]
    return {
        "chain": [type(module).__name__ for module in model],
        "modules": modules,
        "max_seq_length": getattr(model, "max_seq_length", None),
        "prompts": dict(model.prompts or {}),
        "default_prompt_name": model.default_prompt_name,
        "truncate_dim": getattr(model, "truncate_dim", None),
    }


def _network(module: Any) -> dict[str, object]:
    """Return the settings of the transformer in a module, such as its activation function."""
    network = getattr(module, "model", None) or getattr(module, "auto_model", None)
    config = getattr(network, "config", None)
    if config is None or not hasattr(config, "to_diff_dict"):
        return {}
    settings: dict[str, object] = config.to_diff_dict()
    return {
        key: value
        for key, value in settings.items()
        if key not in _NO_MATTER and not key.startswith("_")
    }


def _tokenizer(tokenizer: Any) -> dict[str, object]:
    sides = {
        name: getattr(tokenizer, name, None)
        for name in ("padding_side", "truncation_side", "do_lower_case")
    }
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if hasattr(backend, "to_str"):
        rules: dict[str, object] = json.loads(backend.to_str())
        # These two are set anew by each call; the limit itself is the model's.
        rules.pop("truncation", None)
        rules.pop("padding", None)
        return {**sides, "rules": rules}
    words = tokenizer.get_vocab() if hasattr(tokenizer, "get_vocab") else {}
    return {**sides, "type": type(tokenizer).__name__, "words": words}


def _written(settings: object) -> bytes:
    """Write settings the same way every time; of other objects only the type is told."""
    text = json.dumps(settings, sort_keys=True, default=lambda value: type(value).__qualname__)
    return text.encode("utf-8", "surrogatepass")
