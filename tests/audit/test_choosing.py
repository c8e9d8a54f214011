from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from vlm4rec.audit.choosing import choose_photos


def photos(
    *flags: Sequence[str] | None, failed: Sequence[str] = (), corrected: int = 0
) -> pl.DataFrame:
    """A table of described photos with these flags, then failed ones, some corrected."""
    described = len(flags)
    return pl.DataFrame(
        {
            "key": [f"k{n}" for n in range(described)] + [None] * len(failed),
            "flags": [*flags, *([None] * len(failed))],
            "code": [None] * described + list(failed),
            "corrected": [n < corrected for n in range(described + len(failed))],
        },
        schema={
            "key": pl.String,
            "flags": pl.List(pl.String),
            "code": pl.String,
            "corrected": pl.Boolean,
        },
    )


def test_all_that_is_flagged_or_failed_is_shown_once_and_first() -> None:
    table = photos([], ["a"], None, ["b", "a"], [], failed=["refused"], corrected=1)
    choice = choose_photos(table, sample=0, seed=0)
    assert set(choice.rows) == {1, 3, 5, 0}
    assert choice.rows[-1] == 0  # corrected ones come after
    assert len(choice.rows) == 4
    assert (choice.sample, choice.left_out) == ((), 0)


def test_the_sample_is_of_all_described_photos_and_the_same_for_a_seed() -> None:
    table = photos(*[["a"] if n % 2 else [] for n in range(100)], failed=["x"] * 10)
    first = choose_photos(table, sample=20, seed=7, most_flagged=0)
    assert first == choose_photos(table, sample=20, seed=7, most_flagged=0)
    assert first.sample != choose_photos(table, sample=20, seed=8, most_flagged=0).sample
    assert len(set(first.sample)) == 20
    assert max(first.sample) < 100
    assert list(first.sample) != sorted(first.sample)  # the order drawn is kept
    assert set(choose_photos(table, sample=500, seed=0).sample) == set(range(100))


def test_every_photo_is_as_likely_as_another_flagged_or_not() -> None:
    table = photos(["a"], [], [], [])
    drawn = [choose_photos(table, sample=1, seed=seed).sample[0] for seed in range(400)]
    assert {row: 60 < drawn.count(row) < 140 for row in range(4)} == dict.fromkeys(range(4), True)


def test_a_rare_flag_is_shown_whole_where_a_common_one_is_cut() -> None:
    table = photos(*[["common"]] * 500, *[["rare"]] * 3, *[["rare", "common"]] * 2)
    choice = choose_photos(table, sample=0, seed=0, most_flagged=50)
    assert len(choice.rows) == 50
    assert set(range(500, 505)) <= set(choice.rows)
    assert choice.left_out == 455


def test_what_the_sample_shows_is_not_left_out() -> None:
    table = photos(*[["a"]] * 10)
    choice = choose_photos(table, sample=10, seed=0, most_flagged=2)
    assert (len(choice.rows), choice.left_out) == (10, 0)


def test_many_corrected_ones_are_cut() -> None:
    choice = choose_photos(photos(*[[]] * 9, corrected=9), sample=0, seed=0, most_corrected=4)
    assert choice.rows == (0, 1, 2, 3)
