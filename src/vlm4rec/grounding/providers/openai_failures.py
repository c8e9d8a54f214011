"""What an error of the openai client means for the photo, and for the run."""

from __future__ import annotations

from collections.abc import Mapping

import openai

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.providers import failures
from vlm4rec.grounding.providers.failures import ErrorInAnswerError, Refusal, Server, field_of

__all__ = ["FAILURES", "REFUSED", "explain", "no_temperature", "see_no_error"]

FAILURES = (openai.OpenAIError, TimeoutError, ValueError, RecursionError)
"""What a request may raise, through the server's fault; an unreadable answer is a ValueError."""

REFUSED = (openai.BadRequestError, openai.UnprocessableEntityError)
"""What it raises where the server doesn't take the request as it is."""


def explain(error: Exception, server: Server) -> LVLMError:
    """Return the error that tells the run what to do; it quotes no secret and no photo."""
    refusal = None
    if isinstance(error, openai.APIStatusError) and error.status_code >= 400:
        refusal = _refusal(error.status_code, error.body, error.response.headers)
    return failures.explain(error, openai, server, refusal)


def no_temperature(error: Exception) -> bool:
    """Tell whether a request was refused because the model takes no temperature."""
    message = field_of(getattr(error, "body", None), "message")
    return failures.unknown_parameter("temperature", message)


def see_no_error(answer: Mapping[str, object]) -> None:
    """Raise the error that a gateway sends in the place of an answer, with status 200."""
    body = answer.get("error")
    if isinstance(body, dict) and not answer.get("choices"):
        code = body.get("code")
        status = code if isinstance(code, int) and 400 <= code < 600 else 502
        raise ErrorInAnswerError(_refusal(status, body, {}))


def _refusal(status: int, body: object, headers: Mapping[str, str]) -> Refusal:
    metadata = body.get("metadata") if isinstance(body, dict) else None
    return Refusal(
        status,
        field_of(body, "message"),
        headers,
        spent=status == 429 and field_of(body, "code") == "insufficient_quota",
        # OpenRouter says 403 also where a filter stops one photo, and then says why.
        its_own=status == 403 and isinstance(metadata, dict) and "reasons" in metadata,
    )
