"""What an LVLM is asked to write, and what is kept of its answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["FACETS", "Answer", "Grounding", "Provenance"]


def _listed(value: object) -> object:
    """Take ``"black, white"`` and null for lists: models write both."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _worded(value: object) -> object:
    """Take null for the empty string, and a list of words for one text."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return value


Word = Annotated[str, BeforeValidator(_worded), Field(max_length=500)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(max_length=50)]


class Answer(BaseModel):
    """The structured answer that a photo's description is asked for as.

    Every attribute may be empty: an LVLM that can't tell the audience of a teapot should not
    have to make one up.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    category: Word = Field("", description="What the product is, in two or three words")
    colors: Words = Field((), description="Its colours, the main one first")
    materials: Words = Field((), description="What it seems to be made of")
    pattern: Word = Field("", description="Its pattern, or 'solid'")
    style: Words = Field((), description="Words for its style")
    occasion: Words = Field((), description="Occasions and uses it suits")
    audience: Word = Field("", description="Whom it is for, if that shows")
    description: str = Field(
        min_length=1, max_length=5000, description="The product in two or three sentences"
    )

    def facet(self, name: str) -> str:
        """Return one facet (a key of `FACETS`) as text, empty where the answer has none."""
        value = getattr(self, FACETS[name])
        return value if isinstance(value, str) else ", ".join(value)


FACETS = {
    "category": "category",
    "colour": "colors",
    "pattern": "pattern",
    "material": "materials",
    "style": "style",
    "occasion": "occasion",
    "audience": "audience",
}
"""From the name of each facet to the field of `Answer` that holds it."""


class Provenance(BaseModel):
    """How a grounding came to be: enough to tell whether it is stale, and what it cost.

    ``tokens_in`` counts the prompt with the photo, ``tokens_cached`` the part of it that the
    server read from its cache, ``tokens_written`` the part that it wrote there, ``tokens_out``
    the answer; None where the server did not say. ``cost`` is in US dollars, None where no
    price is known. ``created`` is UTC in ISO 8601. ``seconds`` is the time the model took.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    model: str
    prompt_id: str
    parameters: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    photo_sha256: str
    finish_reason: str | None = None
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None
    created: str
    tokens_written: int | None = None
    cost: float | None = None


class Grounding(BaseModel):
    """What an LVLM wrote about one photo, and where that came from.

    ``flags`` are what the quality gates found, by name; None where they have not looked yet.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    answer: Answer
    provenance: Provenance
    flags: tuple[str, ...] | None = None
