"""Small copies of photos for pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from vlm4rec.catalog.photos import open_photo
from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.errors import PhotoError
from vlm4rec.storage import replacing

__all__ = ["make_thumbnails", "remove_others"]

_SIDE = 360


def make_thumbnails(
    photos: Mapping[str, tuple[str, str]],
    items: Iterable[str],
    folder: Path,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Write a JPEG of at most 360 pixels a side for each item whose photo can be had.

    Parameters
    ----------
    photos
        Path and sha256 of each item's main photo.
    items
        The items to write.
    folder
        Where; a thumbnail that is there already stays.
    progress
        Shows progress.

    Returns
    -------
    dict
        The file name of each item's thumbnail.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [item for item in dict.fromkeys(items) if item in photos]
    names: dict[str, str] = {}
    with ThreadPoolExecutor() as pool:
        made = pool.map(partial(_thumbnail, folder=folder), (photos[item] for item in wanted))
        for done, (item, name) in enumerate(zip(wanted, made, strict=True), start=1):
            if name is not None:
                names[item] = name
            progress(done, len(wanted))
    return names


def remove_others(folder: Path, names: Iterable[str]) -> None:
    """Remove the thumbnails that a page does not show: a photo taken down must not stay up."""
    shown = set(names)
    for path in folder.iterdir():
        if path.name not in shown:
            path.unlink(missing_ok=True)


def _thumbnail(photo: tuple[str, str], folder: Path) -> str | None:
    path, sha256 = photo
    name = f"{sha256[:20]}.jpg"
    if not (folder / name).exists():
        try:
            picture = open_photo(Path(path))
        except PhotoError:  # it was fine when it was checked; the page can do without it
            return None
        picture.thumbnail((_SIDE, _SIDE))
        with replacing(folder / name) as temporary:
            picture.save(temporary, format="JPEG", quality=85, optimize=True)
    return name
