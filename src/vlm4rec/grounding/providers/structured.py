"""Asking for an answer's structure: by a JSON schema, or in words."""

from __future__ import annotations

from typing import Any

from vlm4rec.grounding.schema import Answer

__all__ = ["IN_WORDS", "strict_schema"]

_KEYWORDS = ("type", "items", "description")
"""What servers with strict schemas take; they refuse lengths, defaults and titles."""


def strict_schema() -> dict[str, Any]:
    """Return the JSON schema of an answer as strict structured output wants it.

    Every field is required, none besides may come, and limits on lengths are left to the
    validation that follows.

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
