from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.encoder import Floats


def vectors(n: int, start: int = 0) -> Floats:
    return (np.arange(n * 3, dtype=np.float32) + start).reshape(n, 3)


def test_what_was_added_is_there_after_opening_again(tmp_path: Path) -> None:
    VectorCache(tmp_path, "f" * 64, 3).add(["a", "b"], vectors(2))
    VectorCache(tmp_path, "f" * 64, 3).add(["c"], vectors(1, 100))
    cache = VectorCache(tmp_path, "f" * 64, 3)
    assert len(cache) == 3
    assert cache.get(["c", "a"]).tolist() == [[100, 101, 102], [0, 1, 2]]
    assert cache.missing(["d", "a", "d"]) == ["d"]
    with pytest.raises(KeyError):
        cache.get(["d"])


def test_encoders_are_kept_apart(tmp_path: Path) -> None:
    VectorCache(tmp_path, "a" * 64, 3).add(["x"], vectors(1))
    assert VectorCache(tmp_path, "b" * 64, 3).missing(["x"]) == ["x"]


@pytest.mark.parametrize("harm", [b"", b"not numpy", None])
def test_a_damaged_file_costs_its_own_texts_only(tmp_path: Path, harm: bytes | None) -> None:
    cache = VectorCache(tmp_path, "f" * 64, 3)
    cache.add(["a"], vectors(1))
    cache.add(["b"], vectors(1, 5))
    damaged = min(cache.folder.glob("*.npy"))
    content = damaged.read_bytes()
    damaged.unlink()  # the mapped file must not change under the cache's feet
    damaged.write_bytes(content[:-2] if harm is None else harm)
    again = VectorCache(tmp_path, "f" * 64, 3)
    assert again.missing(["a", "b"]) == ["a"]
    again.add(["a"], vectors(1))
    assert VectorCache(tmp_path, "f" * 64, 3).missing(["a", "b"]) == []


def test_another_dimension_is_passed_over(tmp_path: Path) -> None:
    VectorCache(tmp_path, "f" * 64, 3).add(["a"], vectors(1))
    assert VectorCache(tmp_path, "f" * 64, 4).missing(["a"]) == ["a"]


@given(st.lists(st.text(), unique=True, max_size=20))
def test_any_text_is_a_key(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = VectorCache(Path(folder), "f" * 64, 3)
        cache.add(texts, vectors(len(texts)))
        assert cache.missing(texts) == []
        assert (cache.get(texts) == vectors(len(texts))).all()
