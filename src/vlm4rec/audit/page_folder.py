"""The folder of a page: what may be written over, and what the page is allowed to do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
from markupsafe import Markup

from vlm4rec._version import __version__
from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.catalog.thumbnails import make_thumbnails, remove_others
from vlm4rec.errors import ShopExistsError
from vlm4rec.storage import write_text

__all__ = ["check_folder", "write_page"]

_THUMBNAILS = "thumbnails"
_PAGE = "index.html"


def check_folder(out: Path, kind: str) -> Path:
    """Return the folder in full if a page of that kind may be written there.

    Parameters
    ----------
    out
        The folder: new, empty, or one that holds such a page, whole or cut short.
    kind
        What tells such a page from another: the generator that it names.

    Raises
    ------
    ShopExistsError
        If it holds something else.
    """
    out = out.expanduser().resolve()
    found = {path.name for path in out.iterdir()} if out.is_dir() else set()
    names = {name for name in found if not name.startswith(".")} - {"Thumbs.db"}
    page = out / _PAGE
    mark = f'<meta name="generator" content="{kind}">'
    ours = not page.exists() or mark in page.read_text("utf-8", errors="replace")
    if out.is_file() or names - {_PAGE, _THUMBNAILS} or not ours:
        raise ShopExistsError(
            f"{out} holds something already, and it is not a page of this kind.",
            "Choose a new or empty folder with --out.",
        )
    return out


def write_page(
    out: Path,
    kind: str,
    photos: pl.DataFrame,
    values: dict[str, Any],
    *,
    scripts: Iterable[str] = (),
    progress: Progress = no_progress,
) -> Path:
    """Write a page with small copies of its photos, and return its path.

    The page loads nothing but these. A browser runs no script on it and takes no style for it but
    those that are written here, known by their hashes.

    Parameters
    ----------
    out
        The folder, as `check_folder` returned it.
    kind
        As for `check_folder`; the template has the name of its last word.
    photos
        The photos on the page: path and sha256.
    values
        What the template needs besides; ``thumbnails`` gives it the file name of each photo's
        copy by sha256, where it could be made.
    scripts
        The names of the scripts in the folder of templates.
    progress
        Told how many copies are done.
    """
    places = {
        sha256: (path, sha256) for path, sha256 in photos.select("path", "sha256").iter_rows()
    }
    thumbnails = make_thumbnails(places, list(places), out / _THUMBNAILS, progress)
    environment = _environment()
    style = _source("style.css")
    script = "\n".join(_source(name) for name in scripts)
    text = environment.get_template(f"{kind.split()[-1]}.html").render(
        **values,
        kind=kind,
        version=__version__,
        thumbnails=thumbnails,
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        policy=_policy(style, script),
    )
    write_text(out / _PAGE, text)
    remove_others(out / _THUMBNAILS, thumbnails.values())
    return out / _PAGE


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("vlm4rec.audit"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(name: str) -> str:
    return files("vlm4rec.audit").joinpath("templates", name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Return the page's Content-Security-Policy."""
    allowed = f"script-src {_digest(script)}; " if script else ""
    return (
        f"default-src 'none'; {allowed}style-src {_digest(style)}; img-src 'self' file: data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
