"""Commands that show: status, gallery and demo."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument

if TYPE_CHECKING:
    from vlm4rec.gallery.page import Gallery
    from vlm4rec.problems import Problem
    from vlm4rec.shop import Status

__all__ = ["demo", "gallery", "register", "status"]

_SHOWN = 4
_STATE = {"ok": "[green]ok[/]", "partial": "[yellow]partial[/]", "stale": "[yellow]stale[/]"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, gallery, demo):
        app.command(rich_help_panel="Look")(command)


def status(
    shop: ShopArgument,
    problems: Annotated[
        int, typer.Option("--problems", min=0, help="How many problems of a kind are listed.")
    ] = 5,
    json_: JsonOption = False,
) -> None:
    """Tell what is there, stale or missing, and what could not be used."""
    from vlm4rec.cli.console import print_json
    from vlm4rec.shop import Shop

    found = Shop.open(shop).status()
    if json_:
        print_json(found.to_dict())
        return
    _print_parts(found)
    _print_problems(found.problems, problems)


def gallery(
    shop: ShopArgument,
    out: Annotated[Path, typer.Option("--out", help="The folder for the page.")],
    users: Annotated[int, typer.Option("--users", min=1, help="How many users.")] = 8,
    user: Annotated[
        list[str] | None, typer.Option("--user", help="This user; may be repeated.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many items for each.")] = 12,
    json_: JsonOption = False,
) -> None:
    """Write a page of photos: histories, recommendations and reasons."""
    from vlm4rec.cli.console import out as console
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.gallery import write_gallery
    from vlm4rec.shop import Shop

    opened = Shop.open(shop)
    made = write_gallery(opened, out, users=users, chosen=user or (), k=k, stage=stage)
    if json_:
        print_json({"page": str(made.page), "rows": len(made.rows)})
    else:
        console.print(f"Open {made.page} in a browser.", soft_wrap=True)


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="The folder for the shop and its page.")
    ] = Path("vlm4rec-demo"),
    source: Annotated[
        Path | None,
        typer.Option(
            "--source", help="A folder in the H&M layout with groundings.jsonl, instead of ours."
        ),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Show it all on a sample shop: photos, descriptions, vectors, recommendations, page."""
    from vlm4rec.cli.console import out as console
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.demo import run_demo

    made = run_demo(out, source=source, stage=stage)
    if json_:
        print_json({"shop": str(made.shop.folder.root), "page": str(made.gallery.page)})
        return
    _print_tastes(made.gallery)
    console.print(f"\nThe shop: {made.shop.folder.root}", soft_wrap=True)
    console.print(f"The page: open {made.gallery.page} in a browser.", soft_wrap=True)


def _print_parts(found: Status) -> None:
    from rich.table import Table

    from vlm4rec.cli.console import out, plain

    table = Table(title=plain(found.root), title_justify="left")
    for name in ("Part", "State", "What is there"):
        table.add_column(name, overflow="fold")
    for part in found.parts:
        state = _STATE.get(part.state, f"[red]{part.state}[/]")
        table.add_row(part.name, state, plain(part.summary))
    out.print(table)
    for part in found.parts:
        if part.remedy:
            out.print(f"{part.name} {part.state}: {part.remedy}", soft_wrap=True, markup=False)


def _print_problems(problems: tuple[Problem, ...], most: int) -> None:

    from vlm4rec.cli.console import out, plain
    from vlm4rec.problems import count_by_code

    for code, count in count_by_code(problems).items():
        out.print(f"\n[yellow]{count:,} × {plain(code)}[/]")
        of_code = [problem for problem in problems if problem.code == code]
        for problem in of_code[:most]:
            out.print(f"  {plain(str(problem))}", soft_wrap=True)
        if count > most:
            out.print(f"  and {count - most:,} more: --problems {count}, or --json")


def _short(name: str, most: int = 12) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _print_tastes(made: Gallery) -> None:
    from rich.table import Table

    from vlm4rec.cli.console import out, plain

    table = Table(title="What the customers bought, and what they get", title_justify="left")
    for name in ("Customer", "Bought", "Recommended", "Because both are"):
        table.add_column(name, overflow="fold")
    for row in made.rows:
        pairs = list(itertools.zip_longest(row.history[:_SHOWN], row.cards[:_SHOWN]))
        for place, (bought, card) in enumerate(pairs, start=1):
            table.add_row(
                plain(_short(row.name)) if place == 1 else "",
                plain(bought.label) if bought else "",
                plain(card.label) if card else "",
                plain(card.because or "-") if card else "",
                end_section=place == len(pairs),
            )
    out.print(table)
