"""What models cost: a dated table that users extend and correct with a file of their own."""

from __future__ import annotations

import datetime
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vlm4rec.errors import DataError
from vlm4rec.grounding.money.photo import PhotoRule

__all__ = ["PRICES_VARIABLE", "Dollars", "Price", "PriceTable", "built_in_text"]

PRICES_VARIABLE = "VLM4REC_PRICES"
"""The environment variable that may name a price table."""

Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_OURS = "prices.toml"
_KEYS = ("date", "models")
_VENDORS = re.compile(r"\A(?:openai|anthropic|google|models)/")
_VERSION = re.compile(r"[-@](?:latest|20\d\d-?\d\d-?\d\d|\d{3})\Z")

_Raw = Mapping[str, Mapping[str, Any]]


class Price(BaseModel):
    """What one model costs, in US dollars per million tokens.

    Parameters
    ----------
    model
        The model's name.
    provider
        Who sells it, for people to read.
    input
        For the prompt, the photo among it.
    cached, written
        For the parts of the prompt that are read from the provider's cache and written to it;
        None if they cost what the rest does.
    output
        For the answer, thinking among it.
    batch
        What the same costs in a batch, as a fraction.
    photo
        How the tokens of a photo are counted.
    thinks
        Whether the model may think before it answers.
    note
        Anything else worth knowing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: str = Field(min_length=1)
    provider: str = ""
    input: Dollars
    cached: Dollars | None = None
    written: Dollars | None = None
    output: Dollars
    batch: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    photo: PhotoRule
    thinks: bool = False
    note: str = ""

    @property
    def cached_input(self) -> float:
        """The price of what is read from the cache."""
        return self.input if self.cached is None else self.cached

    @property
    def written_input(self) -> float:
        """The price of what is written to the cache."""
        return self.input if self.written is None else self.written

    @property
    def dearest_input(self) -> float:
        """The most that a token of the prompt may cost."""
        return max(self.input, self.cached_input, self.written_input)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of many models.

    Parameters
    ----------
    date
        When the prices that come with the package were read.
    prices
        By the models' names.

    Examples
    --------
    >>> table = PriceTable.load()
    >>> table.lookup("openai/gpt-4.1-mini-2025-04-14").model
    'gpt-4.1-mini'
    >>> table.lookup("gpt-4.1-micro") is None
    True
    """

    date: datetime.date
    prices: Mapping[str, Price]

    def __iter__(self) -> Iterator[Price]:
        return iter(self.prices.values())

    def __len__(self) -> int:
        return len(self.prices)

    def lookup(self, model: str) -> Price | None:
        """Return a model's price, None if there is none.

        A name is found as it stands; as the name of a dated or numbered version
        (``-2025-04-14``, ``-20251001``, ``-001``, ``-latest``) of a model in the table; and as
        OpenRouter writes it (``anthropic/claude-haiku-4.5``). The longest name that fits wins.
        """
        name = _plain(model)
        return self.prices.get(name) or self.prices.get(_VERSION.sub("", name))

    def price(self, provider: str, model: str) -> Price | None:
        """Return a model's price by way of one provider, as named in ``--lvlm``.

        An entry ``"openai:llava"`` of a user's table holds for ``--lvlm openai:llava`` alone,
        and goes before ``"llava"``.
        """
        return self.lookup(f"{provider}:{model}") or self.lookup(model)

    @classmethod
    def load(cls, path: Path | str | None = None) -> PriceTable:
        """Return the prices that come with the package, with those of a file laid over them.

        Parameters
        ----------
        path
            A file of the same form as ``prices.toml`` in this package; by default the one that
            the environment variable ``VLM4REC_PRICES`` names, if it names one.

        Raises
        ------
        DataError
            If the file can't be read or says something that can't be meant; it names the key.
        """
        ours = _parsed(built_in_text(), _OURS)
        models = _validated(ours["models"], {}, _OURS)
        own = path or os.environ.get(PRICES_VARIABLE)
        if own:
            name = str(own)
            theirs = _parsed(_text(Path(own)), name)
            models |= _validated(theirs["models"], ours["models"], name)
        return cls(ours["date"], models)


def built_in_text() -> str:
    """Return the table that comes with the package as TOML, with its comments."""
    return files(__package__).joinpath(_OURS).read_text(encoding="utf-8")


def _plain(model: str) -> str:
    """Bring a name into the form that names are compared in."""
    return _VENDORS.sub("", model.strip().lower()).replace(".", "-")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text.", _REMEDY) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(f"{path} can't be read: {reason}.", _REMEDY) from error


def _parsed(text: str, name: str) -> dict[str, Any]:
    """Read a table, its models by the names that they are compared by."""
    try:
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{name} is not TOML: {error}.", _REMEDY) from None
    if unknown := [key for key in held if key not in _KEYS]:
        raise DataError(f"{name} has a key that means nothing: {unknown[0]}.", _REMEDY)
    models = held.get("models", {})
    if not isinstance(models, dict):
        raise DataError(f"{name}: models is not a table.", _REMEDY)
    return held | {"models": _by_plain_name(models, name)}


def _by_plain_name(models: dict[str, Any], file: str) -> dict[str, dict[str, Any]]:
    by_name: dict[str, dict[str, Any]] = {}
    for model, entry in models.items():
        if not isinstance(entry, dict):
            raise DataError(f"{file}: models.{model} is not a table.", _REMEDY)
        if _plain(model) in by_name:
            raise DataError(f"{file} has {model} twice, written in two ways.", _REMEDY)
        by_name[_plain(model)] = {"model": model} | entry
    return by_name


def _validated(models: _Raw, base: _Raw, file: str) -> dict[str, Price]:
    """Check each model, taking what it leaves out from ``base``."""
    return {
        name: _price({**base.get(name, {}), **entry}, str(entry["model"]), file)
        for name, entry in models.items()
    }


def _price(entry: Mapping[str, Any], model: str, file: str) -> Price:
    try:
        return Price.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = [str(part) for part in first["loc"]]
    if place[:1] == ["photo"]:
        del place[1:-1]  # the rule's name, which is not a key
    raise DataError(f"{file}: {'.'.join(('models', model, *place))}: {first['msg']}.", _REMEDY)


_REMEDY = "Correct it; vlm4rec prices --write FILE writes a table that is right."
