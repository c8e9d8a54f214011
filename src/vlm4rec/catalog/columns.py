"""Which column of a source holds what: the user's mapping, and the usual names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from vlm4rec.errors import DataError

__all__ = ["CATALOG_COLUMNS", "INTERACTION_COLUMNS", "find_columns", "named_like", "parse_columns"]

CATALOG_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": (
            "id",
            "item_id",
            "article_id",
            "product_id",
            "parent_asin",
            "asin",
            "sku",
            "item",
        ),
        "title": ("title", "name", "prod_name", "product_name", "item_name", "product_title"),
        "photos": (
            "photos",
            "photo",
            "images",
            "image",
            "photo_path",
            "image_path",
            "photo_url",
            "image_url",
            "photo_urls",
            "image_urls",
            "filename",
        ),
    }
)
"""Our words for the columns of a catalog, and the names that they usually have."""

INTERACTION_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": ("user", "user_id", "customer_id", "customer", "visitor_id", "session_id"),
        "item": ("item", *CATALOG_COLUMNS["id"][1:-1]),
        "time": ("time", "timestamp", "datetime", "date", "t_dat", "event_time", "created_at"),
        "event": ("event", "event_type", "action"),
        "weight": ("weight", "quantity", "rating"),
    }
)
"""Our words for the columns of interactions, and the names that they usually have."""

_SEVERAL = ("photos", "attributes")


def parse_columns(
    options: Iterable[str], words: Iterable[str] = (*CATALOG_COLUMNS, "attributes")
) -> dict[str, tuple[str, ...]]:
    """Read the column mapping of a command line: ``WORD=NAME``, several names joined by ``+``.

    Parameters
    ----------
    options
        Such as ``id=sku`` or ``photos=front+back``; ``attributes=`` keeps no attribute. A word
        that comes again adds names.
    words
        Our words that may be mapped.

    Raises
    ------
    DataError
        If an option is not of this form, or its word is not ours.

    Examples
    --------
    >>> parse_columns(["id=sku", "photos=front+back"])
    {'id': ('sku',), 'photos': ('front', 'back')}
    """
    columns: dict[str, tuple[str, ...]] = {}
    known = tuple(words)
    for option in options:
        word, equals, names = option.partition("=")
        if not equals:
            raise DataError(
                f"{option!r} does not map a column.", "Write WORD=NAME, such as id=sku."
            )
        _check_word(word.strip(), known)
        given = tuple(name.strip() for name in names.split("+") if name.strip())
        columns[word.strip()] = columns.get(word.strip(), ()) + given
    return columns


def find_columns(
    found: Sequence[str],
    mapping: Mapping[str, tuple[str, ...]],
    usual: Mapping[str, tuple[str, ...]],
    *,
    required: Sequence[str],
    source: str,
    option: str = "--columns",
) -> dict[str, tuple[str, ...]]:
    """Find the columns for our words in a source.

    Parameters
    ----------
    found
        The column names of the source.
    mapping
        The user's mapping; it goes before the usual names, and each name in it must be there.
    usual
        The words to find, with their usual names, the first that is there wins; upper and lower
        case, spaces and hyphens don't matter.
    required
        The words that must be found.
    source
        What to call the source in a message.
    option
        What the mapping is called on the command line.

    Returns
    -------
    dict
        The columns of each word that was found, and of ``"attributes"`` where the mapping has it.

    Examples
    --------
    >>> find_columns(["SKU", "Name"], {}, CATALOG_COLUMNS, required=["id"], source="a.csv")
    {'id': ('SKU',), 'title': ('Name',)}
    """
    columns: dict[str, tuple[str, ...]] = {}
    for word in (*usual, "attributes"):
        if word in mapping:
            columns[word] = _given(word, mapping[word], found, source, option)
        elif match := _usual(usual.get(word, ()), found):
            columns[word] = (match,)
    for word in required:
        if not columns.get(word):
            raise _missing(word, found, usual[word], source, option)
    return columns


def named_like(names: Iterable[str]) -> Callable[[str], bool]:
    """Return a test for whether `find_columns` might take a column for one of these names.

    >>> named_like(["user_id"])("User ID")
    True
    """
    plain = {_plain(name) for name in names}
    return lambda name: _plain(name) in plain


def _check_word(word: str, words: Sequence[str]) -> None:
    if word not in words:
        close = difflib.get_close_matches(word, words, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"Choose one of {', '.join(words)}."
        raise DataError(f"{word!r} is not a word for a column.", hint)


def _given(
    word: str, names: tuple[str, ...], found: Sequence[str], source: str, option: str
) -> tuple[str, ...]:
    if len(names) > 1 and word not in _SEVERAL:
        raise DataError(
            f"{word} is one column, and {len(names)} are given: {', '.join(names)}.",
            f"Write {option} {word}=NAME with one name.",
        )
    for name in names:
        if name not in found:
            raise _not_there(word, name, found, source, option)
    return names


def _usual(names: tuple[str, ...], found: Sequence[str]) -> str | None:
    alike: dict[str, str] = {}
    for name in found:
        alike.setdefault(_plain(name), name)
    return next((alike[name] for name in names if name in alike), None)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _not_there(word: str, name: str, found: Sequence[str], source: str, option: str) -> DataError:
    by_plain = {_plain(each): each for each in found}
    close = difflib.get_close_matches(_plain(name), by_plain, n=1)
    hint = f"Did you mean {option} {word}={by_plain[close[0]]}?" if close else ""
    return DataError(f"{source} has no column {name!r}; it has {_listed(found)}.", hint)


def _missing(
    word: str, found: Sequence[str], usual: tuple[str, ...], source: str, option: str
) -> DataError:
    by_plain = {_plain(each): each for each in found}
    likely = [close for name in usual for close in difflib.get_close_matches(name, by_plain, n=1)]
    name = by_plain[likely[0]] if likely else "NAME"
    return DataError(
        f"{source} has no column for the {word}; it has {_listed(found)}.",
        f"Say which it is with {option} {word}={name}.",
    )


def _listed(found: Sequence[str], most: int = 30) -> str:
    named = ", ".join(found[:most])
    return named if len(found) <= most else f"{named} and {len(found) - most} more"
