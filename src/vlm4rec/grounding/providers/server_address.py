"""Where a model server is, and the key that is for it alone."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from vlm4rec.errors import DataError, LVLMError

__all__ = ["Address", "Key"]

_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server, without the credentials that were written in it.

    Parameters
    ----------
    url
        It can be shown to anyone.
    basic
        The header that carries the credentials; empty without them.
    """

    url: str
    basic: str = field(default="", repr=False)

    @classmethod
    def of(cls, given: str | None, variable: str, default: str) -> Address:
        """Take the address given, else that in an environment variable, else the default.

        Raises
        ------
        DataError
            If it is no http or https address; the message doesn't quote it.

        Examples
        --------
        >>> Address.of("http://me:secret@localhost:8000/v1", "OPENAI_BASE_URL", "")
        Address(url='http://localhost:8000/v1')
        """
        given = given or os.environ.get(variable) or default
        try:
            parts = urlsplit(given)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
            _ = parts.port
        except ValueError:
            right = False
        if not right:
            raise DataError(
                "The base URL is not an http or https address without a query.",
                "Give one such as http://localhost:8000/v1.",
            )
        userinfo, _, host = parts.netloc.rpartition("@")
        clean = SplitResult(parts.scheme, host, parts.path, "", "").geturl()
        if not userinfo:
            return cls(clean)
        return cls(clean, "Basic " + base64.b64encode(unquote(userinfo).encode()).decode("ascii"))

    @property
    def host(self) -> str:
        """The name of the machine, in lower case."""
        return urlsplit(self.url).hostname or ""

    @property
    def here(self) -> bool:
        """Whether the server runs on this machine."""
        return self.host in _HERE

    def belongs_to(self, host: str) -> bool:
        """Tell whether the server is that host or one under it.

        >>> Address("https://eu.api.openai.com/v1").belongs_to("api.openai.com")
        True
        """
        return self.host == host or self.host.endswith(f".{host}")


@dataclass(frozen=True, slots=True)
class Key:
    """Which environment variable holds the key for a server, and whether it must be there.

    The key itself is read when a connection is opened, and never kept here.
    """

    variable: str
    required: bool

    @classmethod
    def of(cls, address: Address, owners: Mapping[str, str], otherwise: str) -> Key:
        """Choose by host: each owner's key goes to that owner alone, and must be there.

        >>> Key.of(Address("http://localhost:8000"), {"openrouter.ai": "OPENROUTER_API_KEY"}, "K")
        Key(variable='K', required=False)
        """
        for host, variable in owners.items():
            if address.belongs_to(host):
                return cls(variable, required=True)
        return cls(otherwise, required=False)

    @classmethod
    def none(cls) -> Key:
        """Return what stands for no key at all, whatever the environment holds.

        >>> Key.none().read("the server")
        'none'
        """
        return cls("", required=False)

    def read(self, server: str) -> str:
        """Return the key; servers at home need none, but the clients insist on one.

        Raises
        ------
        LVLMError
            If there is none where one is needed, or what is there can't be a key.
        """
        key = os.environ.get(self.variable, "").strip() if self.variable else ""
        if not key and self.required:
            raise LVLMError(
                f"{server[:1].upper()}{server[1:]} wants a key.",
                f"Set {self.variable} to it.",
                fatal=True,
            )
        if not (key.isascii() and key.isprintable()):
            raise LVLMError(
                f"{self.variable} holds characters that no key has.",
                "Copy the key again.",
                fatal=True,
            )
        return key or "none"
