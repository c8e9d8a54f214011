"""The words of a question, and the structure of its answer: by a JSON schema, or in words."""

from __future__ import annotations

import functools
from typing import Any

from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.schema import Answer

__all__ = ["AGAIN", "IN_WORDS", "strict_schema", "worded"]

AGAIN = (
    "Look closely at this very photo, and write complete sentences in English about what it shows."
)
"""What is added to a question whose first answer was not good enough."""

_KEYWORDS = ("type", "items", "description")
"""What servers with strict schemas take; they refuse lengths, defaults and titles."""


@functools.cache
def strict_schema() -> dict[str, Any]:
    """Return the JSON schema of an answer as strict structured output wants it.

    Every field is required, none besides may come, and limits on lengths are left to the
    validation that follows. It is made once, so nobody may change it.

    >>> schema = strict_schema()
    >>> schema["additionalProperties"], schema["required"][0]
    (False, 'category')
    """
    properties = Answer.model_json_schema()["properties"]
    return {
        "type": "object",
        "properties": {name: _strict(schema) for name, schema in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {keyword: schema[keyword] for keyword in _KEYWORDS if keyword in schema}
    return kept | {"items": _strict(kept["items"])} if "items" in kept else kept


def _in_words() -> str:
    lines = [
        f"- {name} ({'a list of strings' if schema['type'] == 'array' else 'a string'}): "
        f"{schema['description']}"
        for name, schema in strict_schema()["properties"].items()
    ]
    return "\n".join(("Answer with one JSON object and nothing else. Its fields are:", *lines))


IN_WORDS = _in_words()
"""The same as an instruction, for servers that take no schema."""


def worded(request: GroundingRequest, *, in_words: bool = False) -> str:
    """Return what is asked about a photo.

    Parameters
    ----------
    request
        Asked again, it gets a sentence more (`AGAIN`), so that the answer may differ.
    in_words
        Whether the structure of the answer must be asked for in words.
    """
    parts = [request.question]
    if request.again:
        parts.append(AGAIN)
    if in_words:
        parts.append(IN_WORDS)
    return "\n\n".join(parts)
