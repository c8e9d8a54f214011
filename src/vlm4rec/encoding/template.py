"""Templates of a user's own text, that can name fields and do nothing else."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter

from vlm4rec.errors import DataError

__all__ = ["OWN", "Template"]

OWN = "item_"
"""What may stand before the name of a shop's own attribute, to tell it from a grounded one."""


@dataclass(frozen=True)
class Template:
    """A text with ``{field}`` places.

    Unlike `str.format`, a place holds a plain name: no attribute access, index, conversion or
    format, so that neither a template nor a value can reach anything else.

    Parameters
    ----------
    text
        The template; ``{{`` and ``}}`` stand for braces.

    Raises
    ------
    DataError
        If braces don't match, a place is no plain name, or there is no place at all.

    Examples
    --------
    >>> Template("{title}, in {colors}").fill({"title": "Boot", "colors": "brown"})
    'Boot, in brown'
    """

    text: str

    def __post_init__(self) -> None:
        if not self.fields:
            raise DataError(
                f"The template {self.text!r} names no field.", "Write fields as {title}."
            )

    @property
    def _parts(self) -> list[tuple[str, str | None]]:
        try:
            parsed = list(Formatter().parse(self.text))
        except ValueError as error:
            raise DataError(
                f"The template {self.text!r} is not well formed: {error}.",
                "Write fields as {title}, and a brace itself as {{ or }}.",
            ) from error
        for _, name, spec, conversion in parsed:
            if name is not None and (spec or conversion or not name or set(name) & set(".[]")):
                raise DataError(
                    f"The template {self.text!r} has a place that is not a plain field name.",
                    "Write fields as {title}, with nothing else inside the braces.",
                )
        return [(literal, name) for literal, name, _, _ in parsed]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it names, each once."""
        return tuple(dict.fromkeys(name for _, name in self._parts if name is not None))

    def check(self, known: Iterable[str], own: Iterable[str] = ()) -> None:
        """Raise `DataError` if the template names a field that is not known.

        Parameters
        ----------
        known
            The fields that every shop has.
        own
            The shop's own: each is known as it is, and with ``item_`` before it.
        """
        common, mine = list(known), list(own)
        choices = [*common, *mine, *(OWN + name for name in mine)]
        for name in self.fields:
            if name not in choices:
                close = difflib.get_close_matches(name, choices, n=1)
                hint = f"Did you mean {{{close[0]}}}? " if close else ""
                rest = f"; the shop's own, also as {{item_NAME}}: {', '.join(mine)}" if mine else ""
                raise DataError(
                    f"The template names the field {{{name}}}, which no item has.",
                    f"{hint}Fields: {', '.join(common)}{rest}.",
                )

    def fill(self, values: Mapping[str, object]) -> str:
        """Put in the values; a field without a value becomes the empty text."""
        filled = []
        for literal, name in self._parts:
            filled.append(literal)
            if name is not None:
                value = values.get(name)
                filled.append("" if value is None else str(value))
        return "".join(filled)
