"""Commands that build a shop: init, ground, encode."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument

if TYPE_CHECKING:
    from vlm4rec.grounding.report import GroundingReport
    from vlm4rec.shop import InitOptions, ShopFolder

__all__ = ["encode", "ground", "init", "register"]

T = TypeVar("T")


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
        bool,
        typer.Option("--allow-private-urls", help="Fetch photos from private addresses too."),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put another catalog in the place of this shop's.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Make a shop of a catalog, or bring it up to date with its source.

    Without --format and --source, the shop's own source is read again.
    """
    from vlm4rec.catalog.columns import parse_columns
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.shop import InitOptions, ShopFolder
    from vlm4rec.shop.initialise import initialise

    folder = ShopFolder(shop.expanduser().resolve())
    if format_ is None and source is None and interactions is None:
        options = _same_source(folder)
    else:
        options = InitOptions(
            format=_required(format_, "--format"),
            source=str(_required(source, "--source")),
            interactions=tuple(str(path) for path in interactions or ()),
            columns=parse_columns(columns or []),
            interaction_columns=parse_columns(interaction_columns or []),
            photo_root=None if photo_root is None else str(photo_root),
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


def encode(
    shop: ShopArgument,
    document: Annotated[
        str,
        typer.Option(
            "--document",
            help="What is embedded: title+description, description, attributes, title, facets, "
            "or 'template:{title}. {description}'.",
        ),
    ] = "title+description",
    encoder: Annotated[
        str, typer.Option("--encoder", help="A sentence-transformers model, by name or folder.")
    ] = "all-MiniLM-L6-v2",
    whiten: Annotated[
        bool | None,
        typer.Option("--whiten/--no-whiten", help="Whiten the vectors; facets are by default."),
    ] = None,
    shrinkage: Annotated[
        float, typer.Option("--shrinkage", min=0, max=1, help="How carefully it whitens.")
    ] = 0.1,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weight", help="A facet's weight, as style=2; may be repeated."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Make the vectors anew even if nothing changed.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Turn descriptions into vectors; only what is new or changed is encoded."""
    from vlm4rec.cli.console import out, print_json, stage
    from vlm4rec.encoding.encode import BlockOptions
    from vlm4rec.shop import Shop
    from vlm4rec.shop.encode import run_encoding

    folder = Shop.open(shop).folder
    options = BlockOptions(
        whiten=document == "facets" if whiten is None else whiten,
        shrinkage=shrinkage,
        weights=_parse_weights(weights or []),
    )
    before = folder.manifest().steps.get("encode")
    record = run_encoding(
        folder, document=document, encoder=encoder, options=options, again=again, stage=stage
    )
    if json_:
        print_json({"shop": str(folder.root), **record.model_dump(mode="json")})
    elif record == before:
        out.print("Nothing changed: the item vectors are up to date.")
    else:
        out.print(
            f"{record.counts['items']:,} items have vectors; {record.counts['encoded']:,} of "
            f"{record.counts['texts']:,} texts were new."
        )


def _required(value: T | None, option: str) -> T:
    from vlm4rec.errors import DataError

    if value is None:
        raise DataError(
            f"{option} is missing.",
            "Example: vlm4rec init my-shop --format csv --source items.csv",
        )
    return value


def _same_source(folder: ShopFolder) -> InitOptions:
    """Take the options of the shop's last `init`."""
    from vlm4rec.shop import InitOptions

    held = folder.step("init").parameters
    return InitOptions(
        **{
            **held,
            "interactions": tuple(held["interactions"]),
            "columns": {name: tuple(to) for name, to in held["columns"].items()},
            "interaction_columns": {
                name: tuple(to) for name, to in held["interaction_columns"].items()
            },
        }
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

    out.print(
        f"{counts['items']:,} items, {counts['photos']:,} usable photos, "
        f"{counts['interactions']:,} interactions of {counts['users']:,} users."
    )
    _tell_problems(folder, counts["problems"])
    out.print(f"Next: vlm4rec ground {folder.root} --lvlm openai:MODEL", soft_wrap=True)


def _report_dict(report: GroundingReport) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(report), "error": None if report.error is None else str(report.error)}


def _tell_ground(folder: ShopFolder, report: GroundingReport) -> None:
    from vlm4rec.cli.console import out

    out.print(
        f"{report.grounded:,} photos described, {report.reused:,} were described already, "
        f"{len(report.failed):,} failed, {report.unavailable:,} have no answer in this source."
    )
    if report.tokens_in or report.tokens_out:
        out.print(f"Tokens: {report.tokens_in:,} in, {report.tokens_out:,} out.")
    _tell_problems(folder, folder.step("ground").counts["problems"])
    out.print(f"Next: vlm4rec encode {folder.root}", soft_wrap=True)


def _tell_problems(folder: ShopFolder, count: int) -> None:
    from vlm4rec.cli.console import out

    if count:
        what = "1 problem" if count == 1 else f"{count:,} problems"
        out.print(f"[yellow]{what}[/]; to see: vlm4rec status {folder.root}", soft_wrap=True)
