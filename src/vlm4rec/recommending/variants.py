"""Variants: items that are one product in several colours or sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["Variants"]


class Variants:
    """Which items are the same product.

    A customer who bought a shirt in blue may well look at it in green; that a method finds the
    green one says little about taste, and any title finds it. So rankings are judged with such
    items, and without them.

    Parameters
    ----------
    products
        The product of each item; an item that is not named is a product of its own.

    Examples
    --------
    >>> variants = Variants({"0108775015": "0108775", "0108775044": "0108775"})
    >>> variants.of(["0108775015", "other"])
    ('0108775015', '0108775044', 'other')
    """

    def __init__(self, products: Mapping[str, str]) -> None:
        self.products = dict(products)
        self._items: dict[str, list[str]] = {}
        for item, product in self.products.items():
            self._items.setdefault(product, []).append(item)

    def of(self, items: Sequence[str]) -> tuple[str, ...]:
        """Return the items and all their variants, each once."""
        found: dict[str, None] = {}
        for item in items:
            product = self.products.get(item)
            found.update(dict.fromkeys([item] if product is None else self._items[product]))
        return tuple(found)
