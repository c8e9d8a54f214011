"""From an LVLM to its provider's batch API."""

from __future__ import annotations

from vlm4rec.errors import DataError
from vlm4rec.grounding.batch.seam import BatchLVLM
from vlm4rec.grounding.lvlm import LVLM
from vlm4rec.grounding.providers.anthropic import AnthropicLVLM
from vlm4rec.grounding.providers.openai import OpenAILVLM
from vlm4rec.grounding.providers.registry import PROVIDERS

__all__ = ["batches_of"]


def batches_of(lvlm: LVLM) -> BatchLVLM:
    """Return the batch API of an LVLM's provider; it asks for what the LVLM would ask for.

    Raises
    ------
    DataError
        If the provider has none.

    Examples
    --------
    >>> from vlm4rec.grounding.providers.openai import OpenAILVLM
    >>> batches_of(OpenAILVLM("gpt-4.1-mini", base_url="http://localhost:8000/v1"))
    <OpenAIBatches of <OpenAILVLM gpt-4.1-mini at http://localhost:8000/v1>>
    """
    # Loaded here: each brings its client.
    if isinstance(lvlm, OpenAILVLM):
        from vlm4rec.grounding.batch.openai_batches import OpenAIBatches

        return OpenAIBatches(lvlm)
    if isinstance(lvlm, AnthropicLVLM):
        from vlm4rec.grounding.batch.anthropic_batches import AnthropicBatches

        return AnthropicBatches(lvlm)
    raise DataError(
        f"{_provider(lvlm)} has no batch API.",
        "Leave --batch out, or choose openai: or anthropic:.",
    )


def _provider(lvlm: LVLM) -> str:
    kind = type(lvlm).__name__
    names = [name for name, (_, made, _) in PROVIDERS.items() if made == kind]
    return f"The {names[0]} provider" if names else kind
