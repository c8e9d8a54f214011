"""What turns photo and question into a model's input, without what only videos need."""

from __future__ import annotations

import importlib.util
import inspect
from types import SimpleNamespace
from typing import Any

__all__ = ["load_processor"]


def load_processor(source: str, **options: Any) -> Any:
    """Load the processor of a vision-language model, padding on the left.

    The processors of some families (Qwen-VL, SmolVLM) hold one for videos too, which wants
    torchvision. Where torchvision is missing they are put together without it: of videos we
    show none.

    Parameters
    ----------
    source
        A folder or a name on the hub.
    options
        What ``from_pretrained`` takes besides.

    Raises
    ------
    Exception
        Whatever transformers raises, such as an ``ImportError`` that names a missing library;
        a ``ValueError`` if the model takes no photos or has no chat template.
    """
    from transformers import PROCESSOR_MAPPING, AutoConfig, AutoProcessor

    config = AutoConfig.from_pretrained(source, **options)
    kind = PROCESSOR_MAPPING.get(type(config), None)
    if kind is not None and _wants_videos(kind) and not importlib.util.find_spec("torchvision"):
        processor = _without_videos(kind, source, options)
    else:
        processor = AutoProcessor.from_pretrained(source, **options)
    return _ready(processor)


def _wants_videos(kind: Any) -> bool:
    return "video_processor" in inspect.signature(kind.__init__).parameters


def _without_videos(kind: Any, source: str, options: dict[str, Any]) -> Any:
    """Put a processor together from its parts, with nothing in the place of the one for videos."""
    from transformers import AutoImageProcessor, AutoTokenizer

    class Photos(kind):  # type: ignore[misc]
        def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
            if argument_name == "video_processor":
                return None
            return super().check_argument_for_proper_class(argument_name, argument)

        def __repr__(self) -> str:
            return f"<{kind.__name__} without videos>"

    parts = {
        "image_processor": AutoImageProcessor.from_pretrained(source, backend="pil", **options),
        "tokenizer": AutoTokenizer.from_pretrained(source, **options),
        # Some processors look up how many frames it takes, even where there is no video.
        "video_processor": SimpleNamespace(model_input_names=[], num_frames=None, fps=None),
    }
    settings, _ = kind.get_processor_dict(source, **options)
    order = [parts[name] for name in kind.get_attributes()]
    return Photos.from_args_and_dict(order, settings)


def _ready(processor: Any) -> Any:
    tokenizer = getattr(processor, "tokenizer", None)
    if tokenizer is None or getattr(processor, "image_processor", None) is None:
        raise ValueError("it takes no photos")
    if not getattr(processor, "chat_template", None):
        processor.chat_template = getattr(tokenizer, "chat_template", None)
    if not processor.chat_template:
        raise ValueError("it has no chat template: it was not trained to answer questions")
    # What is generated must follow the question, not its padding.
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor
