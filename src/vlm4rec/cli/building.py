"""Commands that build a shop: init, ground, encode."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument

if TYPE_CHECKING:
    from vlm4rec.grounding.report import GroundingReport
    from vlm4rec.shop import ShopFolder

__all__ = ["encode", "ground", "init", "register"]


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


def ground(
    shop: ShopArgument,
    lvlm: Annotated[
        str, typer.Option("--lvlm", help="Who describes: openai:MODEL or recorded:FILE.")
    ],
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", help="An OpenAI-compatible server, as http://host/v1."),
    ] = None,
    prompt: Annotated[str, typer.Option("--prompt", help="Which prompt is asked.")] = "paper-v1",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask for so many photos at the most.")
    ] = None,
    all_photos: Annotated[
        bool, typer.Option("--all-photos", help="Describe every photo, not the main one alone.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="Requests under way at once.")
    ] = 8,
    json_: JsonOption = False,
) -> None:
    """Have a vision-language model describe the photos not described yet.

    The key of a model server is read from the environment (OPENAI_API_KEY).
    """
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.grounding.prompts import prompt_by_id
    from vlm4rec.shop import Shop

    opened = Shop.open(shop)
    report = opened.ground(
        lvlm,
        base_url=base_url,
        prompt=prompt_by_id(prompt),
        limit=limit,
        all_photos=all_photos,
        concurrency=concurrency,
        stage=stage,
    )
    if json_:
        print_json({"shop": str(opened.folder.root), **_report_dict(report)})
    else:
        _tell_ground(opened.folder, report)
    if report.error is not None:
        raise report.error
    if report.stopped_by == "interrupt":
        raise typer.Exit(130)
    if report.failed and not report.grounded:
        raise typer.Exit(1)


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


def _report_dict(report: GroundingReport) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(report), "error": None if report.error is None else str(report.error)}


def _tell_ground(folder: ShopFolder, report: GroundingReport) -> None:
    from vlm4rec.cli.console import out
    from vlm4rec.problems import counted

    told = [f"{counted(report.grounded, 'photo')} described"]
    if report.reused:
        told.append(f"{report.reused:,} described before")
    if report.failed:
        told.append(f"{len(report.failed):,} failed")
    if report.unavailable:
        told.append(f"{report.unavailable:,} without an answer in this source")
    out.print(", ".join(told) + ".", soft_wrap=True)
    if report.tokens_in or report.tokens_out:
        out.print(f"Tokens: {report.tokens_in:,} in, {report.tokens_out:,} out.")
    if report.failed:
        out.print(f"The first failure: {report.failed[0]}", soft_wrap=True, markup=False)
    counts = folder.step("ground").counts
    _tell_problems(folder, counts["problems"])
    if report.stopped_by:
        out.print(
            f"Stopped with {counted(counts['left'], 'photo')} left: the same command goes on."
        )
    elif report.grounded or report.reused:
        _tell_next(f"vlm4rec encode {folder.quoted}")


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
