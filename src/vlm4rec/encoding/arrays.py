"""Writing numpy arrays so that a full disk says that it is full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vlm4rec.storage import replacing

__all__ = ["CHUNK", "chunks", "save_array", "write_header", "write_values"]

CHUNK = 8192
"""How many rows are worked on at a time where a copy of all would be too much."""


def chunks(n: int) -> Iterator[slice]:
    """Cut n rows into stretches of `CHUNK` rows at the most.

    >>> [(part.start, part.stop) for part in chunks(10_000)]
    [(0, 8192), (8192, 10000)]
    """
    for start in range(0, n, CHUNK):
        yield slice(start, min(start + CHUNK, n))


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array as ``.npy`` atomically."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        write_header(file, array.dtype, array.shape)
        write_values(file, array)


def write_header(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Write what goes before the values of an array in C order."""
    described = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(file, described)


def write_values(file: IO[bytes], array: NDArray[Any]) -> None:
    """Write the values of an array in C order.

    `numpy.save` hands the file over to C, and forgets there why a write failed.
    """
    file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
