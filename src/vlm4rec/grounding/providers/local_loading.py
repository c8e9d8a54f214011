"""Loading a vision-language model on this machine, in the number format that suits it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vlm4rec.errors import DataError, LVLMError, Vlm4recError
from vlm4rec.grounding.providers.local_processor import load_processor

__all__ = ["Settings", "first_line", "load_model", "out_of_memory"]

_FAST_BFLOAT16 = ("amx_bf16", "avx512_bf16", "bf16")
"""What a CPU, Intel's, AMD's or ARM's, says of itself if it computes in bfloat16."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is loaded and what it may do; see `TransformersLVLM`.

    ``source`` is a folder or a name on the hub, ``name`` what the model is called.
    """

    source: str
    name: str
    max_tokens: int
    device: str | None = None
    dtype: str | None = None
    quantize: str | None = None
    timeout: float | None = None


def load_model(settings: Settings) -> tuple[Any, Any]:
    """Load a model and what prepares its input.

    Raises
    ------
    LVLMError
        If it can't be loaded; it is fatal.
    DataError
        If there is no such device.
    """
    failure: Vlm4recError | None = None
    with _quiet():
        try:
            return _loaded(settings)
        except Vlm4recError as error:
            failure = error
        except Exception as error:
            failure = _not_loaded(settings.source, error)
    raise failure  # out here, so that it doesn't hold on to what was half loaded


def _loaded(settings: Settings) -> tuple[Any, Any]:
    """Load model and processor; from the hub only what the cache does not hold."""
    failure: Exception | None = None
    for options in ({"local_files_only": True}, {}):
        try:
            processor = load_processor(settings.source, **options)
            return _network(settings, options), processor
        except OSError as error:
            failure = error
    raise failure or OSError(settings.source)


def _network(settings: Settings, options: dict[str, Any]) -> Any:
    import torch
    from transformers import AutoModelForImageTextToText, BitsAndBytesConfig

    device = _device(settings.device)
    dtype = getattr(torch, settings.dtype) if settings.dtype else _best_dtype(device)
    if device.type == "cuda":
        options = {**options, "device_map": {"": device}}
    if settings.quantize == "4bit":
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
    network, found = AutoModelForImageTextToText.from_pretrained(
        settings.source, dtype=dtype, output_loading_info=True, **options
    )
    if missing := found["missing_keys"]:
        # transformers would draw them at random, and what came out would be noise.
        raise ValueError(f"{len(missing):,} of its weights are missing, such as {min(missing)}")
    return network if device.type == "cuda" else network.to(device)


def _device(asked_for: str | None) -> Any:
    import torch

    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    try:
        device = torch.device(
            asked_for or next(name for name, is_there in there.items() if is_there)
        )
    except RuntimeError:
        device = None
    if device is None or not there.get(device.type, True):
        raise DataError(
            f"There is no device {asked_for} on this machine.",
            "Choose another, such as cpu, or leave it out.",
        )
    return device


def _best_dtype(device: Any) -> Any:
    """Return bfloat16 where the hardware computes in it, else float32."""
    import torch

    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        asked: Callable[[], Any] = getattr(torch.cpu, "get_capabilities", dict)
        able = asked() if device.type == "cpu" else {}
        fast = any(able.get(name) for name in _FAST_BFLOAT16)
    return torch.bfloat16 if fast else torch.float32


def _not_loaded(model: str, error: Exception) -> LVLMError:
    root: BaseException = error
    while root.__cause__ is not None:  # transformers wraps what it could not import
        root = root.__cause__
    why = first_line(root)
    if isinstance(error, ImportError):
        remedy = (
            "Run: pip install 'vlm4rec[local]', with what the message names; "
            "torchvision, where it is there, must be the one for this torch."
        )
    elif out_of_memory(error):
        remedy = "Take a smaller model, or free memory."
    elif isinstance(error, OSError):
        remedy = "Check the name and the network, or give a folder that holds the model."
    else:
        remedy = "Choose a vision-language model that answers questions, or mend the folder."
    return LVLMError(f"The model {model} can't be loaded ({why}).", remedy, fatal=True)


def out_of_memory(error: Exception) -> bool:
    """Tell whether an error says that the memory is full, a GPU's or the machine's."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    # On a CPU torch has no class of its own for it.
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def first_line(error: BaseException) -> str:
    """Return an error's kind and the first line of what it says."""
    lines = str(error).strip().splitlines()
    said = lines[0].strip().rstrip(".")[:200] if lines else ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries from announcing attempts and bars: we report both ourselves."""
    from transformers.utils import logging as bars

    loggers = [logging.getLogger(name) for name in ("transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    shown = bars.is_progress_bar_enabled()
    try:
        bars.disable_progress_bar()
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        if shown:
            bars.enable_progress_bar()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
