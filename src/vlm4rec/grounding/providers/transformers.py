"""A vision-language model on this machine, through the transformers library."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
from pathlib import Path

from PIL import Image

from vlm4rec.catalog.photos import open_photo
from vlm4rec.errors import DataError, MissingExtraError, PhotoError
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Parameter, Traits
from vlm4rec.grounding.providers.local_batches import Batches
from vlm4rec.grounding.providers.local_loading import Settings
from vlm4rec.grounding.providers.local_model import Asked, LocalModel, Written
from vlm4rec.grounding.providers.local_weights import folder_fingerprint, located
from vlm4rec.grounding.providers.structured import worded
from vlm4rec.storage import file_hash

__all__ = ["TransformersLVLM"]

_DTYPES = ("bfloat16", "float16", "float32")
_WARMER = 0.7


class TransformersLVLM:
    """An LVLM that runs on this machine: nothing leaves it, and nobody charges.

    Any model that ``AutoModelForImageTextToText`` loads and that has a chat template will do:
    LLaVA-NeXT, Qwen-VL, SmolVLM, Idefics and others. It is loaded with the first question, on
    a thread of its own. Questions that come at the same time are answered together: ask at
    least ``batch`` at a time. The answer's structure is asked for in words.

    Its identity is what changes the answers: for a model from the hub its name, for one in a
    folder a hash of what is in the folder, wherever that is; and the parameters. Those that are
    None are left out, so that the device, and the number format that suits it, make no
    catalog's groundings stale.

    Parameters
    ----------
    model
        A name on the Hugging Face hub, or a folder.
    batch
        How many photos at most are described together; it is halved where memory runs out.
    max_tokens
        The limit on an answer's tokens.
    temperature
        From it the tokens are drawn; by default, and with 0, each is the likeliest.
    max_side
        The longest side of the photo as the model gets it, in pixels; smaller ones are as they
        are.
    device
        Torch's word for where to run it; by default the GPU where there is one.
    dtype
        ``"bfloat16"``, ``"float16"`` or ``"float32"``; by default bfloat16 where the hardware
        computes in it, else float32.
    quantize
        ``"4bit"`` holds the weights in a quarter of the memory; on CUDA, with bitsandbytes.
    timeout
        Seconds that a batch may take; by default as long as it takes.
    seed
        Where tokens are drawn: the same seed, photo and temperature draw the same.

    Raises
    ------
    MissingExtraError
        If torch or transformers is not installed.
    DataError
        If a parameter can't be meant.
    """

    def __init__(
        self,
        model: str,
        *,
        batch: int = 8,
        max_tokens: int = 512,
        temperature: float | None = None,
        max_side: int = 768,
        device: str | None = None,
        dtype: str | None = None,
        quantize: str | None = None,
        timeout: float | None = None,
        seed: int | None = None,
    ) -> None:
        if not (importlib.util.find_spec("torch") and importlib.util.find_spec("transformers")):
            raise MissingExtraError("The transformers provider", "local")
        _check_counts(batch=batch, max_tokens=max_tokens, max_side=max_side)
        _check_amounts(temperature, timeout)
        _check_format(dtype, quantize, device)
        self.model = model
        self.batch = batch
        self.max_side = max_side
        self._folder = located(model)
        self._fingerprint = ""
        self._temperature = temperature or None
        self._seed = seed
        self._settings = Settings(
            source=str(self._folder or model),
            name=model if self._folder is None else self._folder.resolve().name,
            max_tokens=max_tokens,
            device=device,
            dtype=dtype,
            quantize=quantize,
            timeout=timeout,
        )
        self._batches: Batches[Asked, Written] = Batches(
            lambda: LocalModel(self._settings).describe, batch
        )

    @property
    def traits(self) -> Traits:
        """Free, and another answer comes when asked again."""
        return Traits(True, self._settings.max_tokens, self.max_side)

    def identity(self, request: GroundingRequest) -> Identity:
        """Return model and parameters; they are the same for every request."""
        parameters: dict[str, Parameter] = {
            "max_side": self.max_side,
            "max_tokens": self._settings.max_tokens,
            "temperature": self._temperature,
            "seed": self._seed if self._temperature else None,
            "dtype": self._settings.dtype,
            "quantize": self._settings.quantize,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return Identity("transformers", self._content(), given)

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        """Describe one photo, together with others that are asked about at the same time."""
        photo = await asyncio.to_thread(_opened, request, self.max_side)
        asked, varied = self._asked(request, photo)
        written = await self._batches.ask(asked)
        return LVLMAnswer(
            text=written.text,
            model=written.model,
            finish_reason=written.finish_reason,
            tokens_in=written.tokens_in,
            tokens_out=written.tokens_out,
            seconds=written.seconds,
            varied=varied,
        )

    async def close(self) -> None:
        """End the thread and give the model's memory back."""
        await self._batches.close()

    def __repr__(self) -> str:
        return f"<TransformersLVLM {self._settings.name}>"

    def _content(self) -> str:
        """Return the model's name, or what stands for the content of its folder."""
        if self._folder is None:
            return self.model
        if not self._fingerprint:
            self._fingerprint = folder_fingerprint(self._folder)
        return self._fingerprint

    def _asked(
        self, request: GroundingRequest, photo: Image.Image
    ) -> tuple[Asked, dict[str, Parameter]]:
        temperature, seed = self._temperature, (self._seed or 0) + request.again
        varied: dict[str, Parameter] = {}
        if request.again:
            varied = {"again": request.again, "seed": seed}
            if temperature is None:
                temperature = varied["temperature"] = _WARMER
        drawn = _drawn(seed, request.photo_sha256)
        return Asked(photo, worded(request, in_words=True), temperature, drawn), varied


def _opened(request: GroundingRequest, max_side: int) -> Image.Image:
    """Open the photo, if it is the one that the answer will be kept for, and make it small."""
    photo = open_photo(request.photo)
    try:
        found = file_hash(Path(request.photo))
    except OSError:
        found = ""
    if found != request.photo_sha256:
        raise PhotoError(
            f"{request.photo} has changed since the catalog was read.",
            "Read the catalog again.",
            code="changed",
        )
    photo.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return photo


def _drawn(seed: int, photo_sha256: str) -> int:
    """Return a seed for one photo, so that two of the same seed don't meet the same chance."""
    digest = hashlib.sha256(f"{seed}:{photo_sha256}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise DataError(f"{name} is {count}.", "Give a whole number from 1 up.")


def _check_amounts(temperature: float | None, timeout: float | None) -> None:
    if temperature is not None and not 0 <= temperature < float("inf"):
        raise DataError(f"temperature is {temperature}.", "Give a number from 0 up, such as 0.7.")
    if timeout is not None and not timeout > 0:
        raise DataError(f"timeout is {timeout}.", "Give a number of seconds, such as 600.")


def _check_format(dtype: str | None, quantize: str | None, device: str | None) -> None:
    if dtype is not None and dtype not in _DTYPES:
        raise DataError(f"dtype is {dtype!r}.", f"Choose from: {', '.join(_DTYPES)}.")
    if quantize is None:
        return
    if quantize != "4bit":
        raise DataError(f"quantize is {quantize!r}.", "Give 4bit, or leave it out.")
    import torch

    if not torch.cuda.is_available() or not (device or "cuda").startswith("cuda"):
        raise DataError("Weights of 4 bits need a GPU with CUDA.", "Leave quantize out.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise DataError("Weights of 4 bits need bitsandbytes.", "Run: pip install bitsandbytes")
