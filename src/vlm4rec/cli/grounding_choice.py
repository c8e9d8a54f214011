"""Which LVLMs the command `ground` asks, by what it was told."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Container, Mapping
from dataclasses import dataclass

from vlm4rec.errors import DataError
from vlm4rec.grounding.lvlm import LVLM
from vlm4rec.grounding.providers import choosing
from vlm4rec.grounding.providers.choosing import Found
from vlm4rec.grounding.providers.registry import PROVIDERS, lvlm_from_spec
from vlm4rec.grounding.providers.server_address import Address

__all__ = ["Who", "see_that_they_fit", "who_describes", "who_is_second"]


@dataclass(frozen=True, slots=True)
class Who:
    """The LVLM that describes, and how it was found where nobody named it."""

    lvlm: LVLM
    found: Found | None
    spec: str


def see_that_they_fit(
    lvlm: str | None, base_url: str | None, second: str | None, *, batch: bool, no_wait: bool
) -> None:
    """Refuse options that would be passed over in silence.

    Raises
    ------
    DataError
        If one needs another, or can't go with it.
    """
    if base_url is not None and not base_url.strip():  # a variable that is not set, perhaps
        raise DataError(
            "--base-url is empty.", "Give an address, such as http://localhost:8000/v1."
        )
    if base_url is not None and lvlm is None:
        raise DataError("--base-url says where, and not which model.", "Name it with --lvlm.")
    if no_wait and not batch:
        raise DataError("--no-wait is about batches.", "Add --batch, or leave it out.")
    if second is not None and batch:
        raise DataError("A batch asks one model only.", "Leave out --second-lvlm or --batch.")


def who_is_second(spec: str | None, settings: Mapping[str, object]) -> LVLM | None:
    """Return the second LVLM, with those of the settings that its provider knows.

    Raises
    ------
    DataError
        If there is no such provider.
    """
    if spec is None:
        return None
    known = _options(spec)
    taken = {name: value for name, value in settings.items() if name in known}
    return lvlm_from_spec(spec, base_url=None, **taken)


def _options(spec: str) -> Container[str]:
    """Return what a provider can be told."""
    name = spec.partition(":")[0]
    if name not in PROVIDERS:
        return ()
    module, kind, _ = PROVIDERS[name]
    return inspect.signature(getattr(importlib.import_module(module), kind)).parameters


def who_describes(spec: str | None, base_url: str | None, settings: Mapping[str, object]) -> Who:
    """Return the LVLM that was named, or what is there.

    Raises
    ------
    DataError
        If there is none, or its provider does not know a setting.
    """
    if spec is not None:
        return Who(lvlm_from_spec(spec, base_url=base_url, **settings), None, spec)
    found = choosing.choose_lvlm(os.environ)
    # Whoever shares this machine may listen on its ports: a server that nobody named gets no key.
    nameless = found.base_url is not None and Address(found.base_url).here
    key = {"send_key": False} if nameless else {}
    lvlm = lvlm_from_spec(found.spec, base_url=found.base_url, **settings, **key)
    return Who(lvlm, found, found.spec)
