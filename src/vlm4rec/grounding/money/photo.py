"""How many tokens a photo is: each provider counts in its own way.

- `Tiles`: OpenAI's GPT-4o, GPT-4.1, GPT-5 and 5.1. Source: OpenAI, "Images and vision",
  calculating costs.
- `Patches`: OpenAI's GPT-4.1 mini and nano, GPT-5 mini and nano (same source), and all since
  GPT-5.2; Anthropic's Claude (source: Anthropic, "Vision", image costs).
- `Fixed`: Google's Gemini. Source: Google, "Media resolution", token counts.

For the models since GPT-5.2 no page of OpenAI's that was found names a multiplier. Users who
counted were charged 1.2 tokens a patch: 77, 308 and 692 for squares of 256, 512 and 768 pixels.
Anthropic's rule replaces its older one of width × height / 750, which gives nearly the same.
Gemini 2.5 counts 258 tokens for each square of 768 pixels by one page of Google's; by another it
looks closer at parts of a photo, which makes up to about 2,048 tokens more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Fixed", "Patches", "PhotoRule", "PhotoTokens", "Tiles", "photo_tokens"]

_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Pixels = Annotated[int, Field(ge=1, le=100_000)]

_TILE = 512
_FIT = 2048
_SHORT = 768


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Tiles(_Rule):
    """A base, and so many tokens for each tile of 512 × 512 pixels, whole or in part.

    Before, the photo is made smaller until it fits 2048 × 2048 pixels, and then until its
    shorter side has 768. It is never made larger, as the counts that users published show.

    >>> Tiles(rule="tiles", base=85, tile=170).tokens(1024, 1024)
    765
    """

    rule: Literal["tiles"]
    base: _Count
    tile: _Count

    def tokens(self, width: int, height: int) -> int:
        """Return the tokens of a photo of that size."""
        fit = min(1.0, _FIT / max(width, height))
        short = min(1.0, _SHORT / (min(width, height) * fit))
        return self.base + self.tile * math.prod(
            _pieces(side * fit * short, _TILE) for side in (width, height)
        )


class Patches(_Rule):
    """A patch of so many pixels square, whole or in part, is ``multiplier`` tokens.

    A photo whose longer side has more than ``side`` pixels is made smaller first. One that has
    more than ``most`` patches after that is made smaller still; it is counted as ``most``,
    which may be a few in a hundred too many.

    >>> Patches(rule="patches", patch=32, multiplier=1.62, most=1536).tokens(1024, 1024)
    1659
    """

    rule: Literal["patches"]
    patch: _Pixels
    multiplier: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    most: Annotated[int, Field(ge=1)] | None = None
    side: _Pixels | None = None

    def tokens(self, width: int, height: int) -> int:
        """Return the tokens of a photo of that size."""
        fit = 1.0 if self.side is None else min(1.0, self.side / max(width, height))
        patches = math.prod(_pieces(side * fit, self.patch) for side in (width, height))
        if self.most is not None:
            patches = min(patches, self.most)
        return math.ceil(round(patches * self.multiplier, 6))


class Fixed(_Rule):
    """So many tokens whatever the size, or for each square of ``side`` pixels.

    ``most`` is what one photo may be at most, where a provider says no more than that.

    >>> Fixed(rule="fixed", tokens=258, side=768).tokens(1000, 700)
    516
    """

    rule: Literal["fixed"]
    each: _Count = Field(alias="tokens")
    side: _Pixels | None = None
    most: _Count = 0

    def tokens(self, width: int, height: int) -> int:
        """Return the tokens of a photo of that size."""
        if self.side is None:
            return self.each
        return self.each * _pieces(width, self.side) * _pieces(height, self.side)


PhotoRule = Annotated[Tiles | Patches | Fixed, Field(discriminator="rule")]
"""One of the rules, told apart by its ``rule``."""


@dataclass(frozen=True, slots=True)
class PhotoTokens:
    """The tokens of a photo: what is expected, and the most that it may be."""

    expected: int
    most: int


def photo_tokens(
    rule: Tiles | Patches | Fixed, size: tuple[int, int], max_side: int
) -> PhotoTokens:
    """Count the tokens of a photo as it is sent: its longer side at most ``max_side`` pixels.

    Parameters
    ----------
    rule
        How the model counts.
    size
        Width and height of the photo in pixels, (0, 0) where they are not known. Then a square
        of ``max_side`` is expected, and any shape within it allowed for.
    max_side
        As the photo is sent; smaller photos are sent as they are.

    Examples
    --------
    >>> rule = Patches(rule="patches", patch=28, most=1568)
    >>> photo_tokens(rule, (1536, 1024), 768)
    PhotoTokens(expected=532, most=532)
    """
    if min(size) < 1:
        return _unknown(rule, max_side)
    width, height = max(size), min(size)
    if width <= max_side:
        return _counted(rule, width, height, height)
    short = height * max_side / width
    # Shrinking rounds to the pixel above or below, whichever keeps the shape better.
    return _counted(rule, max_side, max(1, math.floor(short)), math.ceil(short))


@lru_cache(maxsize=4096)
def _counted(rule: Tiles | Patches | Fixed, width: int, height: int, or_height: int) -> PhotoTokens:
    tokens = max(rule.tokens(width, height), rule.tokens(width, or_height))
    return PhotoTokens(expected=tokens, most=_at_most(rule, tokens))


@lru_cache(maxsize=256)
def _unknown(rule: Tiles | Patches | Fixed, max_side: int) -> PhotoTokens:
    # A narrower photo may be more tiles: its shorter side need not be made smaller.
    tokens = max(rule.tokens(max_side, height) for height in range(1, max_side + 1))
    return PhotoTokens(expected=rule.tokens(max_side, max_side), most=_at_most(rule, tokens))


def _at_most(rule: Tiles | Patches | Fixed, tokens: int) -> int:
    return max(tokens, rule.most) if isinstance(rule, Fixed) else tokens


def _pieces(length: float, piece: int) -> int:
    return math.ceil(round(length / piece, 6))
