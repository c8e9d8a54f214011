from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.encoding.cache import VectorCache
from vlm4rec.encoding.encoder import Floats
from vlm4rec.errors import ShopDamagedError


def vectors(n: int, start: int = 0) -> Floats:
    return (np.arange(n * 3, dtype=np.float32) + start).reshape(n, 3)


def test_what_was_added_is_there_after_opening_again(tmp_path: Path) -> None:
    VectorCache(tmp_path, "f" * 64, 3).add(["a", "b"], vectors(2))
    VectorCache(tmp_path, "f" * 64, 3).add(["c"], vectors(1, 100))
    cache = VectorCache(tmp_path, "f" * 64, 3)
    assert len(cache) == 3
    assert cache.get(["c", "a"]).tolist() == [[100, 101, 102], [0, 1, 2]]
    assert cache.missing(["d", "a", "d"]) == ["d"]
    with pytest.raises(ShopDamagedError, match="'d'"):
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


def filled(folder: Path, files: int) -> VectorCache:
    cache = VectorCache(folder, "f" * 64, 3)
    for n in range(files):
        cache.add([f"text {n}"], vectors(1, n))
    return cache


def test_no_file_stays_open(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not list open files")
    before = len(list(descriptors.iterdir()))
    cache = filled(tmp_path, 30)
    again = VectorCache(tmp_path, "f" * 64, 3)
    assert again.get(["text 29", "text 0"]).tolist() == [[29, 30, 31], [0, 1, 2]]
    assert len(cache) == len(again) == 30
    assert len(list(descriptors.iterdir())) == before


def test_many_files_become_one(tmp_path: Path) -> None:
    cache = filled(tmp_path, 64)
    assert len(list(cache.folder.iterdir())) == 64
    cache.add(["text 64"], vectors(1, 64))
    assert len(list(cache.folder.iterdir())) == 1
    texts = [f"text {n}" for n in range(64, -1, -1)]
    for held in (cache, VectorCache(tmp_path, "f" * 64, 3)):
        assert held.get(texts)[:, 0].tolist() == list(range(64, -1, -1))


def test_a_large_file_is_not_written_again_for_a_few_texts(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "f" * 64, 3)
    cache.add([f"large {n}" for n in range(500)], vectors(500))
    (large,) = cache.folder.iterdir()
    for n in range(64):
        cache.add([f"text {n}"], vectors(1, n))
    assert large.exists()
    assert len(list(cache.folder.iterdir())) == 2
    assert cache.get(["large 499", "text 63"])[:, 0].tolist() == [1497, 63]


def test_texts_held_twice_are_merged_into_one(tmp_path: Path) -> None:
    cache, other = VectorCache(tmp_path, "f" * 64, 3), VectorCache(tmp_path, "f" * 64, 3)
    other.add(["text 0", "text 1"], vectors(2))
    for n in range(65):
        cache.add([f"text {n}"], vectors(1, n))
    again = VectorCache(tmp_path, "f" * 64, 3)
    assert len(again) == 65
    assert again.missing([f"text {n}" for n in range(65)]) == []


def test_files_merged_by_another_process_are_found(tmp_path: Path) -> None:
    reader = filled(tmp_path, 10)
    filled(tmp_path, 65)
    assert reader.get(["text 9"]).tolist() == [[9, 10, 11]]


def test_what_another_process_removed_is_told(tmp_path: Path) -> None:
    cache = filled(tmp_path, 2)
    shutil.rmtree(cache.folder)
    with pytest.raises(ShopDamagedError, match=r"2 texts .*'text 0'.*Run encode again"):
        cache.get(["text 0", "text 1"])


def test_a_system_that_opens_no_more_files_is_not_taken_for_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, 1)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(OSError, match="Too many"):
        VectorCache(tmp_path, "f" * 64, 3)


@given(st.lists(st.text(), unique=True, max_size=20))
def test_any_text_is_a_key(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = VectorCache(Path(folder), "f" * 64, 3)
        cache.add(texts, vectors(len(texts)))
        assert cache.missing(texts) == []
        assert (cache.get(texts) == vectors(len(texts))).all()
