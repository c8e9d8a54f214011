from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlm4rec.errors import DataError
from vlm4rec.interactions.interactions import Interactions
from vlm4rec.recommending.signals import Availability, RecentPopularity

Row = tuple[str, str, datetime | None]

CANDIDATES = ["c", "a", "b"]
START = datetime.fromisoformat("2020-09-01")


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def log_of(rows: list[Row]) -> Interactions:
    schema = pl.Schema({"user": pl.String(), "item": pl.String(), "time": pl.Datetime("us")})
    return Interactions.of(pl.DataFrame(rows, schema=schema, orient="row"))


# half days, so that times meet each other and the ends of windows, and one microsecond beside
times = st.builds(
    lambda halves, micros: at(halves / 2) + timedelta(microseconds=micros),
    st.integers(-2, 12),
    st.sampled_from([0, 0, 0, 1, -1]),
)
logs = st.lists(
    st.tuples(st.sampled_from("uv"), st.sampled_from("abd"), st.none() | times), max_size=25
)
asked = st.lists(st.none() | times, max_size=8)
lengths = st.none() | st.sampled_from([0.5, 1.0, 2.5, 100.0])


def naive(
    rows: list[Row],
    now: datetime | None,
    item: str,
    days: float | None,
    half_life: float | None,
    distinct: bool,
) -> float:
    """One item's count by the definition."""
    counted: dict[object, float] = {}
    for number, (user, bought, when) in enumerate(rows):
        if bought != item:
            continue
        key = user if distinct else number
        if now is None or (when is None and days is None and half_life is None):
            value = 1.0
        elif when is None or when >= now or (days and when < now - timedelta(days=days)):
            continue
        else:
            value = 0.5 ** ((now - when) / timedelta(days=half_life)) if half_life else 1.0
        counted[key] = max(counted.get(key, 0.0), value)
    return sum(counted.values())


@given(logs, asked, lengths, st.none() | st.sampled_from([0.5, 3.0]), st.booleans())
def test_counts_are_those_of_the_definition(
    rows: list[Row],
    moments: list[datetime | None],
    days: float | None,
    half_life: float | None,
    distinct: bool,
) -> None:
    counter = RecentPopularity(
        log_of(rows), CANDIDATES, days, half_life_days=half_life, distinct_users=distinct
    )
    found = counter.counts(moments)
    assert found.shape == (len(moments), 3)
    assert found.dtype == np.float32
    expected = [
        [naive(rows, now, item, days, half_life, distinct) for item in CANDIDATES]
        for now in moments
    ]
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-6)


@given(logs, asked)
def test_availability_is_that_of_the_definition(
    rows: list[Row], moments: list[datetime | None]
) -> None:
    found = Availability(log_of(rows), CANDIDATES).days(moments)
    assert found.shape == (len(moments), 3)
    assert found.dtype == np.float32
    known = [when for _, item, when in rows if when is not None and item in CANDIDATES]
    for now, row in zip(moments, found.tolist(), strict=True):
        end = max(known, default=START) if now is None else now
        for item, value in zip(CANDIDATES, row, strict=True):
            before = [
                when
                for _, bought, when in rows
                if bought == item and when is not None and (now is None or when < now)
            ]
            days = (end - max(before)) / timedelta(days=1) if before else np.inf
            assert value == pytest.approx(days, rel=1e-6)


@pytest.mark.parametrize(
    "signal",
    [
        lambda log: RecentPopularity(log, CANDIDATES).counts,
        lambda log: RecentPopularity(log, CANDIDATES, 3).counts,
        lambda log: RecentPopularity(log, CANDIDATES, 3, distinct_users=True).counts,
        lambda log: RecentPopularity(log, CANDIDATES, half_life_days=2).counts,
        lambda log: Availability(log, CANDIDATES).days,
    ],
)
@settings(max_examples=40)
@given(rows=logs, later=logs, now=times)
def test_what_comes_at_the_time_or_after_changes_nothing(
    signal: Callable[[Interactions], Callable[[list[datetime]], object]],
    rows: list[Row],
    later: list[Row],
    now: datetime,
) -> None:
    added = [(user, item, now + abs(now - (when or now))) for user, item, when in later]
    before, after = (signal(log_of(held))([now]) for held in (rows, added + rows))
    np.testing.assert_array_equal(np.asarray(before), np.asarray(after))


@given(logs, st.lists(times, min_size=1, max_size=8), lengths, st.booleans())
def test_one_time_is_answered_as_in_company(
    rows: list[Row], moments: list[datetime], days: float | None, distinct: bool
) -> None:
    counter = RecentPopularity(log_of(rows), CANDIDATES, days, distinct_users=distinct)
    together = counter.counts(moments)
    alone = np.vstack([counter.counts([now]) for now in moments])
    np.testing.assert_array_equal(together, alone)


def test_the_window_holds_its_first_moment_and_not_its_last() -> None:
    log = log_of([("u", "a", at(0)), ("u", "b", at(7))])
    counter = RecentPopularity(log, ["a", "b"], 7)
    moments = [at(7), at(7) + timedelta(microseconds=1)]
    assert counter.counts(moments).tolist() == [[1, 0], [0, 1]]


def test_of_a_users_rows_of_an_item_the_latest_counts() -> None:
    log = log_of([("u", "a", at(1)), ("u", "a", at(3)), ("v", "a", at(2)), ("u", "a", at(5))])
    counter = RecentPopularity(log, ["a"], half_life_days=1, distinct_users=True)
    assert counter.counts([at(4)]).tolist() == [[0.5 + 0.25]]


def test_a_window_can_be_longer_than_all_time() -> None:
    log = log_of([("u", "a", at(0)), ("u", "a", None)])
    for days in (1e9, 1e300):
        assert RecentPopularity(log, ["a"], days).counts([at(1), None]).tolist() == [[1], [2]]


def test_what_is_very_old_counts_nothing() -> None:
    log = log_of([("u", "a", at(-9e5 / 365)), ("u", "b", at(0))])
    decayed = RecentPopularity(log, ["a", "b"], half_life_days=5e-324).counts([at(1)])
    assert decayed.tolist() == [[0, 0]]


def test_what_is_returned_may_be_changed() -> None:
    log = log_of([("u", "a", at(0))])
    counter, availability = RecentPopularity(log, ["a"]), Availability(log, ["a"])
    for ask in (counter.counts, availability.days):
        first = ask([at(1), at(1)])
        first[0] = -np.inf
        assert first[1] == 1
        assert ask([at(1)]) == 1


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_a_length_must_be_positive(wrong: float) -> None:
    with pytest.raises(DataError, match=r"^days must be a positive number"):
        RecentPopularity(log_of([]), ["a"], wrong)
    with pytest.raises(DataError, match=r"^half_life_days must be a positive number"):
        RecentPopularity(log_of([]), ["a"], half_life_days=wrong)


def test_a_time_with_a_zone_is_told() -> None:
    with pytest.raises(DataError, match="has a zone"):
        RecentPopularity(log_of([]), ["a"]).counts([datetime(2020, 9, 1, tzinfo=UTC)])
