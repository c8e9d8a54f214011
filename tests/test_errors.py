"""The exception file opens with the tree; it must be the tree."""

from __future__ import annotations

import re

from vlm4rec import errors


def test_the_docstring_is_the_whole_tree() -> None:
    told: list[tuple[int, str]] = [
        (len(indent) // 2, name)
        for indent, name in re.findall(r"^( *)\* (\w+)", errors.__doc__ or "", re.MULTILINE)
    ]
    real: list[tuple[int, str]] = []

    def walk(kind: type[Exception], depth: int) -> None:
        real.append((depth, kind.__name__))
        for child in kind.__subclasses__():
            walk(child, depth + 1)

    walk(errors.Vlm4recError, 0)
    assert told == real
    assert sorted(name for _, name in real) == errors.__all__


def test_message_and_remedy_make_one_text() -> None:
    assert str(errors.ShopError("It is broken.", "Mend it.")) == "It is broken. Mend it."
    assert str(errors.ShopError("It is broken.")) == "It is broken."
