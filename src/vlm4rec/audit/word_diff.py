"""The words that two texts have in common, and those that they have not."""

from __future__ import annotations

import difflib
import re

__all__ = ["Piece", "word_diff"]

Piece = tuple[str, bool]
"""A part of a text, and whether the other text has it at this place, too."""

_TOKEN = re.compile(r"\s+|\w+(?:['’-]\w+)*|[^\w\s]")
_LONGEST = 4_000
"""Words a text; of longer ones no words are compared, since that takes the square of them."""


def word_diff(first: str, second: str) -> tuple[list[Piece], list[Piece]]:
    """Split two texts into what both have and what only one of them has.

    Joined together, the pieces of each are that text again.

    Examples
    --------
    >>> word_diff("A red dress.", "A long red dress.")
    ([('A red dress.', True)], [('A', True), (' long', False), (' red dress.', True)])
    """
    a, b = _TOKEN.findall(first), _TOKEN.findall(second)
    if max(len(a), len(b)) > _LONGEST:
        return [(first, first == second)], [(second, first == second)]
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        same = tag == "equal"
        _add(left, "".join(a[a_from:a_to]), same)
        _add(right, "".join(b[b_from:b_to]), same)
    return left, right


def _add(pieces: list[Piece], text: str, same: bool) -> None:
    if not text:
        return
    if pieces and pieces[-1][1] == same:
        pieces[-1] = (pieces[-1][0] + text, same)
    else:
        pieces.append((text, same))
