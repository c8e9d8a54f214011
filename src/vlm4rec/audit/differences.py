"""Comparing what two prompts, or two models, made of the same photos."""

from __future__ import annotations

import random
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from vlm4rec.audit.reading import latest_of_prompt
from vlm4rec.errors import DataError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.prompt_files import prompt_from
from vlm4rec.grounding.prompts import PROMPTS
from vlm4rec.grounding.schema import FACETS, Answer, Grounding
from vlm4rec.shop.folder import ShopFolder

__all__ = ["Comparison", "FacetFigures", "Pair", "Side", "compare_prompts"]

_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class Side:
    """One of two sides: a prompt, and a model if one is meant.

    Parameters
    ----------
    prompt_id, model
        The prompt, and the model, empty for all.
    file
        The file that the prompt was read from, empty if it was named by its id.
    """

    prompt_id: str
    model: str = ""
    file: str = field(default="", compare=False)

    @classmethod
    def of(cls, text: str) -> Side:
        """Read ``PROMPT`` or ``PROMPT@MODEL``; the file of a prompt stands for its id.

        >>> Side.of("fashion-v1@gpt-4.1-mini")
        Side(prompt_id='fashion-v1', model='gpt-4.1-mini', file='')
        """
        if text.lower().endswith(".toml"):
            return cls(prompt_from(text).id, file=text)
        prompt_id, _, model = text.partition("@")
        return cls(prompt_id.strip(), model.strip())

    def __str__(self) -> str:
        return f"{self.prompt_id}@{self.model}" if self.model else self.prompt_id

    def grounding(self, folder: ShopFolder) -> str:
        """Return the command that asks a shop's photos for the prompt."""
        own = not self.file and self.prompt_id not in PROMPTS
        prompt = "FILE" if own else shlex.quote(self.file or self.prompt_id)
        where = f", where FILE is the file of {self.prompt_id}" if own else ""
        return f"vlm4rec ground {folder.quoted} --prompt {prompt} --limit 50{where}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo that both sides describe."""

    item: str
    ordinal: int
    title: str
    path: str
    sha256: str
    a: Grounding
    b: Grounding

    @property
    def facets(self) -> list[tuple[str, str, str]]:
        """Name and both texts of each facet that says something on either side."""
        both = ((name, self.a.answer.facet(name), self.b.answer.facet(name)) for name in FACETS)
        return [each for each in both if each[1] or each[2]]


@dataclass(frozen=True, slots=True)
class FacetFigures:
    """What all photos say of one facet.

    Parameters
    ----------
    filled_a, filled_b
        The share of photos for which each side says something.
    same
        The share for which both say the same words, in whatever order; nothing on both sides is
        the same, too.
    overlap
        How much of the words of either side both have, on average: the Jaccard index (P. Jaccard,
        1901), over photos for which any side says something; 1 where no photo has any.
    """

    filled_a: float
    filled_b: float
    same: float
    overlap: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides compared.

    Parameters
    ----------
    a, b
        The sides.
    only_a, only_b
        Photos that only one of them describes.
    photos
        Photos that both describe; the figures are of all of them.
    words_a, words_b
        Words a description, on average.
    facets
        By facet.
    pairs
        A random sample of these photos.
    """

    a: Side
    b: Side
    only_a: int
    only_b: int
    photos: int
    words_a: float
    words_b: float
    facets: Mapping[str, FacetFigures]
    pairs: tuple[Pair, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return {
            "a": str(self.a),
            "b": str(self.b),
            "photos": self.photos,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "words": {"a": self.words_a, "b": self.words_b},
            "facets": {name: asdict(figures) for name, figures in self.facets.items()},
            "sample": [_pair_dict(pair) for pair in self.pairs],
        }


def compare_prompts(
    folder: ShopFolder, a: str, b: str, *, sample: int = 12, seed: int = 0
) -> Comparison:
    """Compare what was written for two prompts about the photos that a shop has now.

    Of several answers to the same prompt about a photo the last one counts, whether or not it is
    the current grounding. What people wrote is left aside.

    Parameters
    ----------
    folder
        The shop.
    a, b
        The sides: ``PROMPT``, ``PROMPT@MODEL``, or the path of a user's prompt.
    sample, seed
        How many photos are drawn to be shown, and what makes the draw the same again.

    Raises
    ------
    StepMissingError
        If the shop has no catalog.
    DataError
        If both sides are the same, there is no such prompt, or no photo has an answer of both; it
        says what to run.
    """
    folder.step("init")
    sides = Side.of(a), Side.of(b)
    if sides[0] == sides[1]:
        raise DataError(f"Both sides are {a}.", "Name two prompts, or PROMPT@MODEL.")
    photos = folder.read(folder.photos_file).filter(pl.col("path").is_not_null())
    held = set(photos["sha256"])
    found_a, found_b = ({s: g for s, g in f.items() if s in held} for f in _found(folder, sides))
    both = photos.filter(pl.col("sha256").is_in(found_a.keys() & found_b.keys()))
    both = both.unique("sha256", keep="first", maintain_order=True)
    if both.is_empty():
        raise _nothing(folder, sides, (len(found_a), len(found_b)))
    answers = [(found_a[s].answer, found_b[s].answer) for s in both["sha256"]]
    titles = dict(folder.read(folder.catalog_file).select("id", "title").iter_rows())
    rows = both.select("item", "ordinal", "path", "sha256").rows()
    drawn = random.Random(seed).sample(rows, min(sample, len(rows)))  # noqa: S311
    return Comparison(
        *sides,
        only_a=len(found_a.keys() - found_b.keys()),
        only_b=len(found_b.keys() - found_a.keys()),
        photos=len(rows),
        words_a=_mean([_count(first) for first, _ in answers]),
        words_b=_mean([_count(second) for _, second in answers]),
        facets={name: _facet(name, answers) for name in FACETS},
        pairs=tuple(
            Pair(item, ordinal, titles.get(item) or "", path, s, found_a[s], found_b[s])
            for item, ordinal, path, s in drawn
        ),
    )


def _found(folder: ShopFolder, sides: tuple[Side, Side]) -> list[dict[str, Grounding]]:
    if not folder.ledger_file.exists():
        return [{}, {}]
    with Ledger.open(folder.ledger_file) as ledger:
        return [latest_of_prompt(ledger, side.prompt_id, side.model) for side in sides]


def _asked_prompts(folder: ShopFolder) -> list[str]:
    """Return the ids of all prompts that there are answers to, usable or not."""
    if not folder.ledger_file.exists():
        return []
    with Ledger.open(folder.ledger_file) as ledger:
        sql = "SELECT DISTINCT prompt_id FROM answers ORDER BY prompt_id"
        return [prompt_id for (prompt_id,) in ledger.rows(sql)]


def _nothing(folder: ShopFolder, sides: tuple[Side, Side], counts: tuple[int, int]) -> DataError:
    """Say what is missing, and how to get it."""
    known = list(dict.fromkeys([*PROMPTS, *_asked_prompts(folder)]))
    for side in sides:
        if not side.file and side.prompt_id not in known:
            return DataError(
                f"There is no prompt {side.prompt_id!r}.",
                f"Choose from: {', '.join(known)}; or name a file that ends in .toml.",
            )
    missing = [side for side, count in zip(sides, counts, strict=True) if not count] or [
        sides[counts[1] <= counts[0]]
    ]
    commands = " and ".join(dict.fromkeys(side.grounding(folder) for side in missing))
    return DataError(
        f"No photo is described for both {sides[0]} and {sides[1]} ({counts[0]:,} for the one, "
        f"{counts[1]:,} for the other).",
        f"Run: {commands}",
    )


def _facet(name: str, answers: Sequence[tuple[Answer, Answer]]) -> FacetFigures:
    pairs = [(_words(first, name), _words(second, name)) for first, second in answers]
    some = [(first, second) for first, second in pairs if first or second]
    return FacetFigures(
        filled_a=_mean([bool(first) for first, _ in pairs]),
        filled_b=_mean([bool(second) for _, second in pairs]),
        same=_mean([first == second for first, second in pairs]),
        overlap=_mean([len(x & y) / len(x | y) for x, y in some]) if some else 1.0,
    )


def _words(answer: Answer, facet: str) -> frozenset[str]:
    value = getattr(answer, FACETS[facet])
    words = [value] if isinstance(value, str) else value
    return frozenset(" ".join(word.casefold().split()) for word in words if word.strip())


def _count(answer: Answer) -> int:
    return len(_WORD.findall(answer.description))


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def _pair_dict(pair: Pair) -> dict[str, Any]:
    return {
        "item": pair.item,
        "photo": pair.ordinal,
        "title": pair.title,
        "a": {"model": pair.a.provenance.model, **pair.a.answer.model_dump(mode="json")},
        "b": {"model": pair.b.provenance.model, **pair.b.answer.model_dump(mode="json")},
    }
