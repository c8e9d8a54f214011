"""The shop's own attributes as texts: what it says of an item, without what only it can read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import polars as pl

from vlm4rec.catalog.items import ATTRIBUTE, Attribute, Catalog, Item

__all__ = ["attribute_text", "metadata_text", "readable_name", "telling_attributes"]

_CODES = frozenset(
    {"asin", "code", "ean", "gtin", "id", "ids", "isbn", "no", "nr", "number", "sku", "upc"}
)
"""The last words of the names of attributes that tell a machine which, and a person nothing."""

_CODE = r"^\S*\d\S*$"
_LINK = r"^https?://\S*$"


def telling_attributes(catalog: Catalog) -> tuple[str, ...]:
    """Return the names of the attributes that say something of an item, in the catalog's order.

    Left out are codes by their name (``product_code``, ``section_no``, ``colour_id``), codes by
    their look (one word with a digit in it, another for every item that has one), and links.
    Numbers, such as prices, stay.

    Examples
    --------
    >>> boot = {"colour_name": "Black", "colour_code": 9, "batch": "B-17", "price": 80.5}
    >>> sandal = {"colour_name": "Black", "colour_code": 9, "batch": "B-18", "price": 20}
    >>> telling_attributes(Catalog.of([Item("1", attributes=boot), Item("2", attributes=sandal)]))
    ('colour_name', 'price')
    """
    return tuple(
        name
        for name in catalog.attribute_names
        if not _named_as_code(name) and not _looks_like_code(catalog.frame[ATTRIBUTE + name])
    )


def readable_name(name: str) -> str:
    """Return the name of an attribute as a person would write it.

    >>> readable_name("product_type_name"), readable_name("name")
    ('product type', 'name')
    """
    words = [word for word in re.split(r"[\s_]+", name) if word]
    if len(words) > 1 and words[-1].lower() == "name":
        del words[-1]
    return " ".join(words)


def metadata_text(item: Item, names: Sequence[str]) -> str:
    """Return an item's attributes as one text, each after its name; empty where it has none.

    Parameters
    ----------
    item
        The item.
    names
        The attributes to tell, in order.

    Examples
    --------
    >>> trousers = Item("1", attributes={"type_name": "Trousers", "fit": " ", "price": 20.0})
    >>> metadata_text(trousers, ["type_name", "fit", "price", "colour"])
    'type: Trousers; price: 20'
    """
    texts = ((name, attribute_text(item, name)) for name in names)
    return "; ".join(f"{readable_name(name)}: {text}" for name, text in texts if text)


def attribute_text(item: Item, name: str) -> str:
    """Return what a shop says of an item in one attribute; empty where it says nothing.

    >>> attribute_text(Item("1", attributes={"price": 20.0, "new": True}), "new")
    'yes'
    """
    value = item.attributes.get(name)
    return "" if value is None else _written(value)


def _written(value: Attribute) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else str(value)
    return str(value).strip()


def _named_as_code(name: str) -> bool:
    # "productCode" ends in the same word as "product_code".
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return re.split(r"[\W_]+", words)[-1] in _CODES


def _looks_like_code(values: pl.Series) -> bool:
    if values.dtype != pl.String:
        return False
    held = values.str.strip_chars().replace("", None).drop_nulls()
    if not len(held):
        return False
    if held.str.contains(_LINK).all():
        return True
    return len(held) > 1 and held.n_unique() == len(held) and held.str.contains(_CODE).all()
