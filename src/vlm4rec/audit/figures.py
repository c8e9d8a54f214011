"""What an audit counts: flags, who described how much and for how much, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from vlm4rec.catalog.likeness import near_identical_photos
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.quality.flags import FLAGS, by_severity
from vlm4rec.shop.answers import wanted_photos
from vlm4rec.shop.folder import ShopFolder

__all__ = ["Figures", "FlagCount", "Writer", "audit_figures"]

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class FlagCount:
    """How often one flag, or one reason of failure, occurs.

    Parameters
    ----------
    name
        The flag, or the code of the failure.
    what
        What it means, a sentence.
    used
        Photos whose description has the flag and is used.
    left_out
        Photos without a description, the last answer about which has it.
    examples
        Ids of some of the items.
    """

    name: str
    what: str
    used: int
    left_out: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """What one model wrote for one prompt.

    Parameters
    ----------
    model, prompt_id, provider
        Who, for which prompt, and by which way.
    photos
        Photos of the shop whose description of now it wrote.
    answers
        All its answers in the ledger, those of before included.
    unusable
        How many of them can't be used, or were not good enough.
    tokens_in, tokens_cached, tokens_out
        What they took, as far as the server said.
    cost
        The same in US dollars; None where no price was known for any.
    """

    model: str
    prompt_id: str
    provider: str
    photos: int
    answers: int
    unusable: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of an audit.

    Parameters
    ----------
    wanted
        Usable photos of the shop that are to be described.
    described
        Those that are.
    failed
        Those that were asked about in vain.
    flagged
        Those whose description has a flag.
    unchecked
        Those whose description the gates have not looked at.
    corrected
        Those whose description a person wrote.
    shared
        Photos that several items show, byte for byte the same file.
    alike
        Groups of photos that look the same although their files differ, which were described, and
        paid for, more than once; 0 in a shop whose photos were checked by an older version.
    alike_items
        The items of some of these groups.
    flags
        By flag, the most frequent first.
    writers
        By model and prompt, the one with most photos first.
    """

    wanted: int
    described: int
    failed: int
    flagged: int
    unchecked: int
    corrected: int
    shared: int
    alike: int
    alike_items: tuple[tuple[str, ...], ...]
    flags: tuple[FlagCount, ...]
    writers: tuple[Writer, ...]

    @property
    def cost(self) -> float | None:
        """What all answers cost in US dollars, None where no price was known."""
        known = [writer.cost for writer in self.writers if writer.cost is not None]
        return sum(known) if known else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, ready for JSON."""
        return {**asdict(self), "cost": self.cost}


def audit_figures(folder: ShopFolder, photos: pl.DataFrame) -> Figures:
    """Count.

    Parameters
    ----------
    folder
        The shop.
    photos
        Its audited photos (`vlm4rec.audit.photos.audited_photos`).
    """
    wanted = wanted_photos(folder)
    described = photos.filter(pl.col("key").is_not_null())
    alike = near_identical_photos(wanted)
    shown = wanted.group_by("sha256").agg(pl.col("item").n_unique())
    with Ledger.open(folder.ledger_file) as ledger:
        writers = _writers(ledger, described)
    return Figures(
        wanted=wanted.select("item", "sha256").n_unique(),
        described=described.height,
        failed=photos.height - described.height,
        flagged=described.filter(pl.col("flags").list.len() > 0).height,
        unchecked=described.filter(pl.col("flags").is_null()).height,
        corrected=described.filter("corrected").height,
        shared=shown.filter(pl.col("item") > 1).height,
        alike=len(alike),
        alike_items=tuple(
            tuple(dict.fromkeys(item for item, _ in group))[:_EXAMPLES]
            for group in alike[:_EXAMPLES]
        ),
        flags=_flags(photos),
        writers=writers,
    )


def _flags(photos: pl.DataFrame) -> tuple[FlagCount, ...]:
    used: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    items: dict[str, list[str]] = {}
    meant: dict[str, str] = dict(FLAGS)
    columns = photos.select("item", "key", "flags", "code", "what")
    for item, key, flags, code, what in columns.iter_rows():
        names: Sequence[str] = flags or ()
        if key is None:
            meant.setdefault(code, what)
            names = [code, *(name for name in names if name != code)]
        (used if key is not None else left_out).update(names)
        for name in names:
            if len(seen := items.setdefault(name, [])) < _EXAMPLES and item not in seen:
                seen.append(item)
    order = sorted(by_severity(items), key=lambda name: -(used[name] + left_out[name]))
    return tuple(
        FlagCount(
            name,
            meant.get(name, "A flag that this version does not know."),
            used[name],
            left_out[name],
            tuple(items[name]),
        )
        for name in order
    )


_WRITERS = """
SELECT model, prompt_id, provider, COUNT(*), SUM(status <> 'ok'),
    COALESCE(SUM(tokens_in), 0), COALESCE(SUM(tokens_cached), 0), COALESCE(SUM(tokens_out), 0),
    SUM(cost)
FROM answers GROUP BY model, prompt_id, provider
"""


def _writers(ledger: Ledger, described: pl.DataFrame) -> tuple[Writer, ...]:
    counts = Counter(described.select("model", "prompt_id", "corrected").iter_rows())
    found = []
    for model, prompt_id, provider, *rest in ledger.rows(_WRITERS):
        photos = counts[model, prompt_id, provider == "correction"]
        found.append(Writer(model, prompt_id, provider, photos, *rest))
    return tuple(sorted(found, key=lambda w: (-w.photos, -w.answers, w.model, w.prompt_id)))
