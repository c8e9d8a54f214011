"""The main job, end to end, on the sample shop or another one with recorded groundings."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from vlm4rec.errors import DataError
from vlm4rec.gallery import Gallery, write_gallery
from vlm4rec.shop import InitOptions, Shop
from vlm4rec.shop.stages import Stage, silent, watching

__all__ = ["Demo", "run_demo", "sample_folder"]


@dataclass(frozen=True, slots=True)
class Demo:
    """A shop that was made to be looked at, and its page."""

    shop: Shop
    gallery: Gallery


def run_demo(
    out: Path, *, source: Path | None = None, users: int = 8, stage: Stage = silent
) -> Demo:
    """Make a shop and its gallery: photos, recorded groundings, vectors, recommendations.

    The sample shop is encoded by the recipe ``facets``, another one by the default.

    Parameters
    ----------
    out
        A new folder, or that of an earlier demo: ``shop`` and ``gallery`` are made in it.
    source
        A folder in the H&M layout with ``groundings.jsonl``; by default the sample shop that
        comes with the package.
    users
        How many customers the page shows.
    stage
        Shows progress.

    Raises
    ------
    DataError
        If the source can't be used.
    MissingExtraError, EncoderError
        If the text encoder can't be had.
    """
    folder = sample_folder() if source is None else source
    groundings = folder / "groundings.jsonl"
    if not groundings.is_file():
        raise DataError(
            f"{folder} has no groundings.jsonl.",
            "Name a folder that has recorded groundings, or leave --source out.",
        )
    shop = Shop.create(out / "shop", _options(folder, sample=source is None), stage=stage)
    with stage("Grounding") as progress:
        shop.ground(f"recorded:{groundings}", watch=watching(progress))
    if source is None:
        # Stock codes for titles say nothing, and 88 items are too few to fit a whitening on.
        # Across furniture and shoes, style says most of a taste, and the audience least.
        shop.encode("facets", whiten=False, weights={"style": 2, "audience": 0.5}, stage=stage)
    else:
        shop.encode(stage=stage)
    gallery = write_gallery(shop, out / "gallery", users=users, stage=stage)
    return Demo(shop, gallery)


def sample_folder() -> Path:
    """Return the folder of the sample shop that comes with the package."""
    return Path(str(files("vlm4rec.demo")))


def _options(folder: Path, *, sample: bool) -> InitOptions:
    if not sample:
        return InitOptions(format="hm", source=str(folder))
    return InitOptions(
        format="csv",
        source=str(folder / "items.csv"),
        interactions=(str(folder / "interactions.csv"),),
    )
