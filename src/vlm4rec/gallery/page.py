"""Writing the gallery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import polars as pl

from vlm4rec._version import __version__
from vlm4rec.catalog.thumbnails import make_thumbnails, remove_others
from vlm4rec.errors import DataError, ShopExistsError
from vlm4rec.gallery.rows import Card, Row, choose_users, make_row
from vlm4rec.interactions.interactions import History
from vlm4rec.shop import Shop
from vlm4rec.shop.stages import Stage, silent
from vlm4rec.storage import write_text

__all__ = ["Gallery", "write_gallery"]

_THUMBNAILS = "thumbnails"
_GENERATOR = '<meta name="generator" content="vlm4rec">'
"""What tells our page from another: it stands in the template."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """A gallery that was written: its page, and what it shows."""

    page: Path
    rows: tuple[Row, ...]


def write_gallery(
    shop: Shop,
    out: Path,
    *,
    users: int = 8,
    chosen: Sequence[str] = (),
    k: int = 12,
    stage: Stage = silent,
) -> Gallery:
    """Write a page that shows what customers bought, what they get, and why.

    The folder holds ``index.html`` and thumbnails, needs no server and loads nothing from
    elsewhere. In a shop without interactions each row begins with one item.

    Parameters
    ----------
    shop
        A shop with vectors.
    out
        The folder: new, empty, or a gallery to be written anew.
    users
        How many users are shown.
    chosen
        These users instead.
    k
        How many recommendations for each.
    stage
        Shows progress.

    Raises
    ------
    ShopExistsError
        If the folder holds something else.
    UnknownIdError
        If a chosen user is not there.
    """
    out = out.expanduser().resolve()
    _refuse_other(out)
    with stage("Recommending") as progress:
        rows = []
        for row in _rows(shop, users, chosen, k):
            rows.append(row)
            progress(len(rows), None)
    if not rows:
        raise DataError("There is nobody to show: no history has an item with a vector.")
    shown = [card.item for row in rows for card in (*row.history, *row.cards)]
    with stage("Thumbnails") as progress:
        thumbnails = make_thumbnails(_main_photos(shop), shown, out / _THUMBNAILS, progress)
    page = out / "index.html"
    write_text(page, _render(shop, rows, thumbnails))
    remove_others(out / _THUMBNAILS, thumbnails.values())
    return Gallery(page, tuple(rows))


def _refuse_other(out: Path) -> None:
    """Write over nothing but an earlier gallery, whole or cut short."""
    found = {path.name for path in out.iterdir()} if out.is_dir() else set()
    names = {name for name in found if not name.startswith(".")} - {"Thumbs.db"}
    page = out / "index.html"
    ours = not page.exists() or _GENERATOR in page.read_text("utf-8", errors="replace")
    if out.is_file() or names - {"index.html", _THUMBNAILS} or not ours:
        raise ShopExistsError(
            f"{out} holds something already, and it is not a gallery.",
            "Choose a new or empty folder with --out.",
        )


def _rows(shop: Shop, users: int, chosen: Sequence[str], k: int) -> Iterator[Row]:
    named = list(chosen) or choose_users(shop, users)
    for user in named:
        history = shop.history(user)
        found = shop.recommender.recommend(history, k, user=user)
        yield make_row(shop, user, history, found)
    if not named:
        ids = [id_ for id_ in shop.vectors.ids if id_ in shop.catalog]
        for id_ in ids[:: max(len(ids) // users, 1)][:users]:
            found = shop.similar(id_, k)
            yield make_row(shop, f"Like {shop.catalog[id_].title or id_}", History.of([id_]), found)


def _main_photos(shop: Shop) -> dict[str, tuple[str, str]]:
    photos = shop.folder.read(shop.folder.photos_file).filter(pl.col("path").is_not_null())
    main = photos.group_by("item", maintain_order=True).first()
    rows = main.select("item", "path", "sha256").iter_rows()
    return {item: (path, sha256) for item, path, sha256 in rows}


def _render(shop: Shop, rows: Sequence[Row], thumbnails: dict[str, str]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vlm4rec.gallery"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    step = shop.folder.step("encode")
    facts: dict[str, Any] = {
        "version": __version__,
        "document": step.parameters["document"],
        "encoder": step.parameters["encoder"],
        "whitened": step.parameters["whiten"],
        "covered": len(shop.vectors),
        "known": len(shop.catalog),
    }

    def photo(card: Card) -> str | None:
        return thumbnails.get(card.item)

    template = environment.get_template("gallery.html")
    return template.render(rows=rows, facts=facts, photo=photo, thumbnails=thumbnails)
