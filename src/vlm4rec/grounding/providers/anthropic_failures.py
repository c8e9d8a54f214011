"""What an error of the anthropic client means for the photo, and for the run."""

from __future__ import annotations

from collections.abc import Mapping

import anthropic

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.providers import failures
from vlm4rec.grounding.providers.failures import ErrorInAnswerError, Refusal, Server, field_of

__all__ = ["FAILURES", "REFUSED", "explain", "no_temperature", "see_no_error"]

FAILURES = (anthropic.AnthropicError, TimeoutError, ValueError, RecursionError)
"""What a request may raise, through the server's fault; an unreadable answer is a ValueError."""

REFUSED = (anthropic.BadRequestError, anthropic.UnprocessableEntityError)
"""What it raises where the server doesn't take the request as it is."""

_STATUSES = {"overloaded_error": 529, "rate_limit_error": 429, "billing_error": 402}


def explain(error: Exception, server: Server) -> LVLMError:
    """Return the error that tells the run what to do; it quotes no secret and no photo."""
    refusal = None
    if isinstance(error, anthropic.APIStatusError) and error.status_code >= 400:
        refusal = _refusal(error.status_code, error.body, error.response.headers)
    return failures.explain(error, anthropic, server, refusal)


def no_temperature(error: Exception) -> bool:
    """Tell whether a request was refused because the model takes no temperature."""
    message = field_of(_inner(getattr(error, "body", None)), "message")
    return failures.unknown_parameter("temperature", message)


def see_no_error(answer: Mapping[str, object]) -> None:
    """Raise the error that came in the place of an answer, with status 200."""
    if answer.get("type") == "error" or ("error" in answer and not answer.get("content")):
        raise ErrorInAnswerError(_refusal(502, answer, {}))


def _refusal(status: int, body: object, headers: Mapping[str, str]) -> Refusal:
    """Read an error; its type counts for more than the status, which a proxy may have changed."""
    inner = _inner(body)
    status = _STATUSES.get(field_of(inner, "type"), status)
    message = field_of(inner, "message")
    # An account without credit is told so with status 400, like a photo that can't be read.
    spent = status == 402 or (status == 400 and "credit balance" in message)
    return Refusal(status, message, headers, spent=spent)


def _inner(body: object) -> object:
    return body.get("error") if isinstance(body, dict) else None
