"""Understanding what an LVLM wrote: strictly where it can be, tolerantly where it must be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from vlm4rec.errors import AnswerError
from vlm4rec.grounding.lvlm import LVLMAnswer
from vlm4rec.grounding.schema import Answer

__all__ = ["Reading", "explain", "parse_answer", "read_answer"]

_LONGEST = 100_000
"""Characters; a longer text is a model that did not stop."""

_SHORTEST_PROSE = 40
"""Characters; less than that is no description but "Sorry." or "A dress."."""

_OBJECTS = 50
"""How many opening braces are tried as the start of the answer."""

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_JSON = json.JSONDecoder(strict=False)  # models write line breaks inside strings


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of an LVLM's answer.

    Parameters
    ----------
    answer
        The answer, or None if it can't be used.
    reason
        Why it can't be, in one word: ``"refused"``, ``"empty"``, ``"truncated"`` or
        ``"malformed"``.
    what
        The same as a sentence.
    """

    answer: Answer | None
    reason: str = ""
    what: str = ""


def read_answer(came: LVLMAnswer) -> Reading:
    """Understand an answer in the light of how it ended; never raises.

    Examples
    --------
    >>> read_answer(LVLMAnswer('{"description": "A bl', "m", finish_reason="length")).reason
    'truncated'
    """
    if came.finish_reason in ("refusal", "content_filter"):
        return Reading(None, "refused", "The model refused to describe the photo.")
    if not came.text.strip():
        return Reading(None, "empty", "The answer is empty.")
    if came.finish_reason == "length":
        return Reading(None, "truncated", "The answer was cut off at the limit of tokens.")
    try:
        return Reading(parse_answer(came.text))
    except AnswerError as error:
        reason = "refused" if _refusal(came.text) else "malformed"
        return Reading(None, reason, str(error))


def parse_answer(text: str) -> Answer:
    """Understand what a model wrote.

    JSON by the schema is taken as it is. So is one JSON object in a fenced block or between
    sentences, with trailing commas or line breaks in strings, as servers without structured
    output give it. Prose without any JSON becomes the description, with no attributes.

    Parameters
    ----------
    text
        The answer, word for word.

    Raises
    ------
    AnswerError
        If there is no description in it; the message says what there is instead.

    Examples
    --------
    >>> parse_answer('Here it is: {"category": "dress", "description": "A red dress.",}').category
    'dress'
    """
    try:
        return Answer.model_validate_json(text)
    except ValidationError as error:
        wrong = error
    if len(text) > _LONGEST:
        raise AnswerError(f"The answer is {len(text):,} characters long.")
    body = _THOUGHT.sub("", text).strip()
    if not body:
        raise AnswerError("The answer is empty.")
    if "{" not in body and not body.startswith(("[", '"', "```")):
        return _prose(body)
    return _from_json(body, wrong)


def explain(error: ValidationError) -> str:
    """Tell the first thing that is wrong, without quoting what the model wrote."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    what = first["msg"].partition(":")[0]
    return f"{where}: {what}" if where else what


def _from_json(body: str, wrong: ValidationError) -> Answer:
    """Take the first object that is an answer; where none is, tell of the first."""
    problems = []
    for found in _objects(body):
        if found.get("refusal") and not found.get("description"):
            raise AnswerError("The model refused to describe the photo.")
        try:
            return Answer.model_validate(found)
        except ValidationError as error:
            problems.append(error)
    raise _not_as_asked(problems[0] if problems else wrong)


def _objects(body: str) -> Iterator[dict[str, object]]:
    """Give the JSON objects in a text, the outermost ones."""
    for candidate in dict.fromkeys((body, _COMMA.sub(r"\1", body))):
        start = candidate.find("{")
        for _ in range(_OBJECTS):
            if start < 0:
                break
            end = start + 1
            try:
                found, end = _JSON.raw_decode(candidate, start)
            except (ValueError, RecursionError):
                pass
            else:
                yield found
            start = candidate.find("{", end)


def _prose(body: str) -> Answer:
    if len(body) < _SHORTEST_PROSE:
        raise AnswerError(f"The answer is neither JSON nor a description: {len(body)} characters.")
    try:
        return Answer(description=body)
    except ValidationError as error:
        raise _not_as_asked(error) from None


def _refusal(text: str) -> bool:
    return any(found.get("refusal") and not found.get("description") for found in _objects(text))


def _not_as_asked(error: ValidationError) -> AnswerError:
    return AnswerError(f"The answer is not as asked for: {explain(error)}.")
