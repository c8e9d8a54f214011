"""Choosing which photos an audit page shows: what is flagged, and a random sample."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

__all__ = ["MOST_CORRECTED", "MOST_FLAGGED", "Choice", "choose_photos"]

MOST_FLAGGED = 1_000
"""So many photos that are flagged, or failed, are on a page at the most."""

MOST_CORRECTED = 200
"""So many corrected ones besides."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows of a table of photos are shown.

    Parameters
    ----------
    rows
        The rows: first those with a flag or a failure, then corrected ones, then the sample.
    sample
        Those of the rows that were drawn at random, in the order drawn: the first of them are a
        random sample, too.
    left_out
        How many with a flag or a failure are not shown, since there are too many.
    """

    rows: tuple[int, ...]
    sample: tuple[int, ...]
    left_out: int


def choose_photos(
    photos: pl.DataFrame,
    *,
    sample: int,
    seed: int,
    most_flagged: int = MOST_FLAGGED,
    most_corrected: int = MOST_CORRECTED,
) -> Choice:
    """Choose the photos for a page.

    The sample is drawn from all described photos, flagged or not, each as likely as any other,
    so that what is found in it holds for all of them. Where there are too many flagged ones,
    each flag gets its share, and the rare ones are shown whole.

    Parameters
    ----------
    photos
        Audited photos (`vlm4rec.audit.photos.audited_photos`).
    sample
        How many are drawn.
    seed
        The same seed draws the same photos, as long as the photos are the same.
    most_flagged, most_corrected
        How many others are shown.

    Examples
    --------
    >>> described = {"key": ["k"] * 9, "flags": [[]] * 8 + [["cut-off"]], "code": [None] * 9}
    >>> photos = pl.DataFrame(described, schema_overrides={"flags": pl.List(pl.String)})
    >>> photos = photos.with_columns(corrected=False)
    >>> choice = choose_photos(photos, sample=2, seed=1)
    >>> choice.rows[0], len(choice.sample)
    (8, 2)
    """
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    rows = photos.with_row_index("row")
    described = rows.filter(pl.col("key").is_not_null())["row"].to_list()
    drawn = rng.sample(described, min(sample, len(described)))
    flagged = _flagged(rows)
    shown = _shares(flagged, most_flagged, rng)
    corrected = rows.filter("corrected")["row"].to_list()[:most_corrected]
    return Choice(
        rows=tuple(dict.fromkeys([*shown, *corrected, *drawn])),
        sample=tuple(drawn),
        left_out=len(set().union(*flagged.values()).difference(shown, corrected, drawn)),
    )


def _flagged(rows: pl.DataFrame) -> dict[str, list[int]]:
    """Return the rows of each flag; a photo without a description counts by its failure."""
    found: dict[str, list[int]] = {}
    columns = rows.select("row", "key", "flags", "code")
    for row, key, flags, code in columns.iter_rows():
        names: Iterable[str] = flags or ()
        for name in names if key is not None else {code, *names}:
            found.setdefault(name, []).append(row)
    return found


def _shares(flagged: dict[str, list[int]], most: int, rng: random.Random) -> Sequence[int]:
    """Take the rarest flags first, each whole or as much of it as its share of the room."""
    taken: dict[int, None] = {}
    by_size = sorted(flagged.items(), key=lambda pair: (len(pair[1]), pair[0]))
    for place, (_, rows) in enumerate(by_size):
        share = (most - len(taken)) // (len(by_size) - place)
        new = [row for row in rows if row not in taken]
        if len(new) > share:
            new = sorted(rng.sample(new, share))
        taken.update(dict.fromkeys(new))
    return list(taken)
