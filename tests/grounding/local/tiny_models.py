"""Vision-language models of real families, tiny, with weights and tokenizers made here.

Each is built from its family's own configuration classes and saved as a folder, as a user would
have it. A model may be taught, in seconds, to tell some photos apart and to answer word for word.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from vlm4rec.grounding.prompts import DEFAULT_PROMPT
from vlm4rec.grounding.providers.local_processor import load_processor
from vlm4rec.grounding.providers.structured import IN_WORDS

__all__ = ["FAMILIES", "OPENAI", "OURS", "QUESTION", "Lesson", "build_model", "one_thread"]

Chat = Sequence[Mapping[str, str]]

QUESTION = f"{DEFAULT_PROMPT.text}\n\n{IN_WORDS}"
"""What the provider asks by default; each tokenizer has long tokens for it, to be quick."""

OURS: Chat = ({"type": "image"}, {"type": "text", "text": QUESTION})
"""How our own provider asks a model."""

OPENAI: Chat = ({"type": "text", "text": DEFAULT_PROMPT.text}, {"type": "image"})
"""How the provider for OpenAI's API asks a server that heeds no schema."""


@dataclass(frozen=True)
class Lesson:
    """What a model is taught: the pieces of an answer are tokens of their own."""

    photo: Image.Image
    pieces: Sequence[str]

    @property
    def answer(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True)
class Family:
    """How a family's model is made; ``ids`` gives the numbers of its special tokens."""

    template: str
    bos: str
    eos: str
    pad: str
    others: Sequence[str]
    network: Callable[[int, Mapping[str, int]], Any]
    image_processor: Callable[[], Any]
    processor: Mapping[str, Any] = field(default_factory=dict)

    @property
    def specials(self) -> list[str]:
        return list(dict.fromkeys([self.pad, self.bos, self.eos, *self.others]))


def build_model(name: str, folder: Path, lessons: Sequence[Lesson] = (), chat: Chat = OURS) -> Path:
    """Save a tiny model of a family, taught the lessons when asked so, and return its folder."""
    import torch
    from transformers import GenerationConfig

    family = FAMILIES[name]
    tokenizer = _tokenizer(family, [piece for lesson in lessons for piece in lesson.pieces])
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in family.specials}
    with torch.random.fork_rng(), one_thread(), _no_bars():
        torch.manual_seed(1)
        network = family.network(len(tokenizer), ids)
        network.config.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        family.image_processor().save_pretrained(folder)
        (folder / "chat_template.jinja").write_text(family.template, encoding="utf-8")
        if family.processor:
            _note(folder, family.processor)
        if lessons:
            exercise = _exercise(load_processor(str(folder)), family, lessons, chat)
            _teach(network, exercise)
        network.generation_config = GenerationConfig(
            bos_token_id=ids[family.bos], eos_token_id=ids[family.eos], pad_token_id=ids[family.pad]
        )
        network.save_pretrained(folder)
    return folder


def _note(folder: Path, settings: Mapping[str, Any]) -> None:
    (folder / "processor_config.json").write_text(json.dumps(settings), encoding="utf-8")


def _tokenizer(family: Family, pieces: Sequence[str]) -> Any:
    """Train byte-level BPE; pieces given apart are never merged with each other."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=family.specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator([QUESTION, QUESTION, DEFAULT_PROMPT.text, *pieces], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=family.bos,
        eos_token=family.eos,
        pad_token=family.pad,
        extra_special_tokens=list(family.others),
    )


Exercise = tuple[Any, int, Any, Any]
"""Inputs, where the answers start in them, the answers, and what each of their tokens counts."""


def _teach(network: Any, exercise: Exercise) -> None:
    """Train until the model answers as taught."""
    import torch

    inputs, start, taught, weights = exercise
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    network.train()
    for _ in range(1000):
        logits = network(**inputs).logits[:, start - 1 : -1]
        losses = torch.nn.functional.cross_entropy(logits.mT, taught, reduction="none")
        if (losses * (weights > 0)).max() < 0.05:
            break
        ((losses * weights).sum() / weights.sum()).backward()
        optimizer.step()
        optimizer.zero_grad()
    else:
        raise AssertionError("the tiny model did not learn its lessons")
    network.eval()


def _exercise(processor: Any, family: Family, lessons: Sequence[Lesson], chat: Chat) -> Exercise:
    """Make questions with their answers; what tells the photos apart counts most."""
    import torch

    turns = [{"role": "user", "content": list(chat)}]
    prompt = processor.apply_chat_template(turns, add_generation_prompt=True)

    def given(answers: Sequence[str]) -> Any:
        return processor(
            text=[prompt + answer for answer in answers],
            images=[[lesson.photo] for lesson in lessons],
            return_tensors="pt",
            padding=True,
            padding_side="right",
            add_special_tokens=False,
        )

    inputs = given([lesson.answer + family.eos for lesson in lessons])
    start = given([""] * len(lessons))["input_ids"].shape[1]
    taught = inputs["input_ids"][:, start:]
    weights = torch.where((taught != taught[:1]).any(dim=0), 10.0, 1.0)
    return inputs, start, taught, weights * inputs["attention_mask"][:, start:]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Two threads for so little work mostly wait for each other, for long on a busy machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _llama(vocabulary: int, ids: Mapping[str, int], family: Family) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "bos_token_id": ids[family.bos],
        "eos_token_id": ids[family.eos],
        "pad_token_id": ids[family.pad],
    }


def _llava_next(vocabulary: int, ids: Mapping[str, int]) -> Any:
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
    )

    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
        projection_dim=32,
        initializer_factor=5.0,  # random eyes see little else
    )
    return LlavaNextForConditionalGeneration(
        LlavaNextConfig(
            vision_config=vision,
            text_config=LlamaConfig(**_llama(vocabulary, ids, FAMILIES["llava_next"])),
            image_token_index=ids["<image>"],
            image_grid_pinpoints=_PINPOINTS,
            vision_feature_layer=-1,
        )
    )


def _llava_next_images() -> Any:
    from transformers import LlavaNextImageProcessorPil

    return LlavaNextImageProcessorPil(
        size={"shortest_edge": 16},
        crop_size={"height": 16, "width": 16},
        image_grid_pinpoints=_PINPOINTS,
    )


def _idefics3(vocabulary: int, ids: Mapping[str, int]) -> Any:
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, LlamaConfig

    return Idefics3ForConditionalGeneration(
        Idefics3Config(
            vision_config=_SMALL_EYES,
            text_config=LlamaConfig(**_llama(vocabulary, ids, FAMILIES["idefics3"])),
            image_token_id=ids["<image>"],
            scale_factor=2,
        )
    )


def _idefics3_images() -> Any:
    from transformers import Idefics3ImageProcessorPil

    return Idefics3ImageProcessorPil(size={"longest_edge": 32}, max_image_size={"longest_edge": 16})


def _smolvlm(vocabulary: int, ids: Mapping[str, int]) -> Any:
    from transformers import LlamaConfig, SmolVLMConfig, SmolVLMForConditionalGeneration

    return SmolVLMForConditionalGeneration(
        SmolVLMConfig(
            vision_config=_SMALL_EYES,
            text_config=LlamaConfig(**_llama(vocabulary, ids, FAMILIES["smolvlm"])),
            image_token_id=ids["<image>"],
            scale_factor=2,
        )
    )


def _smolvlm_images() -> Any:
    from transformers import SmolVLMImageProcessorPil

    return SmolVLMImageProcessorPil(size={"longest_edge": 32}, max_image_size={"longest_edge": 16})


def _qwen2_vl(vocabulary: int, ids: Mapping[str, int]) -> Any:
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 3, 3]}
    text = {**_llama(vocabulary, ids, FAMILIES["qwen2_vl"]), "rope_parameters": rope}
    return Qwen2VLForConditionalGeneration(
        Qwen2VLConfig(
            vision_config={
                "depth": 2,
                "embed_dim": 32,
                "hidden_size": 64,
                "num_heads": 2,
                "patch_size": 4,
                "spatial_merge_size": 2,
            },
            text_config=text,
            image_token_id=ids["<|image_pad|>"],
            video_token_id=ids["<|video_pad|>"],
            vision_start_token_id=ids["<|vision_start|>"],
            vision_end_token_id=ids["<|vision_end|>"],
        )
    )


def _qwen2_vl_images() -> Any:
    from transformers import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(
        size={"shortest_edge": 64, "longest_edge": 4096}, patch_size=4, merge_size=2
    )


_SMALL_EYES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 16,
    "patch_size": 4,
}

_PINPOINTS = [[16, 32], [32, 16], [32, 32]]

_TEMPLATE = """\
{%- for message in messages -%}
BEGIN{{ message['role'] }}
{% for part in message['content'] -%}
{%- if part['type'] == 'image' -%}PHOTO{%- else -%}{{ part['text'] }}{%- endif -%}
{%- endfor -%}END
{% endfor -%}
{%- if add_generation_prompt -%}BEGINassistant
{% endif -%}
"""


def _template(begin: str, photo: str, end: str) -> str:
    return _TEMPLATE.replace("BEGIN", begin).replace("PHOTO", photo).replace("END", end)


FAMILIES = {
    "llava_next": Family(
        template=_template("[", "<image>", "]"),
        bos="<s>",
        eos="</s>",
        pad="<pad>",
        others=["<image>"],
        network=_llava_next,
        image_processor=_llava_next_images,
        processor={
            "processor_class": "LlavaNextProcessor",
            "patch_size": 8,
            "num_additional_image_tokens": 1,
            "vision_feature_select_strategy": "default",
        },
    ),
    "idefics3": Family(
        template="<|im_start|>" + _template("", "<image>", "<end_of_utterance>"),
        bos="<|im_start|>",
        eos="<end_of_utterance>",
        pad="<pad>",
        others=[
            *("<image>", "<fake_token_around_image>", "<global-img>"),
            *(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)),
        ],
        network=_idefics3,
        image_processor=_idefics3_images,
        processor={"processor_class": "Idefics3Processor", "image_seq_len": 4},
    ),
    "smolvlm": Family(
        template="<|im_start|>" + _template("", "<image>", "<end_of_utterance>"),
        bos="<|im_start|>",
        eos="<end_of_utterance>",
        pad="<pad>",
        others=[
            *("<image>", "<fake_token_around_image>", "<global-img>"),
            *(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)),
        ],
        network=_smolvlm,
        image_processor=_smolvlm_images,
        processor={"processor_class": "SmolVLMProcessor", "image_seq_len": 4},
    ),
    "qwen2_vl": Family(
        template=_template(
            "<|im_start|>", "<|vision_start|><|image_pad|><|vision_end|>", "<|im_end|>"
        ),
        bos="<|endoftext|>",
        eos="<|im_end|>",
        pad="<|endoftext|>",
        others=[
            *("<|im_start|>", "<|vision_start|>", "<|vision_end|>"),
            *("<|image_pad|>", "<|video_pad|>"),
        ],
        network=_qwen2_vl,
        image_processor=_qwen2_vl_images,
    ),
}
"""Families by name, as different as they come in how they cut a photo and place it in a prompt."""
