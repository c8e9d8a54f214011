"""Where photos are made ready: on the event loop, or in threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vlm4rec.errors import PhotoError
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.prompts import DEFAULT_PROMPT
from vlm4rec.grounding.providers import photo_payload, preparing
from vlm4rec.grounding.providers.preparing import Preparer
from vlm4rec.storage import file_hash

SIZE = (60, 40)


def request_for(path: Path, size: tuple[int, int] = SIZE) -> GroundingRequest:
    return GroundingRequest("a", str(path), file_hash(path), DEFAULT_PROMPT, size=size)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.JPG"
    Image.new("RGB", SIZE, "red").save(path, "JPEG")
    return path


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each look at a photo was on the event loop's own thread."""
    looks: list[bool] = []

    def noting(look: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: object) -> Any:
            looks.append(threading.current_thread() is threading.main_thread())
            return look(*args)

        return noted

    monkeypatch.setattr(preparing, "ready_jpeg", noting(photo_payload.ready_jpeg))
    monkeypatch.setattr(preparing, "checked_jpeg", noting(photo_payload.checked_jpeg))
    return looks


def prepared(preparer: Preparer, request: GroundingRequest) -> bytes:
    return asyncio.run(preparer.jpeg(request))


def test_a_small_jpeg_is_read_at_once(photo: Path, here: list[bool]) -> None:
    preparer = Preparer(60)
    for _ in range(3):
        assert prepared(preparer, request_for(photo)) == photo.read_bytes()
    assert here == [True] * 3


def test_what_may_need_work_is_for_threads(photo: Path, tmp_path: Path, here: list[bool]) -> None:
    png = tmp_path / "photo.png"
    Image.new("RGB", SIZE).save(png)
    unknown = request_for(photo, (0, 0))
    for max_side, request in ((59, request_for(photo)), (60, unknown), (60, request_for(png))):
        jpeg = prepared(Preparer(max_side), request)
        assert jpeg == photo_payload.photo_jpeg(request.photo, max_side)
    assert here == [False] * 3


def test_what_turns_out_to_need_work_is_for_threads_then(photo: Path, here: list[bool]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    Image.new("RGB", SIZE, "red").save(photo, "JPEG", exif=exif)
    jpeg = prepared(Preparer(60), request_for(photo))
    assert jpeg == photo_payload.photo_jpeg(str(photo), 60) != photo.read_bytes()
    assert here == [True, False]


def test_what_is_wrong_with_a_photo_is_told(photo: Path) -> None:
    changed = replace(request_for(photo), photo_sha256="0" * 64)
    with pytest.raises(PhotoError, match="has changed") as caught:
        prepared(Preparer(60), changed)
    assert caught.value.code == "changed"
    gone = request_for(photo)
    photo.unlink()
    with pytest.raises(PhotoError) as caught:
        prepared(Preparer(60), gone)
    assert caught.value.code == "missing"
    photo.mkdir()
    with pytest.raises(PhotoError, match="is not a file"):
        prepared(Preparer(60), gone)


class Disk:
    """A clock by which each reading takes as long as is said."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self.seconds  # called before and after
        return self.now


@pytest.mark.parametrize(("milliseconds", "most"), [(2, 12), (50, 3)])
def test_a_slow_disk_is_left_to_threads_and_tried_again(
    photo: Path, here: list[bool], milliseconds: int, most: int
) -> None:
    disk = Disk(milliseconds / 1000)
    preparer, request = Preparer(60, disk), request_for(photo)

    async def many(count: int) -> list[bool]:
        here.clear()
        for _ in range(count):
            await preparer.jpeg(request)
        return list(here)

    looks = asyncio.run(many(1000))
    assert 0 < looks.index(False) <= most
    assert sum(looks) <= 4 * most
    assert looks[looks.index(False) :].index(True) == 256
    disk.seconds = 0.0001  # it is quick now
    asyncio.run(many(256))
    assert all(asyncio.run(many(500)))


def test_one_reading_that_takes_long_changes_nothing(photo: Path, here: list[bool]) -> None:
    disk = Disk(0.0001)
    preparer, request = Preparer(60, disk), request_for(photo)
    for seconds in (0.0001, 1.0, 0.0001, 0.0001):
        disk.seconds = seconds
        prepared(preparer, request)
    assert all(here)
