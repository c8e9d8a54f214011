from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vlm4rec.grounding.money.photo import Fixed, Patches, PhotoTokens, Tiles, photo_tokens
from vlm4rec.grounding.money.prices import PriceTable

GPT_4O = Tiles(rule="tiles", base=85, tile=170)
GPT_4_1_MINI = Patches(rule="patches", patch=32, most=1536, multiplier=1.62)
GPT_6 = Patches(rule="patches", patch=32, multiplier=1.2)
CLAUDE = Patches(rule="patches", patch=28, most=1568, side=1568)
RULES = list({price.photo for price in PriceTable.load()})

sides = st.integers(1, 6000)


@pytest.mark.parametrize(
    ("width", "height", "tokens"),
    [
        (1024, 1024, 765),  # OpenAI's own examples
        (2048, 4096, 1105),
        (128, 64, 255),  # charged so: a small photo is not made larger
        (512, 512, 255),
        (768, 768, 765),
    ],
)
def test_tiles(width: int, height: int, tokens: int) -> None:
    assert GPT_4O.tokens(width, height) == tokens
    assert GPT_4O.tokens(height, width) == tokens


@pytest.mark.parametrize(
    ("rule", "width", "height", "tokens"),
    [
        (GPT_4_1_MINI, 1024, 1024, 1659),
        (GPT_4_1_MINI, 4000, 1474, 2489),  # at its cap
        (GPT_6, 256, 256, 77),  # as charged
        (GPT_6, 512, 512, 308),
        (GPT_6, 768, 768, 692),
        (GPT_6, 1280, 720, 1104),
        (CLAUDE, 256, 256, 100),  # as charged, less what was charged for the text around
        (CLAUDE, 512, 512, 361),
        (CLAUDE, 768, 768, 784),
        (CLAUDE, 1280, 720, 1196),
    ],
)
def test_patches(rule: Patches, width: int, height: int, tokens: int) -> None:
    assert rule.tokens(width, height) == tokens


def test_patches_never_pass_their_cap() -> None:
    assert CLAUDE.tokens(8000, 8000) == 1568
    assert Patches(rule="patches", patch=28, side=1568).tokens(3136, 28) == 56


def test_fixed() -> None:
    assert Fixed(rule="fixed", tokens=1120).tokens(4000, 3000) == 1120
    gemini = Fixed(rule="fixed", tokens=258, side=768, most=2304)
    assert gemini.tokens(768, 768) == 258
    assert gemini.tokens(769, 768) == 516
    assert photo_tokens(gemini, (768, 768), 768) == PhotoTokens(258, 2304)


def test_the_photo_is_counted_as_it_is_sent() -> None:
    assert photo_tokens(CLAUDE, (3000, 3000), 768) == PhotoTokens(784, 784)
    assert photo_tokens(CLAUDE, (100, 100), 768) == PhotoTokens(16, 16)


def test_of_an_unknown_size_any_shape_is_allowed_for() -> None:
    assert photo_tokens(CLAUDE, (0, 0), 768) == PhotoTokens(784, 784)
    # 2048 × 768 is eight tiles, where 2048 × 2048 is made smaller and four.
    assert photo_tokens(GPT_4O, (0, 0), 2048) == PhotoTokens(765, 85 + 8 * 170)


@given(rule=st.sampled_from(RULES), width=sides, height=sides, max_side=st.integers(1, 4000))
def test_the_bound_holds_for_every_size(
    rule: Tiles | Patches | Fixed, width: int, height: int, max_side: int
) -> None:
    known = photo_tokens(rule, (width, height), max_side)
    unknown = photo_tokens(rule, (0, 0), max_side)
    assert known.expected <= known.most <= unknown.most
    assert photo_tokens(rule, (height, width), max_side) == known


@given(width=st.integers(1, 300), height=st.integers(1, 300), max_side=st.integers(1, 200))
def test_the_size_as_sent_is_the_one_that_pillow_makes(
    width: int, height: int, max_side: int
) -> None:
    photo = Image.new("1", (width, height))
    photo.thumbnail((max_side, max_side))
    rule = Patches(rule="patches", patch=1)
    sent = photo.width * photo.height
    counted = photo_tokens(rule, (width, height), max_side).most
    assert sent <= counted <= sent + max_side
