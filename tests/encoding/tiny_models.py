"""Models of a few hundred random weights, in the forms that the libraries load."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["fake_open_clip", "fake_timm", "save_clip", "save_open_clip", "save_timm"]

_SIDE = 32


def save_clip(folder: Path) -> None:
    """Save a CLIP model as sentence-transformers loads it, with its real processor."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor, CLIPTokenizer
    from transformers.models.clip import CLIPImageProcessorPil

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps({word: number for number, word in enumerate(words)}))
    merges.write_text("#version: 0.2\n")
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    size["num_attention_heads"] = 2
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1}
    ends["pad_token_id"] = len(words) - 1
    config = CLIPConfig(
        text_config={**size, **ends, "vocab_size": len(words), "max_position_embeddings": 16},
        vision_config={**size, "image_size": _SIDE, "patch_size": 16},
        projection_dim=8,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = CLIPModel(config)
    sizes = {"size": {"shortest_edge": _SIDE}, "crop_size": {"height": _SIDE, "width": _SIDE}}
    processor = CLIPProcessor(
        CLIPImageProcessorPil(**sizes), CLIPTokenizer(str(vocabulary), str(merges))
    )
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def save_timm(folder: Path) -> None:
    """Save a network as timm's ``local-dir:`` loads it."""
    import timm
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = timm.create_model("test_resnet", pretrained=False, num_classes=3)
    timm.models.save_for_hf(network, str(folder), safe_serialization=True)


def save_open_clip(folder: Path) -> None:
    """Save a CLIP model as open_clip's ``local-dir:`` loads it."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    side = {"layers": 1, "width": 16}
    config = {
        "embed_dim": 8,
        "vision_cfg": {**side, "image_size": _SIDE, "patch_size": 16, "head_width": 8},
        "text_cfg": {**side, "context_length": 8, "vocab_size": 49408, "heads": 2},
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.CLIP(**config)
    folder.mkdir()
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")


def fake_timm(known: str) -> ModuleType:
    """Stand in for timm where it can't be installed: it knows one network."""

    def create_model(name: str, *, pretrained: bool, num_classes: int) -> Any:
        if name != known:
            raise RuntimeError(f"Unknown model ({name})")
        assert pretrained, "random weights are no features"
        assert num_classes == 0, "the classifier is no feature"
        return _network(6)

    data = SimpleNamespace(
        resolve_model_data_config=lambda network: {"side": _SIDE},
        create_transform=lambda *, side, is_training: _Transform(side),
    )
    return _module("timm", create_model=create_model, data=data)


def fake_open_clip(known: str, weights: str) -> ModuleType:
    """Stand in for open_clip where it can't be installed: it knows one model."""

    def create_model_from_pretrained(name: str, *, pretrained: str | None) -> Any:
        if (name, pretrained) != (known, weights):
            raise RuntimeError(f"Model config for '{name}' not found")
        network = _network(5)
        network.encode_image = network.forward
        return network, _Transform(_SIDE)

    return _module("open_clip", create_model_from_pretrained=create_model_from_pretrained)


def _module(name: str, **contents: object) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(contents)
    return module


def _network(dimension: int) -> Any:
    import torch
    from torch import nn

    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, dimension, 8, stride=8), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        # In training a batch norm and a dropout would make a photo depend on its batch.
        return nn.Sequential(layers[0], nn.BatchNorm2d(dimension), nn.Dropout(), *layers[1:])


class _Transform:
    def __init__(self, side: int) -> None:
        self._side = side

    def __call__(self, image: Image.Image) -> Any:
        import torch

        pixels = np.asarray(image.resize((self._side, self._side)), dtype=np.float32) / 255
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy())

    def __repr__(self) -> str:
        return f"Resize({self._side})"
