"""A vision-language model on this machine: one `generate` for many photos."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.providers.local_batches import Waiting
from vlm4rec.grounding.providers.local_drawing import Drawing, Halting
from vlm4rec.grounding.providers.local_loading import (
    Settings,
    first_line,
    load_model,
    out_of_memory,
)

__all__ = ["Asked", "LocalModel", "Written"]


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
        self.network, self.processor = load_model(settings)
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
            full = out_of_memory(error)
            why = first_line(error)
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
        names.add(str(getattr(self.processor, "image_token", None) or ""))
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


def _free() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
