"""Choosing an LVLM when none was named: from what is there, the free and private first."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from vlm4rec.errors import DataError
from vlm4rec.grounding.providers.local_servers import PORTS, Served, find_servers

__all__ = ["KEYS", "LOCAL_MODELS", "WAYS_IN", "Found", "Keyed", "choose_lvlm", "find_lvlms"]


@dataclass(frozen=True, slots=True)
class Found:
    """An LVLM that could be asked.

    Parameters
    ----------
    spec
        What it is called: ``"openai:gpt-4.1-mini"``.
    base_url
        The address that goes with it, None for the provider's own.
    why
        Why it is there, as a sentence for a person.
    """

    spec: str
    base_url: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a key in the environment opens.

    Parameters
    ----------
    variable
        The environment variable that holds the key.
    spec
        A small model that sees, and describes a photo well for little money.
    base_url
        The address that goes with it, None for the provider's own.
    """

    variable: str
    spec: str
    base_url: str | None = None

    @property
    def extra(self) -> str:
        """The optional dependency that it takes, which is called like the provider."""
        return self.spec.partition(":")[0]


KEYS = (
    Keyed("OPENAI_API_KEY", "openai:gpt-4.1-mini"),
    Keyed("ANTHROPIC_API_KEY", "anthropic:claude-haiku-4-5"),
    Keyed(
        "GEMINI_API_KEY",
        "openai:gemini-2.5-flash",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
    ),
    Keyed("OPENROUTER_API_KEY", "openai:openai/gpt-4.1-mini", "https://openrouter.ai/api/v1"),
)
"""The keys that are looked for, in the order in which they are taken."""

LOCAL_MODELS = (
    "HuggingFaceTB/SmolVLM2-2.2B-Instruct",
    "HuggingFaceTB/SmolVLM-Instruct",
    "HuggingFaceTB/SmolVLM2-500M-Video-Instruct",
    "HuggingFaceTB/SmolVLM-500M-Instruct",
    "HuggingFaceTB/SmolVLM2-256M-Video-Instruct",
    "HuggingFaceTB/SmolVLM-256M-Instruct",
)
"""Models small enough for any machine, the best first; one is taken if its weights are there."""

WAYS_IN = (
    "a key of OpenAI: set OPENAI_API_KEY, and pip install 'vlm4rec[openai]'",
    "a key of Anthropic: set ANTHROPIC_API_KEY, and pip install 'vlm4rec[anthropic]'",
    "a key of Gemini: set GEMINI_API_KEY, and pip install 'vlm4rec[openai]'",
    "a key of OpenRouter: set OPENROUTER_API_KEY, and pip install 'vlm4rec[openai]'",
    "a server on this machine, as by: ollama run qwen2.5vl; and pip install 'vlm4rec[openai]'",
    f"a small model: pip install 'vlm4rec[local]', and: hf download {LOCAL_MODELS[2]}",
    "any other server: --lvlm openai:MODEL --base-url http://HOST/v1",
    "descriptions that exist already: --lvlm recorded:FILE",
)
"""How one comes by an LVLM, a line each."""

_OFFICIAL = "api.openai.com"
_HERE = ("localhost", "127.0.0.1", "::1")
_EXTRAS = {
    "openai": ("openai",),
    "anthropic": ("anthropic",),
    "local": ("torch", "transformers", "huggingface_hub"),
}


def choose_lvlm(
    environ: Mapping[str, str],
    *,
    ports: Sequence[int] = tuple(PORTS),
    cache: Path | None = None,
) -> Found:
    """Return the LVLM to take when none was named: the first of `find_lvlms`.

    Raises
    ------
    DataError
        If there is none; the message lists what was seen but can't be used, and the ways in.
    """
    missed: list[str] = []
    found = find_lvlms(environ, ports=ports, cache=cache, missed=missed.append)
    if found:
        return found[0]
    seen = "".join(f"\n  {line}" for line in missed)
    ways = "".join(f"\n  - {line}" for line in WAYS_IN)
    raise DataError(
        f"No LVLM was named, and none that can be used was found.{seen}", f"The ways in:{ways}"
    )


def find_lvlms(
    environ: Mapping[str, str],
    *,
    ports: Sequence[int] = tuple(PORTS),
    cache: Path | None = None,
    missed: Callable[[str], object] = lambda _line: None,
) -> list[Found]:
    """Look for LVLMs that could be asked, and return them in the order of preference.

    First a server on this machine with a model that sees: it is free, and no photo leaves the
    machine. Then keys in the environment, in the order of `KEYS`: whoever set one means to use
    it. Then the weights of a small local model: free, but slow and less able. Last a server on
    this machine with a single model that isn't known to see.

    Keys are looked at only to see whether they are there. Servers are asked for their models,
    without a key; nothing else is sent to anyone.

    Parameters
    ----------
    environ
        The environment, such as ``os.environ``.
    ports
        Where on this machine servers are looked for, besides that in ``OPENAI_BASE_URL``.
    cache
        The cache of the Hugging Face hub, by default that of the environment.
    missed
        Called with a line about each thing that is there but can't be used.
    """
    address = environ.get("OPENAI_BASE_URL", "").strip()
    served = list(_offers(_servers(address, ports), address, missed))
    return [
        *(found for found, sees in served if sees),
        *_keyed(environ, address, missed),
        *_local(environ, cache, missed),
        *(found for found, sees in served if not sees),
    ]


def _servers(address: str, ports: Sequence[int]) -> list[Served]:
    """Ask the server that the environment names first, if it is on this machine."""
    named = _port_here(address)
    return find_servers([*([named] if named else []), *ports])


def _offers(
    servers: Sequence[Served], address: str, missed: Callable[[str], object]
) -> Iterator[tuple[Found, bool]]:
    """Give what servers on this machine offer, and whether it is known to see."""
    for each in servers:
        where = f"{each.server} at {each.base_url}"
        if each.locked:
            missed(f"{where} wants a key: name its model with --lvlm and --base-url.")
        elif not each.models:
            missed(f"{where} names no model that could write.")
        elif not each.seeing and len(each.models) != 1:
            missed(f"{where} has {len(each.models)} models, none of them known to see.")
        elif not _installed("openai"):
            missed(f"{where} needs the client: pip install 'vlm4rec[openai]'")
        else:
            model = (each.seeing or each.models)[0]
            # The environment's own address may carry what the provider has to read there.
            url = None if each.port == _port_here(address) else each.base_url
            yield Found(f"openai:{model}", url, _why_served(each)), bool(each.seeing)


def _why_served(served: Served) -> str:
    where = f"{served.server} answers at {served.base_url}"
    if not served.seeing:
        return f"{where}; whether its only model takes pictures is not known."
    if len(served.seeing) == 1:
        return f"{where} and has this model, which takes pictures."
    return f"{where}; of its {len(served.seeing)} models that take pictures this is the first."


def _keyed(
    environ: Mapping[str, str], address: str, missed: Callable[[str], object]
) -> Iterator[Found]:
    for key in KEYS:
        if not environ.get(key.variable, "").strip():
            continue
        if not _installed(key.extra):
            missed(f"{key.variable} is set, but: pip install 'vlm4rec[{key.extra}]'")
        elif key.variable == "OPENAI_API_KEY" and not _opens(address):
            missed("OPENAI_BASE_URL is set to another server: name its model with --lvlm.")
        else:
            yield Found(key.spec, key.base_url, f"{key.variable} is set.")


def _local(
    environ: Mapping[str, str], cache: Path | None, missed: Callable[[str], object]
) -> Iterator[Found]:
    if importlib.util.find_spec("huggingface_hub") is None:
        return
    from huggingface_hub import try_to_load_from_cache

    folder = cache or _cache(environ)

    def cached(model: str, name: str) -> str | None:
        path = try_to_load_from_cache(model, name, cache_dir=folder)
        return path if isinstance(path, str) else None

    for model in LOCAL_MODELS:
        if not _whole(partial(cached, model)):
            continue
        if not _installed("local"):
            missed(f"The weights of {model} are here, but: pip install 'vlm4rec[local]'")
            return
        yield Found(f"transformers:{model}", None, "Its weights are on this machine.")


def _whole(cached: Callable[[str], str | None]) -> bool:
    """Tell whether a model's settings and all parts of its weights are in the cache."""
    if not cached("config.json"):
        return False
    if cached("model.safetensors"):
        return True
    if not (index := cached("model.safetensors.index.json")):
        return False
    try:
        parts = set(json.loads(Path(index).read_bytes())["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return all(cached(part) for part in parts)


def _cache(environ: Mapping[str, str]) -> Path | None:
    """Return where the hub's cache is by the environment; None for where it is by default."""
    if folder := environ.get("HF_HUB_CACHE"):
        return Path(folder).expanduser()
    return Path(home).expanduser() / "hub" if (home := environ.get("HF_HOME")) else None


def _installed(extra: str) -> bool:
    return all(importlib.util.find_spec(name) for name in _EXTRAS[extra])


def _opens(address: str) -> bool:
    """Tell whether OpenAI's key opens the server at an address: none given, or OpenAI's own."""
    host = _host(address)
    return not address or host == _OFFICIAL or host.endswith(f".{_OFFICIAL}")


def _port_here(address: str) -> int | None:
    """Return the port of an address on this machine, None for any other."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.hostname not in _HERE or parts.scheme != "http" or parts.path.rstrip("/") != "/v1":
        return None
    return port or 80


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
