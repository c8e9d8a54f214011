from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vlm4rec.encoding.vectors import Block, ItemVectors
from vlm4rec.encoding.whitening import Whitening
from vlm4rec.errors import ShopDamagedError


def made() -> ItemVectors:
    rng = np.random.default_rng(0)
    white = Whitening.fit(rng.normal(size=(20, 4)).astype(np.float32))
    return ItemVectors(
        ids=("001", "1", "é"),
        matrix=rng.normal(size=(3, 8)).astype(np.float32),
        blocks=(Block("category", 0, 4, 0.75), Block("colour", 4, 8, 0.25)),
        hashes=("x", "y", "z"),
        whitening={"colour": white},
    )


def test_saved_vectors_open_as_they_were(tmp_path: Path) -> None:
    before = made()
    before.save(tmp_path / "v")
    after = ItemVectors.open(tmp_path / "v")
    assert (after.ids, after.blocks, after.hashes) == (before.ids, before.blocks, before.hashes)
    assert (after.matrix == before.matrix).all()
    assert (after.whitening["colour"].matrix == before.whitening["colour"].matrix).all()
    assert after.rows(["é", "2", "001"]) == [2, 0]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ItemVectors.open(tmp_path / "v")


@pytest.mark.parametrize("name", ["vectors.npy", "items.parquet", "blocks.parquet"])
def test_a_torn_file_is_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    made().save(tmp_path / "v")
    content = (tmp_path / "v" / name).read_bytes()
    (tmp_path / "v" / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ShopDamagedError, match="--again"):
        ItemVectors.open(tmp_path / "v")


def test_vectors_that_do_not_fit_the_items(tmp_path: Path) -> None:
    made().save(tmp_path / "v")
    np.save(tmp_path / "v" / "vectors.npy", np.zeros((2, 8), dtype=np.float32))
    with pytest.raises(ShopDamagedError):
        ItemVectors.open(tmp_path / "v")


def test_brackets_in_a_path_are_no_pattern(tmp_path: Path) -> None:
    made().save(tmp_path / "v[1]*")
    assert ItemVectors.open(tmp_path / "v[1]*").ids == made().ids
    (tmp_path / "v[1]*" / "items.parquet").unlink()
    made().save(tmp_path / "v1x")
    with pytest.raises(FileNotFoundError):
        ItemVectors.open(tmp_path / "v[1]*")
