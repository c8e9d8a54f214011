"""What an error of the openai client means for the photo, and for the run."""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC

import openai

from vlm4rec.errors import LVLMError

__all__ = ["FAILURES", "explain", "retry_after"]

FAILURES = (openai.OpenAIError, TimeoutError, ValueError, RecursionError)
"""What a request may raise, through the server's fault; an unreadable answer is a ValueError."""

_RETRYABLE = (408, 409, 429)
_REMEDIES = {
    401: "Set OPENAI_API_KEY to a valid key.",
    403: "Check what the key in OPENAI_API_KEY may do.",
    404: "Check the model's name and the base URL.",
}
_LONGEST = 200
_BASE64 = re.compile(r"(?:data:image/[^,\s]*,)?[A-Za-z0-9+/=]{100,}|data:image/[^,\s]*,")
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")


def explain(error: Exception, server: str, timeout: float, secrets: Sequence[str]) -> LVLMError:
    """Return the error that tells the run what to do; it quotes no secret and no photo.

    Parameters
    ----------
    error
        What the client raised.
    server
        What the server is called in a sentence.
    timeout
        The seconds that it had.
    secrets
        Strings that servers have been seen to quote and that must go nowhere.
    """
    if isinstance(error, (openai.APITimeoutError, TimeoutError)):
        return LVLMError(
            f"{_named(server)} did not answer within {timeout:g} seconds.", retryable=True
        )
    if isinstance(error, openai.APIConnectionError):
        why = type(error.__cause__).__name__
        return LVLMError(
            f"The connection to {server} failed ({why}).", "See that it runs.", retryable=True
        )
    if isinstance(error, openai.APIStatusError) and error.status_code >= 400:
        return _from_status(error, server, secrets)
    if not isinstance(error, openai.OpenAIError) or isinstance(error, openai.APIError):
        return LVLMError(f"{_named(server)} answered with something unreadable.", retryable=True)
    return LVLMError(f"Asking {server} failed ({type(error).__name__}).")


def _from_status(error: openai.APIStatusError, server: str, secrets: Sequence[str]) -> LVLMError:
    status = error.status_code
    spent = status == 429 and error.code == "insufficient_quota"
    said = _said(error.body, secrets)
    return LVLMError(
        f"{_named(server)} answered {status}{': ' + said if said else ''}.",
        "Add to the account's credit." if spent else _REMEDIES.get(status, ""),
        retryable=(status in _RETRYABLE or status >= 500) and not spent,
        fatal=status in _REMEDIES or spent,
        retry_after=retry_after(error.response.headers),
    )


def _named(server: str) -> str:
    return server[:1].upper() + server[1:]


def _said(body: object, secrets: Sequence[str]) -> str:
    """Return the server's own message as one short line without secrets."""
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        return ""
    for secret in filter(None, secrets):
        message = message.replace(secret, "***")
    message = _USERINFO.sub("", _BASE64.sub("...", message))
    line = " ".join(message.split()).rstrip(".")
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, which it says in one of three ways.

    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "500"}), retry_after({})
    (2.0, 0.5, None)
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        return max(0.0, seconds) if math.isfinite(seconds) else None
    return _until(headers.get("retry-after", ""))


def _until(date: str) -> float | None:
    try:
        then = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, then.timestamp() - time.time())
