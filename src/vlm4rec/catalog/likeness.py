"""Photos that look the same although their files differ: another size, another compression.

The same photograph comes in many files, and each would be described for money. What is compared
is a signature of a photo: its brightness in 12 x 12 fields and its colours in 4 x 4. A photo that
is scaled or encoded again keeps each of these within 4 of 255. A mark as small as a button may
go unseen, and so does a copy that was cropped, turned, or made brighter.

The usual 64-bit difference hash (N. Krawetz, "Kind of Like That", 2013) was tried first. It tells
scenes apart, but not the photos of a shop, each a thing alone on white: among some 17,000 photos
of clothes it took over 100,000 pairs for near-identical, one of which was, and it knows no colour,
by which variants of a product differ. Libraries for such hashes would also bring SciPy and
PyWavelets into the base install.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image

__all__ = ["likeness", "near_identical", "near_identical_photos", "shrunk"]

_FIELDS, _COLOURS = 12, 4
_LENGTH = _FIELDS**2 + 3 * _COLOURS**2
_SIGNATURE = re.compile(f"[0-9a-f]{{{2 * _LENGTH}}}")
_FLAT = 8
_AMOUNTS = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr")

_MOST_APART = 4
"""How far any value of two signatures may be apart, of 255."""

_MOST_RMS = 1.3
"""How far the values may be apart by their root mean square."""

_COMPONENTS = 16
_ROWS, _COLUMNS = 128, 8_192

_Bytes = npt.NDArray[np.uint8]
_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.intp]


def likeness(photo: Image.Image) -> str | None:
    """Return the signature of a photo, to be compared by `near_identical`.

    Parameters
    ----------
    photo
        The photo as it is seen: RGB, upright.

    Returns
    -------
    str or None
        192 bytes in hexadecimal digits: brightness in 12 x 12 fields, then red, green and blue in
        4 x 4, both by rows. None for a photo without contrast, which would be like all others
        without any.

    Examples
    --------
    >>> photo = Image.linear_gradient("L").convert("RGB")
    >>> len(likeness(photo)), likeness(Image.new("RGB", (64, 64), "white"))
    (384, None)
    """
    small = _small(photo)
    fields: _Bytes = np.asarray(small.convert("L"))
    if int(fields.max()) - int(fields.min()) < _FLAT:
        return None
    side = _FIELDS // _COLOURS
    blocks: _Floats = np.asarray(small, np.float32).reshape(_COLOURS, side, _COLOURS, side, 3)
    colours: _Bytes = np.rint(blocks.mean((1, 3))).astype(np.uint8)
    return fields.tobytes().hex() + colours.tobytes().hex()


def shrunk(photo: Image.Image) -> Image.Image:
    """Return the photo as small as its likeness is, in whatever mode, or as it is.

    It stays as it is where its values are no amounts to be averaged: numbers of a palette, or
    beside a colour that stands for transparency.
    """
    if photo.mode not in _AMOUNTS or "transparency" in photo.info:
        return photo
    return _small(photo)


def _small(photo: Image.Image) -> Image.Image:
    # First by whole numbers, which is quick, as long as 12 pixels a side are left to a field.
    return photo.resize((_FIELDS, _FIELDS), Image.Resampling.BILINEAR, reducing_gap=12.0)


def near_identical(signatures: Sequence[str | None]) -> list[list[int]]:
    """Return groups of rows whose photos look the same.

    Two photos look the same if no value of their signatures is further apart than 4 of 255, and
    all of them by no more than 1.3 in root mean square. A group holds what hangs together by such
    pairs. 100,000 photos take seconds and some hundred MB.

    Parameters
    ----------
    signatures
        What `likeness` returned for each row; one that it never returns is like none.

    Returns
    -------
    list of lists
        Two or more rows each, ascending; the groups by their first row.

    Examples
    --------
    >>> photo = Image.radial_gradient("L").convert("RGB")
    >>> smaller, other = photo.resize((99, 99)), photo.rotate(90).crop((0, 0, 99, 50))
    >>> near_identical([likeness(each) for each in (photo, other, smaller)])
    [[0, 2]]
    """
    rows = [row for row, text in enumerate(signatures) if text and _SIGNATURE.fullmatch(text)]
    if len(rows) < 2:
        return []
    # What is the same to the last digit is compared with others once.
    number = {text: n for n, text in enumerate(dict.fromkeys(signatures[row] for row in rows))}
    values = np.frombuffer(bytes.fromhex("".join(map(str, number))), np.uint8)
    labels = _labels(values.reshape(-1, _LENGTH))
    groups: dict[int, list[int]] = {}
    for row in rows:
        groups.setdefault(labels[number[signatures[row]]], []).append(row)
    return [group for group in groups.values() if len(group) > 1]


def near_identical_photos(photos: pl.DataFrame) -> list[list[tuple[str, int]]]:
    """Return groups of different photos that look the same.

    Parameters
    ----------
    photos
        What is known of a shop's photos, as in `vlm4rec.catalog.survey.SURVEY_SCHEMA`; where it
        has no column ``likeness``, as in shops of older versions, there are no groups.

    Returns
    -------
    list of lists
        For each group the items and ordinals of all its photos, in the order of the table. Each
        group holds at least two different files; files that are the same to the last byte are
        described once anyway, and make no group alone.

    Examples
    --------
    >>> text = likeness(Image.linear_gradient("L").convert("RGB"))
    >>> near_identical_photos(
    ...     pl.DataFrame(
    ...         {"item": ["a", "b", "c"], "ordinal": [0, 0, 1], "sha256": ["1", "1", "2"]}
    ...     ).with_columns(likeness=pl.lit(text))
    ... )
    [[('a', 0), ('b', 0), ('c', 1)]]
    """
    if "likeness" not in photos.columns:
        return []
    usable = photos.select("item", "ordinal", "sha256", "likeness").drop_nulls()
    distinct = usable.unique("sha256", keep="first", maintain_order=True)
    groups = near_identical(distinct["likeness"].to_list())
    of = {distinct["sha256"][row]: group for group, rows in enumerate(groups) for row in rows}
    found: list[list[tuple[str, int]]] = [[] for _ in groups]
    shown = usable.filter(pl.col("sha256").is_in(list(of)))
    for item, ordinal, sha256 in shown.select("item", "ordinal", "sha256").iter_rows():
        found[of[sha256]].append((item, ordinal))
    return found


def _labels(values: _Bytes) -> list[int]:
    """Label rows so that those that hang together by close pairs have the same label."""
    labels = np.arange(len(values))
    for pairs in _candidates(values):
        # Where thousands are alike, nearly all pairs join what is joined already.
        news = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]]
        labels = _joined(labels, _close(values, news))
    return labels.tolist()


def _candidates(values: _Bytes) -> Iterator[_Ints]:
    """Give pairs of rows, all those that are close among them, some at a time.

    Signatures that are close in all directions are close in the few in which signatures differ
    most. Rows in the order of the first of these are compared with those ahead that are close in
    it, by the distance in 16 of them.
    """
    radius = _MOST_RMS * _LENGTH**0.5
    points = _projected(values)
    order = np.argsort(points[:, 0], kind="stable")
    points = points[order]
    squares = (points**2).sum(1)
    ends = np.searchsorted(points[:, 0], points[:, 0] + radius + 0.1, side="right")
    for start in range(0, len(points), _ROWS):
        some = slice(start, min(start + _ROWS, len(points)))
        for left in range(start, int(ends[some.stop - 1]), _COLUMNS):
            others = slice(left, min(left + _COLUMNS, int(ends[some.stop - 1])))
            distances = squares[some, None] + squares[None, others]
            distances -= 2 * (points[some] @ points[others].T)
            # A little more than the radius, for what rounding took.
            one, other = np.nonzero(distances <= radius**2 + 16)
            one, other = one + some.start, other + others.start
            ahead = one < other
            yield order[np.stack([one[ahead], other[ahead]], axis=1)]


def _projected(values: _Bytes) -> _Floats:
    """Return the rows in the directions in which they differ most, the first first."""
    centred = values.astype(np.float32) - values.mean(0, dtype=np.float32)
    _, directions = np.linalg.eigh(centred.T @ centred)
    points: _Floats = centred @ directions[:, ::-1][:, :_COMPONENTS]
    return points


def _close(values: _Bytes, pairs: _Ints) -> _Ints:
    """Keep the pairs that are close in every value and in all."""
    kept = [pairs[:0]]
    for start in range(0, len(pairs), _COLUMNS):
        some = pairs[start : start + _COLUMNS]
        apart = values[some[:, 0]].astype(np.int16) - values[some[:, 1]]
        squares = np.square(apart, dtype=np.int32).sum(1)
        near = (np.abs(apart).max(1) <= _MOST_APART) & (squares <= _MOST_RMS**2 * _LENGTH)
        kept.append(some[near])
    return np.concatenate(kept)


def _joined(labels: _Ints, pairs: _Ints) -> _Ints:
    """Give the rows of each pair, and all that have their labels, one label: the least."""
    while True:
        one, other = labels[pairs[:, 0]], labels[pairs[:, 1]]
        if np.array_equal(one, other):
            return labels
        least = np.minimum(one, other)
        np.minimum.at(labels, one, least)
        np.minimum.at(labels, other, least)
        while not np.array_equal(labels, labels[labels]):
            labels = labels[labels]
