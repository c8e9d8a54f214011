"""Documents: what of an item is embedded, and the recipes that compose it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from vlm4rec.catalog.items import Catalog, Item
from vlm4rec.encoding.metadata import attribute_text, metadata_text, telling_attributes
from vlm4rec.encoding.template import OWN, Template
from vlm4rec.errors import DataError
from vlm4rec.grounding.schema import FACETS, Answer
from vlm4rec.storage import content_hash

__all__ = ["DEFAULT_RECIPE", "RECIPES", "Document", "Recipe", "compose_documents", "recipe_by_name"]

TEXT = "text"
"""The name of the block in documents that are one text."""


@dataclass(frozen=True, slots=True)
class Document:
    """The texts of one item, by block; a block whose text is empty is absent.

    Parameters
    ----------
    item
        The item's id.
    texts
        One text under ``"text"``, or one for each facet that the item has.
    """

    item: str
    texts: Mapping[str, str]

    @property
    def hash(self) -> str:
        """The sha256 of the texts: equal if and only if the same would be encoded."""
        return content_hash(dict(self.texts))


class Recipe(Protocol):
    """Composes the texts of an item from its title, its attributes and its groundings."""

    @property
    def name(self) -> str:
        """What a user calls the recipe."""
        ...

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that its documents may have, in the order of the vector."""
        ...

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Return the texts by block; nothing at all for an item that the recipe can't cover."""
        ...


@dataclass(frozen=True, slots=True)
class TitleRecipe:
    """The title alone: the ablation that tells what the photos add."""

    name: str = "title"
    blocks: tuple[str, ...] = (TEXT,)

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Return the title."""
        return _present({TEXT: item.title or ""})


@dataclass(frozen=True, slots=True)
class DescriptionRecipe:
    """The description, with the title before it if ``titled``.

    An item without a grounding is not covered, even if it has a title: its vector would say
    something of another kind than the others.
    """

    titled: bool
    blocks: tuple[str, ...] = (TEXT,)

    @property
    def name(self) -> str:
        """``"title+description"`` or ``"description"``."""
        return "title+description" if self.titled else "description"

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Return title and descriptions as one text."""
        if not answers:
            return {}
        described = " ".join(answer.description for answer in answers)
        title = (item.title or "").strip().rstrip(".")
        return _present({TEXT: f"{title}. {described}" if self.titled and title else described})


@dataclass(frozen=True, slots=True)
class AttributesRecipe:
    """The grounded attributes as one text, each after its name."""

    name: str = "attributes"
    blocks: tuple[str, ...] = (TEXT,)

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Return for example ``category: boot; colour: brown; style: rugged``."""
        facets = facet_texts(answers)
        return _present({TEXT: "; ".join(f"{name}: {text}" for name, text in facets.items())})


@dataclass(frozen=True, slots=True)
class FacetsRecipe:
    """Each grounded attribute as a block of its own.

    A score then splits into what each facet gave, and each facet can be weighted.
    """

    name: str = "facets"
    blocks: tuple[str, ...] = tuple(FACETS)

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Return one text for each facet that the groundings name."""
        return facet_texts(answers)


@dataclass(frozen=True, slots=True)
class MetadataRecipe:
    """The shop's own attributes as one text, each after its name; no grounding is needed.

    Parameters
    ----------
    names
        The attributes; None is for those of the catalog that say something of an item (see
        `vlm4rec.encoding.metadata.telling_attributes`).
    """

    names: tuple[str, ...] | None = None
    name: str = "metadata"
    blocks: tuple[str, ...] = (TEXT,)

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Return for example ``product type: Trousers; colour group: Black``."""
        names = tuple(item.attributes) if self.names is None else self.names
        return _present({TEXT: metadata_text(item, names)})


@dataclass(frozen=True, slots=True)
class AttributeRecipe:
    """One of the shop's own attributes, its value alone."""

    attribute: str
    blocks: tuple[str, ...] = (TEXT,)

    @property
    def name(self) -> str:
        """``"metadata:"`` and the attribute."""
        return f"metadata:{self.attribute}"

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Return the value as text."""
        return _present({TEXT: attribute_text(item, self.attribute)})


_GROUNDED = ("description", *FACETS.values())


@dataclass(frozen=True, slots=True)
class TemplateRecipe:
    """A user's own text, such as ``{title}. {description} Made of {materials}.``.

    It can name the title, the description and the grounded attributes, and each of the shop's
    own attributes: as ``{NAME}``, unless the title or a grounded one is called the same, and
    always as ``{item_NAME}``. So ``{category}`` is what the LVLM saw, and ``{item_category}``
    what the shop says in its column ``category``.

    Parameters
    ----------
    template
        The text with its places.
    blocks
        The one block of its documents.
    """

    template: Template
    blocks: tuple[str, ...] = (TEXT,)

    @property
    def name(self) -> str:
        """``"template:"`` and the template."""
        return f"template:{self.template.text}"

    def compose(self, item: Item, answers: Sequence[Answer]) -> dict[str, str]:
        """Fill in the template; an item without a grounding that it asks for is not covered."""
        if not answers and set(_GROUNDED) & set(self.template.fields):
            return {}
        values: dict[str, object] = {**item.attributes, "title": item.title or ""}
        for name, field in FACETS.items():
            values[field] = _merged(answers, name)
        for name, value in item.attributes.items():
            values[OWN + name] = value
        values["description"] = " ".join(answer.description for answer in answers)
        return _present({TEXT: self.template.fill(values)})


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        DescriptionRecipe(titled=True),
        DescriptionRecipe(titled=False),
        AttributesRecipe(),
        TitleRecipe(),
        FacetsRecipe(),
        MetadataRecipe(),
    )
}
"""The recipes that come with the package, by name."""

DEFAULT_RECIPE = "title+description"
"""The paper's recipe (arXiv 2603.12625)."""


def recipe_by_name(name: str) -> Recipe:
    """Return a recipe by its name, or make a ``template:TEXT`` or ``metadata:ATTRIBUTE``.

    Raises
    ------
    DataError
        If there is no such recipe, or the template is not well formed.

    Examples
    --------
    >>> recipe_by_name("facets").blocks[:2]
    ('category', 'colour')
    """
    if name.startswith("template:"):
        return TemplateRecipe(Template(name.removeprefix("template:")))
    if name.startswith("metadata:"):
        return AttributeRecipe(name.removeprefix("metadata:"))
    if name not in RECIPES:
        made = ("metadata:ATTRIBUTE", "'template:{title}. {description}'")
        choices = ", ".join([*RECIPES, *made])
        raise DataError(f"There is no document recipe {name!r}.", f"Choose from: {choices}.")
    return RECIPES[name]


def compose_documents(
    catalog: Catalog, answers: Mapping[str, Sequence[Answer]], recipe: Recipe
) -> list[Document]:
    """Compose a document for each item that the recipe covers, sorted by item id.

    Parameters
    ----------
    catalog
        The items.
    answers
        The answers for each grounded item, its main photo first.
    recipe
        How to compose.

    Raises
    ------
    DataError
        If a recipe names a field or an attribute that no item has.
    """
    recipe = _for_catalog(recipe, catalog)
    documents = (
        Document(item.id, recipe.compose(item, answers.get(item.id, ()))) for item in catalog
    )
    return sorted((doc for doc in documents if doc.texts), key=lambda document: document.item)


def _for_catalog(recipe: Recipe, catalog: Catalog) -> Recipe:
    """Choose what depends on the catalog, and see that it has what the recipe names."""
    if isinstance(recipe, TemplateRecipe):
        recipe.template.check(("title", *_GROUNDED), catalog.attribute_names)
    if isinstance(recipe, AttributeRecipe) and recipe.attribute not in catalog.attribute_names:
        there = ", ".join(catalog.attribute_names) or "none"
        raise DataError(
            f"The shop has no attribute {recipe.attribute!r}.", f"Its attributes: {there}."
        )
    if isinstance(recipe, MetadataRecipe) and recipe.names is None:
        return replace(recipe, names=telling_attributes(catalog))
    return recipe


def facet_texts(answers: Sequence[Answer]) -> dict[str, str]:
    """Return the text of each facet that at least one of the answers names."""
    return _present({name: _merged(answers, name) for name in FACETS})


def _merged(answers: Sequence[Answer], facet: str) -> str:
    """Join what several photos say of a facet, each value once."""
    values = (value for answer in answers for value in answer.facet(facet).split(", "))
    return ", ".join(dict.fromkeys(value for value in values if value))


def _present(texts: Mapping[str, str]) -> dict[str, str]:
    stripped: Iterable[tuple[str, str]] = ((name, text.strip()) for name, text in texts.items())
    return {name: text for name, text in stripped if text}
