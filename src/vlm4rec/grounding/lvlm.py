"""The seam to large vision-language models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vlm4rec.grounding.prompts import Prompt
from vlm4rec.storage import content_hash

__all__ = ["LVLM", "GroundingRequest", "Identity", "LVLMAnswer", "Parameter", "Traits"]

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
    title
        The item's title, for prompts that ask with it.
    size
        Width and height of the photo in pixels, (0, 0) where they are not known.
    again
        0 at first; 1 where an answer has come that was not good enough, so that the provider
        varies what it can: the wording, the seed, the temperature. It is not part of the key.
    """

    item: str
    photo: str
    photo_sha256: str
    prompt: Prompt
    ordinal: int = 0
    title: str = ""
    size: tuple[int, int] = (0, 0)
    again: int = 0

    @property
    def question(self) -> str:
        """The text of the prompt, with the item's title where it has a place for it."""
        return self.prompt.about(self.title)


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
        item, so that the same photo is described once however many items show it, unless the
        prompt asks with the item's title.
        """
        return content_hash(
            {
                "photo": request.photo_sha256,
                "provider": self.provider,
                "model": self.model,
                "prompt": [request.prompt.id, request.question],
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
    tokens_in, tokens_cached, tokens_written, tokens_out
        Usage by the server's own count, None where it gave none. ``tokens_in`` is the whole
        prompt: what was read from the server's cache and written to it are parts of it.
    seconds
        How long it took.
    cost
        US dollars, where the server itself says what it charged.
    varied
        What was other than usual, where the photo was asked about again: ``{"temperature": 0.7}``.
    """

    text: str
    model: str
    finish_reason: str | None = None
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None
    tokens_written: int | None = None
    cost: float | None = None
    varied: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a run must know of an LVLM before it asks.

    Parameters
    ----------
    free
        Whether nobody charges for its answers: it runs on this machine, or reads a file.
    most_tokens_out
        The limit on an answer's tokens that it sends along; None if it sends none.
    max_side
        The longest side of the photo as sent, in pixels; None if no photo is sent.
    varies
        Whether asking again may bring another answer.
    """

    free: bool
    most_tokens_out: int | None = None
    max_side: int | None = None
    varies: bool = True


class LVLM(Protocol):
    """Describes photos.

    An implementation holds no state between requests beyond its connection, may be asked many
    requests at once, and never writes a key to a log or an exception.
    """

    @property
    def traits(self) -> Traits:
        """What it costs, sends and can do; the same for every request."""
        ...

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
            If the photo can't be opened, or is another one than ``photo_sha256`` says. An LVLM
            that sends no photo (``traits.max_side`` is None) need not look.
        """
        ...

    async def close(self) -> None:
        """Give back connections; the object is not used afterwards."""
        ...
