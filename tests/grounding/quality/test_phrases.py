from __future__ import annotations

import pytest

from vlm4rec.grounding.quality.lettering import own_words
from vlm4rec.grounding.quality.phrases import Phrases
from vlm4rec.grounding.quality.subject import words_of


def found(phrases: Phrases, text: str) -> str:
    return phrases.find(text, frozenset(words_of(text)))


@pytest.mark.parametrize(
    ("line", "text", "is_there"),
    [
        ("buy! now", "do buy now.", True),
        ("buy! now", "do buy nowhere", False),
        ("buy! now", "rebuy now", False),
        ("buy! [it|this] now", "buy now", True),
        ("buy! [it|this] now", "buy this now", True),
        ("buy! *2 now", "buy one or two now", False),
        ("buy! *3 now", "buy one, or two now", True),
        ("^ buy! now", "a bag. buy now", True),
        ("^ buy! now", "a bag to buy now", False),
        ("^^ buy! now", "a bag. buy now", False),
        ("^^ buy! now", '"buy now"', True),
        ("<verb>! now", "get it now", True),
        ("<verb>! now", "get now", False),
        ("can_not! buy", "can not buy", True),
    ],
)
def test_the_notation(line: str, text: str, is_there: bool) -> None:
    assert bool(found(Phrases(line, verb="get_it buy_it"), text)) is is_there


def test_a_line_needs_a_plain_key() -> None:
    for line in ("buy now", r"bu\w+! now"):
        with pytest.raises(ValueError, match="has no plain word for its key"):
            Phrases(line)


@pytest.mark.parametrize(
    "text",
    [
        "A tee reading one two on the front",
        'A tee with "one two" on it',
        "A tee with 'one two' on it",
        "A tee with “one two” on it",
        "A tee with «one two» on it",
        "A tee with ONE TWO across the chest",
        "A tee with the words one two on it",
        "The label says: one two",
    ],
)
def test_lettering_is_taken_out(text: str) -> None:
    assert "two" not in own_words(text).lower()
    assert own_words(text).startswith(("A tee", "The label"))


@pytest.mark.parametrize(
    "text",
    [
        "The women's coat and the girls' hats, don't they match?",
        "A rock 'n' roll jacket.",
        "ALWAYS ONE TWO.",
        '"one two"',
        "A T-shirt in XL and XS sizes.",
    ],
)
def test_what_is_no_lettering_stays(text: str) -> None:
    kept = words_of(own_words(text))
    assert [word for word in words_of(text) if word not in kept] in ([], ["n"])


def test_after_the_lettering_the_description_goes_on() -> None:
    assert "three" in own_words("A tee reading one two. Three four.").lower()
