"""A vision-language model on this machine: loading it, and one `generate` for many photos."""

from __future__ import annotations

import contextlib
import copy
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from vlm4rec.errors import DataError, LVLMError, Vlm4recError
from vlm4rec.grounding.providers.local_batches import Waiting
from vlm4rec.grounding.providers.local_drawing import Drawing, Halting
from vlm4rec.grounding.providers.local_processor import load_processor

__all__ = ["Asked", "LocalModel", "Settings", "Written"]

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


@dataclass(frozen=True, slots=True)
class Asked:
    """A photo and what is asked about it; without a temperature the likeliest answer is taken."""

    photo: Image.Image
    question: str
    temperature: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """An answer; ``tokens_in`` counts the prompt with the photo and without padding."""

    text: str
    model: str
    finish_reason: str
    tokens_in: int
    tokens_out: int
    seconds: float


class LocalModel:
    """A loaded model; used by one thread.

    Parameters
    ----------
    settings
        Which, and how.

    Raises
    ------
    LVLMError
        If it can't be loaded; it is fatal.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._fits: int | None = None
        failure: Vlm4recError | None = None
        with _quiet():
            try:
                self.network, self.processor = _loaded(settings)
            except Vlm4recError as error:
                failure = error
            except Exception as error:
                failure = _not_loaded(settings.source, error)
        if failure is not None:
            raise failure  # out here, so that it doesn't hold on to what was half loaded
        self._tokenizer = self.processor.tokenizer
        self._generation = self._planned()
        self._control = self._control_tokens()
        commit = getattr(self.network.config, "_commit_hash", None)
        self.name = f"{settings.name}@{commit[:12]}" if commit else settings.name

    def describe(self, waiting: Sequence[Waiting[Asked]]) -> list[Written | Exception]:
        """Describe photos together, as many as fit into memory at a time.

        What fails for one photo fails for that photo alone.
        """
        if self._fits is not None and len(waiting) > self._fits:
            return self.describe(waiting[: self._fits]) + self.describe(waiting[self._fits :])
        try:
            return self._together(waiting)
        except Exception as error:
            full = _out_of_memory(error)
            why = _first_line(error)
        # From here on the tensors that the error held on to are gone.
        if full:
            _free()
        if len(waiting) == 1:
            return [self._too_large() if full else self._failed(why)]
        half = (len(waiting) + 1) // 2
        if full:
            self._fits = half
        return self.describe(waiting[:half]) + self.describe(waiting[half:])

    def inputs(self, asked: Sequence[Asked]) -> Any:
        """Return what the model is given: one row a photo, padded on the left."""
        texts = [self._in_chat(each.question) for each in asked]
        bos = self._tokenizer.bos_token
        inputs = self.processor(
            text=texts,
            images=[[each.photo] for each in asked],
            padding=True,
            return_tensors="pt",
            add_special_tokens=not (bos and texts[0].startswith(bos)),
        )
        return inputs.to(self.network.device, self.network.dtype)

    def _together(self, waiting: Sequence[Waiting[Asked]]) -> list[Written | Exception]:
        import torch

        began = time.monotonic()
        asked = [each.question for each in waiting]
        inputs = self.inputs(asked)
        drawing = Drawing(
            [each.temperature for each in asked],
            [each.seed for each in asked],
            inputs["input_ids"].device,
        )
        halting = Halting([each.given_up for each in waiting], self._settings.timeout)
        with torch.inference_mode():
            ids = self.network.generate(
                **inputs,
                generation_config=self._generation,
                logits_processor=[drawing],
                stopping_criteria=[halting],
            )
        length = inputs["input_ids"].shape[1]
        counts = inputs["attention_mask"].sum(dim=1).tolist()
        seconds = time.monotonic() - began
        return [
            self._written(row[length:], count, seconds) or self._stopped(each, halting)
            for each, row, count in zip(waiting, ids.tolist(), counts, strict=True)
        ]

    def _written(self, tokens: list[int], tokens_in: int, seconds: float) -> Written | None:
        """Return the answer as far as it goes; None if it was stopped on its way."""
        ends = self._generation.eos_token_id
        end = next((place for place, token in enumerate(tokens) if token in ends), None)
        if end is None and len(tokens) < self._settings.max_tokens:
            return None
        tokens = tokens if end is None else tokens[: end + 1]
        return Written(
            text=self._tokenizer.decode(tokens, skip_special_tokens=True),
            model=self.name,
            finish_reason="length" if end is None else "stop",
            tokens_in=tokens_in,
            tokens_out=len(tokens),
            seconds=seconds,
        )

    def _stopped(self, waiting: Waiting[Asked], halting: Halting) -> LVLMError:
        if waiting.given_up() or not halting.overdue:
            return LVLMError(f"{self.name} was stopped before it had answered.")
        return LVLMError(
            f"{self.name} did not finish within {self._settings.timeout:g} seconds.",
            "Give it a longer timeout or fewer max_tokens, or take a smaller model.",
        )

    def _planned(self) -> Any:
        """Return the model's own plan of generation, without chance and with our limit."""
        plan = copy.deepcopy(self.network.generation_config)
        plan.do_sample, plan.num_beams = False, 1
        plan.temperature = plan.top_p = plan.top_k = plan.max_length = None
        plan.max_new_tokens = self._settings.max_tokens
        ends = plan.eos_token_id if plan.eos_token_id is not None else self._tokenizer.eos_token_id
        plan.eos_token_id = list(ends) if isinstance(ends, (list, tuple)) else [ends]
        if plan.pad_token_id is None:
            plan.pad_token_id = self._tokenizer.pad_token_id
        return plan

    def _control_tokens(self) -> list[str]:
        """Name what the tokenizer takes for more than text, the longest first."""
        added = self._tokenizer.added_tokens_decoder.values()
        names = {str(token) for token in added if token.special}
        names.update(getattr(self.processor, name, None) or "" for name in ("image_token",))
        return sorted((name for name in names if len(name) > 1), key=len, reverse=True)

    def _in_chat(self, question: str) -> str:
        for token in self._control:
            # A title may hold anything; as a place for a photo or the end of a turn it is broken.
            question = question.replace(token, f"{token[0]} {token[1:]}")
        content = [{"type": "image"}, {"type": "text", "text": question}]
        chat = [{"role": "user", "content": content}]
        return str(self.processor.apply_chat_template(chat, add_generation_prompt=True))

    def _failed(self, why: str) -> LVLMError:
        return LVLMError(f"{self.name} could not describe the photo ({why}).")

    def _too_large(self) -> LVLMError:
        return LVLMError(
            f"There is not enough memory for {self.name} and one photo.",
            "Take a smaller model or a smaller max_side, or free memory.",
            fatal=True,
        )


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
    why = _first_line(root)
    if isinstance(error, ImportError):
        remedy = (
            "Run: pip install 'vlm4rec[local]', with what the message names; "
            "torchvision, where it is there, must be the one for this torch."
        )
    elif _out_of_memory(error):
        remedy = "Take a smaller model, or free memory."
    elif isinstance(error, OSError):
        remedy = "Check the name and the network, or give a folder that holds the model."
    else:
        remedy = "Choose a vision-language model that answers questions, or mend the folder."
    return LVLMError(f"The model {model} can't be loaded ({why}).", remedy, fatal=True)


def _out_of_memory(error: Exception) -> bool:
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    # On a CPU torch has no class of its own for it.
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def _free() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _first_line(error: BaseException) -> str:
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
