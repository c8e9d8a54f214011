from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vlm4rec.catalog.source_files import check_path, existing_file, existing_folder
from vlm4rec.errors import DataError

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")


def test_a_path_of_text_passes(tmp_path: Path) -> None:
    path = tmp_path / "café [1] *"
    check_path(path)
    path.write_text("x")
    assert existing_file(path) == path


@pytest.mark.parametrize("check", [check_path, existing_file, existing_folder])
def test_a_path_that_is_not_utf_8_is_named_readably(check: Callable[[Path], object]) -> None:
    with pytest.raises(DataError) as caught:
        check(Path("a/sh\udcffop"))
    assert str(caught.value) == r"The path a/sh\xffop is not UTF-8. Rename the file or folder."


@only_linux
def test_a_path_from_a_folder_that_is_not_utf_8_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    odd.mkdir()
    monkeypatch.chdir(odd)
    with pytest.raises(DataError, match=r"\\xff/items\.csv is not UTF-8"):
        check_path(Path("items.csv"))


@only_linux
def test_a_name_that_is_not_utf_8_is_not_proposed(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/items\xff.csv")).touch()
    with pytest.raises(DataError, match="Check the path"):
        existing_file(tmp_path / "items.csv")
