"""Shows doctests that stand under no heading of their docstring as examples.

To a numpydoc parser they are prose without the heading ``Examples``, and Markdown then makes
quotations of their prompts.
"""

import re
from typing import Any

import griffe

_FIRST = re.compile(r"^>>> ", re.MULTILINE)
_HEADING = re.compile(r"^Examples\n-+$", re.MULTILINE)


class Doctests(griffe.Extension):
    """Puts the heading before the first example of each docstring that lacks it."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Look at one docstring."""
        docstring = obj.docstring
        if docstring is None or _HEADING.search(docstring.value):
            return
        docstring.value = _FIRST.sub("Examples\n--------\n>>> ", docstring.value, count=1)
