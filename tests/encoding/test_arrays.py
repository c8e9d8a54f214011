from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vlm4rec.encoding.arrays import save_array
from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.index.exact import ExactIndex

MATRIX = np.ones((2000, 4), dtype=np.float32)
IDS = tuple(f"{row:05}" for row in range(len(MATRIX)))


def save_vectors(folder: Path) -> None:
    ItemVectors(IDS, MATRIX, (Block("text", 0, 4),), IDS).save(folder)


def save_index(folder: Path) -> None:
    ExactIndex(IDS, MATRIX).save(folder)


def add_to_cache(folder: Path) -> None:
    VectorCache(folder, "f" * 64, 4).add(IDS, MATRIX)


@pytest.mark.parametrize("save", [save_vectors, save_index, add_to_cache])
def test_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: Callable[[Path], None]
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no full device")

    @contextmanager
    def onto_full(path: Path) -> Iterator[Path]:
        yield full

    monkeypatch.setattr("vlm4rec.encoding.arrays.replacing", onto_full)
    with pytest.raises(OSError, match="space") as caught:
        save(tmp_path)
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize(
    "array",
    [
        MATRIX,
        MATRIX[::3, ::2],
        np.asfortranarray(MATRIX),
        MATRIX[:0],
        np.zeros(3, dtype=[("key", "V16"), ("vector", "<f4", (5,))]),
    ],
    ids=["whole", "strided", "fortran", "empty", "records"],
)
def test_numpy_reads_what_was_saved(tmp_path: Path, array: NDArray[np.void]) -> None:
    save_array(tmp_path / "a.npy", array)
    read = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    assert read.tobytes() == array.tobytes()
