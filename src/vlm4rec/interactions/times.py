"""Reading the time of an interaction, however it is written, as UTC."""

from __future__ import annotations

import polars as pl

from vlm4rec.catalog.tables import as_text

__all__ = ["TIME_FORMS", "parse_times"]

TIME_FORMS = "2020-09-16, 2020-09-16T12:30:00Z, or seconds or milliseconds since 1970"
"""How times may be written, as a message says it."""

_ISO = (
    r"^(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<minute>\d{2}:\d{2})(?P<second>:\d{2})?(?P<fraction>[.,]\d{1,9})?"
    r"\s*(?P<zone>Z|z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?$"
)
_COMPACT = r"^(?:19|20)\d{6}$"
_NUMBER = r"^-?\d+(?:\.\d+)?$"
_TIME = pl.Datetime("us")


def parse_times(series: pl.Series) -> pl.Series:
    """Return a column of times as UTC without a zone; what can't be read as a time is null.

    Parameters
    ----------
    series
        Dates or datetimes, or text or numbers: ISO 8601 with or without a zone (without one it
        is taken as UTC), a date of eight digits, or the time since 1970 in seconds, milliseconds,
        microseconds or nanoseconds, told apart by their size.

    Examples
    --------
    >>> times = pl.Series(["2020-09-16T02:30:00+02:00", "1600216200", "16/09/2020"])
    >>> parse_times(times).dt.to_string("%Y-%m-%d %H:%M").to_list()
    ['2020-09-16 00:30', '2020-09-16 00:30', None]
    """
    times = _parse(series)
    years = times.dt.year()
    return times.zip_with((years >= 1) & (years <= 9999), _nulls(times)).alias(series.name)


def _parse(series: pl.Series) -> pl.Series:
    kind = series.dtype
    if isinstance(kind, pl.Datetime):
        utc = series.dt.convert_time_zone("UTC") if kind.time_zone else series
        return utc.dt.replace_time_zone(None).cast(_TIME)
    if kind == pl.Date:
        return series.cast(_TIME)
    if kind.is_numeric():
        return _epoch(series.cast(pl.Float64), series.cast(pl.Int64, strict=False))
    return _from_text(as_text(series))


def _from_text(text: pl.Series) -> pl.Series:
    """Read each different text once: a day of a big shop repeats a million times."""
    different = text.drop_nulls().unique()
    iso = _iso(different)
    compact = different.str.contains(_COMPACT)
    days = different.str.to_datetime("%Y%m%d", strict=False, time_unit="us")
    numbers = different.str.contains(_NUMBER) & ~(compact & days.is_not_null())
    digits = different.zip_with(numbers, _nulls(different))
    epoch = _epoch(digits.cast(pl.Float64), digits.cast(pl.Int64, strict=False))
    times = iso.zip_with(iso.is_not_null(), epoch.zip_with(numbers, days))
    told = times.zip_with(iso.is_not_null() | numbers | compact, _nulls(times))
    return text.replace_strict(different, told, default=None, return_dtype=_TIME)


def _nulls(series: pl.Series) -> pl.Series:
    return pl.Series([None], dtype=series.dtype).new_from_index(0, len(series))


def _iso(text: pl.Series) -> pl.Series:
    """Bring ISO times to one form, read them, and take the zone off."""
    part = pl.col("parts").struct.field
    clock = pl.concat_str(
        part("date"),
        pl.lit("T"),
        part("minute").fill_null("00:00"),
        part("second").fill_null(":00"),
        part("fraction").str.replace(",", ".").fill_null(".0"),
    )
    zone = part("zone").str.replace(":", "")
    minutes = zone.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0) * 60
    minutes += zone.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    offset = pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    time = clock.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    frame = pl.DataFrame({"parts": text.str.extract_groups(_ISO)})
    return frame.select(time - pl.duration(minutes=offset)).to_series()


def _epoch(seconds: pl.Series, whole: pl.Series) -> pl.Series:
    """Read times since 1970; whole numbers exactly, others as seconds to the microsecond."""
    frame = pl.DataFrame({"any": seconds, "whole": whole})
    size, number = pl.col("any").abs(), pl.col("whole")
    exact = (
        pl.when(size < 1e11)
        .then(number * 1_000_000)
        .when(size < 1e14)
        .then(number * 1_000)
        .when(size < 1e17)
        .then(number)
        .otherwise(number // 1_000)
    )
    scale = pl.when(size < 1e11).then(1e6).when(size < 1e14).then(1e3).when(size < 1e17).then(1.0)
    fractional = (pl.col("any") * scale.otherwise(1e-3)).round().cast(pl.Int64, strict=False)
    micros = pl.when((number == pl.col("any")) | (size >= 2.0**53)).then(exact)
    return frame.select(micros.otherwise(fractional).cast(_TIME)).to_series()
