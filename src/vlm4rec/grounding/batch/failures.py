"""What a request's own failure in a batch means: whether it goes back in line."""

from __future__ import annotations

import re

from vlm4rec.errors import LVLMError

__all__ = ["failed_request", "short"]

_LONGEST = 200
_BASE64 = re.compile(r"(?:data:image/[^,\s]*,)?[A-Za-z0-9+/=]{100,}|data:image/[^,\s]*,")


def short(message: object) -> str:
    r"""Return what a server said as one short line, without photos.

    >>> short("No\n such   model."), short(None)
    ('No such model', '')
    """
    if not isinstance(message, str):
        return ""
    line = " ".join(_BASE64.sub("...", message).split()).rstrip(".")
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."


def failed_request(message: object, *, retryable: bool, charged: bool = False) -> LVLMError:
    """Return the error of one request of a batch."""
    said = short(message)
    return LVLMError(
        f"The batch has no answer for it{': ' + said if said else ''}.",
        retryable=retryable,
        charged=charged,
    )
