"""Prompts, as named and versioned objects: change a word and it is another prompt."""

from __future__ import annotations

from dataclasses import dataclass

from vlm4rec.errors import DataError

__all__ = ["DEFAULT_PROMPT", "PROMPTS", "Prompt", "prompt_by_id"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What an LVLM is asked about a photo.

    Parameters
    ----------
    name
        What the prompt is called, such as ``"paper"``.
    version
        Counted up with every change of the text.
    text
        The question itself; ``{title}`` in it stands for the item's title. The structure of the
        answer (`vlm4rec.grounding.schema.Answer`) is asked for separately, by each provider's own
        means.

    Examples
    --------
    >>> Prompt("shoes", 2, "Describe this shoe.").id
    'shoes-v2'
    """

    name: str
    version: int
    text: str

    @property
    def id(self) -> str:
        """The name and version in one word: ``"paper-v1"``."""
        return f"{self.name}-v{self.version}"

    def about(self, title: str) -> str:
        """Return the text with a title in the place of ``{title}``, if there is one.

        >>> Prompt("titled", 1, "Describe this photo of {title}.").about("a boot")
        'Describe this photo of a boot.'
        """
        return self.text.replace("{title}", " ".join(title.split()) or "a product")


DEFAULT_PROMPT = Prompt(
    "paper",
    1,
    "Describe this product image in detail, focusing on visual attributes like color, style, "
    "material, and what occasion it might be suitable for.",
)
"""The prompt of the paper (arXiv 2603.12625)."""

PROMPTS = {prompt.id: prompt for prompt in (DEFAULT_PROMPT,)}
"""All prompts that come with the package, by id."""


def prompt_by_id(id_: str) -> Prompt:
    """Return a prompt of the package.

    Raises
    ------
    DataError
        If there is none of that id.
    """
    if id_ not in PROMPTS:
        raise DataError(f"There is no prompt {id_!r}.", f"Choose from: {', '.join(PROMPTS)}.")
    return PROMPTS[id_]
