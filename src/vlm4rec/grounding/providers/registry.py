"""From the name of an LVLM to the LVLM."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any, cast

from vlm4rec.errors import DataError
from vlm4rec.grounding.lvlm import LVLM

__all__ = ["PROVIDERS", "lvlm_from_spec"]

_HERE = "vlm4rec.grounding.providers"

PROVIDERS = {
    "recorded": (f"{_HERE}.recorded", "RecordedLVLM", "recorded:FILE"),
    "openai": (f"{_HERE}.openai", "OpenAILVLM", "openai:MODEL"),
    "anthropic": (f"{_HERE}.anthropic", "AnthropicLVLM", "anthropic:MODEL"),
    "transformers": (f"{_HERE}.transformers", "TransformersLVLM", "transformers:MODEL"),
}
"""From each provider's name to its module, its class, and how it is asked for."""


def lvlm_from_spec(spec: str, *, base_url: str | None = None, **options: object) -> LVLM:
    """Return the LVLM of that name; its module is loaded only now.

    Parameters
    ----------
    spec
        ``"openai:MODEL"``, ``"anthropic:MODEL"``, ``"transformers:MODEL"`` or
        ``"recorded:FILE"``.
    base_url
        The server's address, for providers that have one.
    options
        What else the provider takes, such as ``temperature``; those that are None are left
        out, so that each may be passed on from where it may be missing.

    Raises
    ------
    DataError
        If there is no such provider, or it takes no such option.
    MissingExtraError
        If the provider needs an optional dependency.

    Examples
    --------
    >>> lvlm_from_spec("gpt")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    vlm4rec.errors.DataError: There is no LVLM 'gpt'. Choose from: recorded:FILE, openai:MODEL, ...
    """
    name, _, rest = spec.partition(":")
    if name not in PROVIDERS or not rest:
        choices = ", ".join(form for _, _, form in PROVIDERS.values())
        raise DataError(f"There is no LVLM {spec!r}.", f"Choose from: {choices}.")
    module, kind, _ = PROVIDERS[name]
    make = getattr(importlib.import_module(module), kind)
    options["base_url"] = base_url
    given = {name: value for name, value in options.items() if value is not None}
    _check(name, make, given)
    return cast("LVLM", make(rest, **given))


def _said(option: str) -> str:
    """Write an option as the command line has it, which a caller in Python knows again, too."""
    return option.replace("_", "-")


def _check(name: str, make: Callable[..., Any], given: dict[str, object]) -> None:
    """See that the provider takes the options, before Python says so less clearly."""
    takes = list(inspect.signature(make).parameters)[1:]
    if unknown := [option for option in given if option not in takes]:
        raise DataError(
            f"The {name} provider has no option {_said(unknown[0])!r}.",
            f"Choose from: {', '.join(map(_said, takes))}." if takes else "Leave it out.",
        )
