"""A cache of vectors by content: what did not change is not encoded again."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.arrays import chunks, save_array, write_header, write_values
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import ShopDamagedError
from vlm4rec.problems import counted
from vlm4rec.storage import replacing

__all__ = ["VectorCache"]

_KEY_BYTES = 16
_MOST_FILES = 64


class VectorCache:
    """Vectors of texts under one encoder, in append-only files.

    Each `add` writes one new file atomically, so a run that is cut short keeps every batch that
    it finished; many small files are merged into one. In memory are only the keys of the texts:
    a file is open no longer than it is read. A file that is damaged is passed over: its texts
    are encoded again.

    Parameters
    ----------
    folder
        Where the files are; made at the first `add`.
    fingerprint
        The encoder's: its files are kept apart from those of others.
    dimension
        The length of the vectors.

    Raises
    ------
    OSError
        If a file is there but the system does not let it be read.
    """

    def __init__(self, folder: Path, fingerprint: str, dimension: int) -> None:
        self.folder = folder / text_key(fingerprint).hex()
        self.dimension = dimension
        self._scan()

    @property
    def _dtype(self) -> np.dtype[np.void]:
        return np.dtype([("key", f"V{_KEY_BYTES}"), ("vector", "<f4", (self.dimension,))])

    def _scan(self) -> None:
        """Read the keys of all files; a vector's place counts the rows of all files before it."""
        self._paths: list[Path] = []
        self._starts = [0]
        self._places: dict[bytes, int] = {}
        for path in sorted(self.folder.glob("*.npy")):
            self._take(path)

    def _take(self, path: Path) -> None:
        shard = self._read(path)
        if shard is None:
            return
        start = self._starts[-1]
        self._paths.append(path)
        self._starts.append(start + len(shard))
        self._places.update(zip(shard["key"].tolist(), range(start, start + len(shard))))  # noqa: B905

    def _read(self, path: Path) -> NDArray[np.void] | None:
        """Map a file, which closes when the array is let go; None if it is gone or damaged."""
        try:
            shard: NDArray[np.void] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):
            return None
        return shard if shard.dtype == self._dtype and shard.ndim == 1 else None

    def __len__(self) -> int:
        return len(self._places)

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Return the texts whose vectors are not here, each once, in order."""
        return [text for text in dict.fromkeys(texts) if text_key(text) not in self._places]

    def add(self, texts: Sequence[str], vectors: Floats) -> None:
        """Keep the vectors of texts: float32, shape (n, dimension)."""
        if not texts:
            return
        shard = np.empty(len(texts), dtype=self._dtype)
        shard["key"] = np.array([text_key(text) for text in texts], dtype=f"V{_KEY_BYTES}")
        shard["vector"] = vectors
        path = self._new_path()
        save_array(path, shard)
        self._take(path)
        if len(self._paths) > _MOST_FILES:
            self._merge()

    def get(self, texts: Sequence[str]) -> Floats:
        """Return the vectors of texts: float32, shape (n, dimension).

        Raises
        ------
        ShopDamagedError
            If one of them is not here, or no longer.
        """
        keys = [text_key(text) for text in texts]
        vectors = self._gather(keys)
        if vectors is None:  # another process may have merged the files
            self._scan()
            vectors = self._gather(keys)
        if vectors is None:
            raise self._lost(texts)
        return vectors

    def _gather(self, keys: Sequence[bytes]) -> Floats | None:
        """Collect vectors, one file after the other; None if one can't be had."""
        places = np.fromiter((self._places.get(key, -1) for key in keys), np.int64, len(keys))
        if (places < 0).any():
            return None
        vectors = np.empty((len(keys), self.dimension), dtype=np.float32)
        files = self._file_of(places)
        for number in np.unique(files):
            shard = self._read(self._paths[number])
            wanted = np.flatnonzero(files == number)
            rows = places[wanted] - self._starts[number]
            if shard is None or rows.max() >= len(shard):
                return None
            vectors[wanted] = shard["vector"][rows]
        return vectors

    def _file_of(self, places: NDArray[np.int64]) -> NDArray[np.intp]:
        return np.searchsorted(self._starts, places, side="right") - 1

    def _lost(self, texts: Sequence[str]) -> ShopDamagedError:
        lost = self.missing(texts) or list(texts)
        return ShopDamagedError(
            f"The vectors of {counted(len(lost), 'text')} are not in the cache {self.folder} "
            f"(the first: {lost[0][:80]!r}); another process may have removed them.",
            "Run encode again.",
        )

    def _new_path(self) -> Path:
        return self.folder / f"{len(self._paths):08d}-{uuid.uuid4().hex[:12]}.npy"

    def _merge(self) -> None:
        """Merge the files into one, but for those that are larger than all smaller ones together.

        So a vector is copied only when its file at least doubles. Should the run stop before the
        old files are removed, they hold the same once more.
        """
        sizes = np.diff(self._starts)
        order = [int(number) for number in np.argsort(-sizes, kind="stable")]
        while len(order) > 2 and sizes[order[0]] > sizes[order[1:]].sum():
            del order[0]
        merged = sorted(order)
        path = self._new_path()
        try:
            self._write_merged(path, merged)
        except FileNotFoundError:  # another process removes or merges them
            path.unlink(missing_ok=True)
        else:
            for number in merged:
                # Windows keeps a file that another process reads; it does no harm.
                with contextlib.suppress(PermissionError):
                    self._paths[number].unlink(missing_ok=True)
        self._scan()

    def _write_merged(self, path: Path, numbers: Sequence[int]) -> None:
        places = np.sort(np.fromiter(self._places.values(), np.int64, len(self._places)))
        files = self._file_of(places)
        with replacing(path) as temporary, temporary.open("wb") as file:
            write_header(file, self._dtype, (int(np.isin(files, numbers).sum()),))
            for number in numbers:
                rows = places[files == number] - self._starts[number]
                shard = self._read(self._paths[number])
                if shard is None:
                    raise FileNotFoundError(self._paths[number])
                for part in chunks(len(rows)):
                    write_values(file, shard[rows[part]])


def text_key(text: str) -> bytes:
    """Return the 16 bytes under which a text's vector is kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
