from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.interactions.times import parse_times


def utc(*parts: int) -> datetime:
    """Return a UTC time as the tables hold it: without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type, misc]


NOON = utc(2020, 9, 16, 12, 30, 5)


def parse(value: object) -> datetime | None:
    times = parse_times(pl.Series([value]))
    assert times.dtype == pl.Datetime("us")
    read: datetime | None = times.item()
    return read


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2020-09-16", utc(2020, 9, 16)),
        ("20200916", utc(2020, 9, 16)),
        (" 2020-09-16 ", utc(2020, 9, 16)),
        ("2020-09-16 12:30", NOON.replace(second=0)),
        ("2020-09-16T12:30:05", NOON),
        ("2020-09-16T12:30:05Z", NOON),
        ("2020-09-16 12:30:05 UTC", NOON),
        ("2020-09-16T14:30:05+02:00", NOON),
        ("2020-09-16T14:30:05+0200", NOON),
        ("2020-09-16T14:30:05+02", NOON),
        ("2020-09-16T07:00:05-05:30", NOON),
        ("2020-09-16T12:30:05.25Z", NOON.replace(microsecond=250_000)),
        ("2020-09-16T12:30:05,123456789", NOON.replace(microsecond=123_456)),
        ("1600259405", NOON),
        ("1600259405.5", NOON.replace(microsecond=500_000)),
        ("1600259405123", NOON.replace(microsecond=123_000)),
        ("1600259405123456", NOON.replace(microsecond=123_456)),
        ("1600259405123456789", NOON.replace(microsecond=123_456)),
        ("-1", utc(1969, 12, 31, 23, 59, 59)),
        ("0", utc(1970, 1, 1)),
    ],
)
def test_text_is_read_as_utc(text: str, time: datetime) -> None:
    assert parse(text) == time


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "16/09/2020", "09-16-2020", "2020-13-01", "2020-02-30", "2020-09-16T25:00",
     "2020-9-16", "0000-01-01", "2020-09-16T12", "1e9", "nan", "9" * 40, "2020-09-16Z",
     "2020-09-16T12:30:05+99:99:99"],
)  # fmt: skip
def test_what_is_no_time_is_null(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (date(2020, 9, 16), utc(2020, 9, 16)),
        (NOON, NOON),
        (1_600_259_405, NOON),
        (1_600_259_405_123, NOON.replace(microsecond=123_000)),
        (1_600_259_405.5, NOON.replace(microsecond=500_000)),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        (None, None),
        (True, None),
    ],
)
def test_typed_values_are_read(value: object, time: datetime | None) -> None:
    assert parse(value) == time


def test_datetimes_with_a_zone_become_utc() -> None:
    zoned = pl.Series([NOON], dtype=pl.Datetime("ns")).dt.replace_time_zone("Europe/Berlin")
    assert parse_times(zoned).item() == NOON - timedelta(hours=2)


def test_an_empty_column_stays_empty() -> None:
    assert parse_times(pl.Series([], dtype=pl.String)).len() == 0


@given(
    st.datetimes(
        min_value=utc(1, 1, 3),
        max_value=utc(9999, 12, 29),
        timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
    )
)
def test_any_iso_time_comes_back_as_utc(time: datetime) -> None:
    assert parse(time.isoformat()) == time.astimezone(UTC).replace(tzinfo=None)


@given(st.datetimes(min_value=utc(1971, 1, 1), max_value=utc(2200, 1, 1)))
def test_seconds_and_their_fractions_agree(time: datetime) -> None:
    whole = time.replace(microsecond=0, tzinfo=UTC)
    seconds = int(whole.timestamp())
    plain = whole.replace(tzinfo=None)
    assert parse(str(seconds)) == (plain if len(str(seconds)) != 8 else parse(str(seconds)))
    assert parse(f"{seconds}.25") == plain.replace(microsecond=250_000)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_null(text: str) -> None:
    time = parse(text)
    assert time is None or time.tzinfo is None
