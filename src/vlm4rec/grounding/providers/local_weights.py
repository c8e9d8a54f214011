"""Where a local model comes from: a name on the hub, or a folder and what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from vlm4rec.errors import DataError
from vlm4rec.storage import content_hash, file_hash

__all__ = ["folder_fingerprint", "located"]

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SUFFIXES = {".json", ".jinja", ".txt", ".model", ".tiktoken", ".safetensors", ".bin"}
_STATE = ("training_args", "optimizer", "scheduler", "trainer_state", "rng_state")
"""How the names of files begin that tell of a training, not of what came of it."""

_NO_MATTER = ("_name_or_path", "transformers_version")
"""Settings that tell where a model was made, and nothing of how it answers."""


def located(model: str) -> Path | None:
    """Return the folder that a model is in, or None if it is a name on the hub.

    Raises
    ------
    DataError
        If it is a path, but not of a folder with a model; or neither path nor name.

    Examples
    --------
    >>> located("HuggingFaceTB/SmolVLM-256M-Instruct") is None
    True
    """
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise DataError(
                f"{model} holds no model: it has no config.json.",
                "Give the folder that has config.json and the weights in it.",
            )
        return path
    if path.exists():
        raise DataError(f"{model} is not a folder.", "Give the folder that the model is in.")
    if not _HUB_NAME.fullmatch(model) or model.startswith((".", "-")):
        raise DataError(
            f"There is no folder {model}.",
            "Check the path, or give a name on the Hugging Face hub, such as ORGANISATION/MODEL.",
        )
    return None


def folder_fingerprint(folder: Path) -> str:
    """Return a model's family and the hash of all that its answers depend on: ``"smolvlm:..."``.

    That is weights, settings, tokenizer and chat template, file by file. The folder's own name
    is no matter, nor are notes and pictures beside the model. Every byte of the weights is
    read, which takes some seconds where they are large.
    """
    hashed = content_hash([[name, _hashed(folder / name)] for name in sorted(_names(folder))])
    settings = _settings(folder / "config.json") or {}
    return f"{settings.get('model_type', 'unknown')}:{hashed[:16]}"


def _names(folder: Path) -> Iterator[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in _SUFFIXES]
    safe = any(path.suffix == ".safetensors" for path in files)
    for path in files:
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in Path(name).parts)
        # Where the same weights are there in both forms, the safe one is loaded.
        twice = safe and path.suffix == ".bin"
        if not (hidden or twice or path.name.startswith(_STATE)):
            yield name


def _hashed(path: Path) -> str:
    settings = _settings(path) if path.suffix == ".json" else None
    if settings is None:
        return file_hash(path)
    return content_hash({key: value for key, value in settings.items() if key not in _NO_MATTER})


def _settings(path: Path) -> dict[str, object] | None:
    try:
        settings = json.loads(path.read_bytes())
    except ValueError:
        return None
    return settings if isinstance(settings, dict) else None
