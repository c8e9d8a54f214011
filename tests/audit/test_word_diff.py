from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.audit.word_diff import word_diff

TEXT = st.text(st.sampled_from("ab .,-'\n\u00e9"), max_size=40) | st.text(max_size=20)


@given(TEXT, TEXT)
def test_the_pieces_make_the_texts(first: str, second: str) -> None:
    left, right = word_diff(first, second)
    assert "".join(text for text, _ in left) == first
    assert "".join(text for text, _ in right) == second
    assert "".join(text for text, same in left if same) == "".join(
        text for text, same in right if same
    )


@given(TEXT)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(same for _, same in word_diff(text, text)[0])


def test_words_are_taken_whole() -> None:
    assert word_diff("a black boot", "a blue boot")[0] == [
        ("a ", True),
        ("black", False),
        (" boot", True),
    ]


def test_very_long_texts_are_not_compared_word_by_word() -> None:
    long = "word " * 5_000
    assert word_diff(long, long + "!") == ([(long, False)], [(long + "!", False)])
