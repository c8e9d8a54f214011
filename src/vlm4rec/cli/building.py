"""Commands that build a shop: init and encode; ground has a module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument
from vlm4rec.cli.grounding import ground

if TYPE_CHECKING:
    from vlm4rec.shop import ShopFolder

__all__ = ["encode", "init", "register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (init, ground, encode):
        app.command(rich_help_panel="Build a shop")(command)


def init(
    shop: ShopArgument,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="csv, parquet, jsonl, photos, hm or amazon."),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--source", help="The file or folder of the items.")
    ] = None,
    interactions: Annotated[
        list[Path] | None,
        typer.Option("--interactions", help="A file of purchases or clicks; may be repeated."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            help="Which column is what, as id=sku or photos=front+back; may be repeated.",
        ),
    ] = None,
    interaction_columns: Annotated[
        list[str] | None,
        typer.Option("--interaction-columns", help="The same for interactions: user=client."),
    ] = None,
    photo_root: Annotated[
        Path | None, typer.Option("--photo-root", help="Where relative photo paths start.")
    ] = None,
    allow_private_urls: Annotated[
        bool | None,
        typer.Option(
            "--allow-private-urls/--no-allow-private-urls",
            help="Fetch photos from private addresses too.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put another catalog in the place of this shop's.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Make a shop of a catalog, or bring it up to date with its source.

    What is left out is as it was when the shop was made; in a new shop the source tells its format.
    """
    from vlm4rec.catalog.columns import INTERACTION_COLUMNS, parse_columns
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.shop import ShopFolder
    from vlm4rec.shop.init_options import resolve_init
    from vlm4rec.shop.initialise import initialise

    folder = ShopFolder(shop.expanduser().resolve())
    options = resolve_init(
        folder.manifest().steps.get("init") if folder.manifest_file.exists() else None,
        format=format_,
        source=source,
        interactions=interactions or None,
        columns=parse_columns(columns) if columns else None,
        interaction_columns=(
            parse_columns(interaction_columns, INTERACTION_COLUMNS) if interaction_columns else None
        ),
        photo_root=photo_root,
        allow_private_urls=allow_private_urls,
    )
    record = initialise(folder, options, stage, replace=replace)
    if json_:
        print_json({"shop": str(folder.root), **record.model_dump(mode="json")})
    else:
        _tell_init(folder, record.counts)


def encode(
    shop: ShopArgument,
    document: Annotated[
        str | None,
        typer.Option(
            "--document",
            help="What is embedded: title+description (the default), description, attributes, "
            "title, facets, or 'template:{title}. {description}'.",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            help="A sentence-transformers model, by name or folder; all-MiniLM-L6-v2 by default.",
        ),
    ] = None,
    whiten: Annotated[
        bool | None,
        typer.Option("--whiten/--no-whiten", help="Whiten the vectors; facets are by default."),
    ] = None,
    shrinkage: Annotated[
        float | None,
        typer.Option("--shrinkage", min=0, max=1, help="How carefully it whitens: 0.1 by default."),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weight", help="A facet's weight, as style=2; may be repeated."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Make the vectors anew even if nothing changed.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Turn descriptions into vectors; only what is new or changed is encoded.

    An option that is left out is as it was when the shop was last encoded.
    """
    from vlm4rec.cli.console import out, print_json, stage
    from vlm4rec.problems import counted
    from vlm4rec.shop import Shop
    from vlm4rec.shop.encode import run_encoding
    from vlm4rec.shop.encode_options import EncodeOptions

    folder = Shop.open(shop).folder
    given = None if weights is None else _parse_weights(weights)
    options = EncodeOptions(document, encoder, whiten, shrinkage, given)
    before = folder.manifest().steps.get("encode")
    record = run_encoding(folder, options, again=again, stage=stage)
    if json_:
        print_json({"shop": str(folder.root), **record.model_dump(mode="json")})
    elif record == before:
        out.print("Nothing changed: the item vectors are up to date.")
    else:
        out.print(
            f"{counted(record.counts['items'], 'item vector')} by {record.parameters['encoder']}, "
            f"{record.parameters['document']}; {record.counts['encoded']:,} of "
            f"{counted(record.counts['texts'], 'text')} newly encoded.",
            soft_wrap=True,
        )


def _parse_weights(texts: list[str]) -> Mapping[str, float]:
    from vlm4rec.errors import DataError

    weights = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            raise DataError(f"--weight {text} is not NAME=NUMBER.", "Write style=2.") from None
    return weights


def _tell_init(folder: ShopFolder, counts: Mapping[str, int]) -> None:
    from vlm4rec.cli.console import out
    from vlm4rec.problems import counted

    out.print(
        f"{counted(counts['items'], 'item')}, {counted(counts['photos'], 'usable photo')}, "
        f"{counted(counts['interactions'], 'interaction')} of {counted(counts['users'], 'user')}.",
        soft_wrap=True,
    )
    _tell_problems(folder, counts["problems"])
    if "ground" in folder.manifest().steps:
        _tell_next(f"vlm4rec status {folder.quoted}")
    else:
        _tell_next(f"vlm4rec ground {folder.quoted} --lvlm openai:MODEL")


def _tell_next(command: str) -> None:
    from vlm4rec.cli.console import out

    out.print(f"Next: {command}", soft_wrap=True, markup=False)


def _tell_problems(folder: ShopFolder, count: int) -> None:
    from vlm4rec.cli.console import out
    from vlm4rec.problems import counted

    if count:
        out.print(
            f"{counted(count, 'problem')}; to see: vlm4rec status {folder.quoted}",
            soft_wrap=True,
            style="yellow",
            markup=False,
        )
