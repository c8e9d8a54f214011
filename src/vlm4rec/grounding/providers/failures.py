"""What an error of a model server's client means for the photo, and for the run.

The official clients of OpenAI and Anthropic name their exceptions alike; what differs between
two servers is in each provider's own module beside this one.
"""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from vlm4rec.errors import LVLMError

__all__ = [
    "ErrorInAnswerError",
    "Refusal",
    "SentTwiceError",
    "Server",
    "UnreadableError",
    "explain",
    "field_of",
    "from_refusal",
    "retry_after",
    "unknown_parameter",
]

_RETRYABLE = (408, 409, 429)
_OVERLOADED = (429, 503, 529)
_UNSENT = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "LocalProtocolError",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "WriteError",
        "WriteTimeout",
    }
)
"""What the HTTP library raises before a request has gone out whole: nobody answered that."""

_UNKNOWN = re.compile(
    r"support|deprecat|permitted|allowed|unknown|unrecogni[sz]ed|unexpected|removed", re.IGNORECASE
)
_LONGEST = 200
_BASE64 = re.compile(r"(?:data:image/[^,\s]*,)?[A-Za-z0-9+/=]{100,}|data:image/[^,\s]*,")
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")


@dataclass(frozen=True, slots=True)
class Server:
    """A model server, as its failures are told.

    Parameters
    ----------
    name
        What it is called in a sentence.
    key_variable
        The environment variable that holds the key for it; empty if it is sent none.
    timeout
        The seconds that it has for an answer.
    secrets
        Strings that servers have been seen to quote and that must go nowhere.
    """

    name: str
    key_variable: str
    timeout: float
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def begins(self) -> str:
        """Return the name as a sentence begins with it."""
        return self.name[:1].upper() + self.name[1:]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error.

    Parameters
    ----------
    status
        The HTTP status.
    message
        The server's own words, which may quote anything.
    headers
        With names in lower case.
    spent
        Whether the account has no money left.
    its_own
        Whether it is about this photo alone, whatever the status means elsewhere.
    """

    status: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    spent: bool = False
    its_own: bool = False


class UnreadableError(ValueError):
    """An answer that holds no message."""


class SentTwiceError(ValueError):
    """The answer to an earlier question, in the place of the answer to this one."""


class ErrorInAnswerError(ValueError):
    """An error that came with status 200: a gateway had sent its headers already."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal


def explain(error: Exception, client: Any, server: Server, refusal: Refusal | None) -> LVLMError:
    """Return the error that tells the run what to do; it quotes no secret and no photo.

    Parameters
    ----------
    error
        What the client raised, or the reading of its answer.
    client
        The client's module, whose exceptions are to be understood.
    server
        Who was asked.
    refusal
        What the server answered, where it answered with a status of 400 or more.
    """
    if isinstance(error, ErrorInAnswerError):
        refusal = error.refusal
    if refusal is not None:
        return from_refusal(refusal, server)
    cause = type(error.__cause__).__name__
    sent = cause not in _UNSENT
    if isinstance(error, (client.APITimeoutError, TimeoutError)):
        what = f"{server.begins()} did not answer within {server.timeout:g} seconds."
        return LVLMError(what, retryable=True, charged=sent)
    if isinstance(error, client.APIConnectionError):
        what = f"The connection to {server.name} failed ({cause})."
        return LVLMError(what, "See that it runs.", retryable=True, charged=sent)
    if isinstance(error, SentTwiceError):
        what = f"{server.begins()} sent the answer to another photo once more."
        return LVLMError(what, retryable=True, charged=True)
    if isinstance(error, (client.APIError, ValueError, RecursionError)):
        what = f"{server.begins()} answered with something unreadable."
        return LVLMError(what, retryable=True, charged=True)
    return LVLMError(f"Asking {server.name} failed ({type(error).__name__}).")


def from_refusal(refusal: Refusal, server: Server) -> LVLMError:
    """Return what a status of 400 or more means; nothing is charged for it."""
    status = refusal.status
    said = _said(refusal.message, server.secrets)
    remedy = _remedy(refusal, server)
    return LVLMError(
        f"{server.begins()} answered {status}{': ' + said if said else ''}.",
        remedy,
        retryable=(status in _RETRYABLE or status >= 500) and not refusal.spent,
        fatal=(status in (401, 402, 403, 404) or refusal.spent) and not refusal.its_own,
        retry_after=retry_after(refusal.headers),
        overloaded=status in _OVERLOADED and not refusal.spent,
    )


def _remedy(refusal: Refusal, server: Server) -> str:
    if refusal.its_own:
        return ""
    if refusal.spent or refusal.status == 402:
        return "Add to the account's credit."
    if refusal.status in (401, 403) and not server.key_variable:
        return "It was sent no key: if the server is yours, name it with --lvlm and --base-url."
    return {
        401: f"Set {server.key_variable} to a valid key.",
        403: f"Check what the key in {server.key_variable} may do.",
        404: "Check the model's name and the base URL.",
        413: "Send smaller photos: lower max_side.",
    }.get(refusal.status, "")


def _said(message: str, secrets: tuple[str, ...]) -> str:
    """Return the server's own message as one short line without secrets."""
    for secret in filter(None, secrets):
        message = message.replace(secret, "***")
    message = _USERINFO.sub("", _BASE64.sub("...", message))
    line = " ".join(message.split()).rstrip(".")
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."


def unknown_parameter(name: str, message: str) -> bool:
    """Tell whether a server's message says that it takes no such parameter, whatever its value.

    >>> unknown_parameter("temperature", "`temperature` is deprecated for this model.")
    True
    >>> unknown_parameter("temperature", "temperature must be at most 2")
    False
    """
    return name in message and _UNKNOWN.search(message) is not None


def field_of(body: object, name: str) -> str:
    """Return a text from a body of any shape, empty where there is none."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


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
