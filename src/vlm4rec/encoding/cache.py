"""A cache of vectors by content: what did not change is not encoded again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlm4rec.encoding.encoder import Floats
from vlm4rec.storage import replacing

__all__ = ["VectorCache"]

_KEY_BYTES = 16


class VectorCache:
    """Vectors of texts under one encoder, in append-only files.

    Each `add` writes one new file atomically, so a run that is cut short keeps every batch that
    it finished. A file that can't be read is passed over: its texts are encoded again.

    Parameters
    ----------
    folder
        Where the files are; made at the first `add`.
    fingerprint
        The encoder's: its files are kept apart from those of others.
    dimension
        The length of the vectors.
    """

    def __init__(self, folder: Path, fingerprint: str, dimension: int) -> None:
        self.folder = folder / text_key(fingerprint).hex()
        self.dimension = dimension
        self._shards: list[NDArray[np.void]] = []
        self._places: dict[bytes, tuple[int, int]] = {}
        for path in sorted(self.folder.glob("*.npy")):
            self._take(path)

    @property
    def _dtype(self) -> np.dtype[np.void]:
        return np.dtype([("key", f"V{_KEY_BYTES}"), ("vector", "<f4", (self.dimension,))])

    def _take(self, path: Path) -> None:
        try:
            shard = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return
        if shard.dtype != self._dtype:
            return
        self._shards.append(shard)
        number = len(self._shards) - 1
        for row, key in enumerate(shard["key"].tolist()):
            self._places[key] = (number, row)

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
        path = self.folder / f"{len(list(self.folder.glob('*.npy'))):08d}-{_name(shard)}.npy"
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, shard)
        self._take(path)

    def get(self, texts: Sequence[str]) -> Floats:
        """Return the vectors of texts: float32, shape (n, dimension).

        Raises
        ------
        KeyError
            If one of them is not here.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            shard, place = self._places[text_key(text)]
            vectors[row] = self._shards[shard]["vector"][place]
        return vectors


def text_key(text: str) -> bytes:
    """Return the 16 bytes under which a text's vector is kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


def _name(shard: NDArray[np.void]) -> str:
    return hashlib.blake2b(shard["key"].tobytes(), digest_size=6).hexdigest()
