"""The seam to large vision-language models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vlm4rec.grounding.prompts import Prompt
from vlm4rec.storage import content_hash

__all__ = ["LVLM", "GroundingRequest", "Identity", "LVLMAnswer", "Parameter"]

Parameter = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class GroundingRequest:
    """One photo to be described.

    Parameters
    ----------
    item
        The id of the item that the photo shows.
    photo
        The path of the photo file, verified before.
    photo_sha256
        The sha256 of the file's bytes.
    prompt
        What is asked.
    ordinal
        Which of the item's photos it is, the main one being 0.
    """

    item: str
    photo: str
    photo_sha256: str
    prompt: Prompt
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who would answer a request and how: what, with photo and prompt, makes two answers one.

    Parameters
    ----------
    provider
        ``"openai"``, ``"recorded"``, ...
    model
        The model's name, as the provider knows it.
    parameters
        Everything else that changes the answer: temperature, the size of the photo sent, ...
    """

    provider: str
    model: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def key(self, request: GroundingRequest) -> str:
        """Return the ledger key of a request: 64 hexadecimal digits.

        It covers photo content, provider, model, prompt id and text, and parameters; not the
        item, so that the same photo is described once however many items show it.
        """
        return content_hash(
            {
                "photo": request.photo_sha256,
                "provider": self.provider,
                "model": self.model,
                "prompt": [request.prompt.id, request.prompt.text],
                "parameters": dict(self.parameters),
            }
        )


@dataclass(frozen=True, slots=True)
class LVLMAnswer:
    """What the model returned, word for word, with what the server said of it.

    Parameters
    ----------
    text
        The answer as it came: JSON where the provider can ask for it.
    model
        The model that answered, which may be more precise than the one asked for.
    finish_reason
        ``"stop"``, ``"length"``, ``"content_filter"``, ... in the provider's words; and
        ``"refusal"`` where the text is the model's refusal, marked as such by the provider.
    tokens_in, tokens_cached, tokens_out
        Usage by the server's own count, None where it gave none.
    seconds
        How long it took.
    """

    text: str
    model: str
    finish_reason: str | None = None
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None


class LVLM(Protocol):
    """Describes photos.

    An implementation holds no state between requests beyond its connection, may be asked many
    requests at once, and never writes a key to a log or an exception.
    """

    def identity(self, request: GroundingRequest) -> Identity | None:
        """Return who would answer this request, or None if nobody can; asks no one."""
        ...

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        """Describe one photo.

        Raises
        ------
        LVLMError
            If there is no answer; it says whether another try may help.
        PhotoError
            If the photo can't be opened.
        """
        ...

    async def close(self) -> None:
        """Give back connections; the object is not used afterwards."""
        ...
