"""Commands that look at what LVLMs wrote: audit, diff-prompts, prompts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument

if TYPE_CHECKING:
    from rich.text import Text

    from vlm4rec.audit import Audit, Comparison, CorrectionReport
    from vlm4rec.audit.differences import Pair
    from vlm4rec.audit.figures import Figures
    from vlm4rec.audit.word_diff import Piece
    from vlm4rec.shop import ShopFolder

__all__ = ["audit", "diff_prompts", "prompts", "register"]

_SHOWN_PROBLEMS = 10
_WIDE = 110
"""Columns of a terminal on which there is room for all that the tables know."""
_SHORT = 20
"""Characters of a flag's name that such a terminal has room for."""

SeedOption = Annotated[
    int, typer.Option("--seed", help="Makes the random sample the same again, or another one.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="The folder for the page.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    panel = "Check descriptions"
    app.command(rich_help_panel=panel)(audit)
    app.command("diff-prompts", rich_help_panel=panel)(diff_prompts)
    app.command(rich_help_panel=panel)(prompts)


def audit(
    shop: ShopArgument,
    out: OutOption = None,
    sample: Annotated[
        int, typer.Option("--sample", min=0, max=5000, help="Photos drawn at random for review.")
    ] = 100,
    seed: SeedOption = 0,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write all descriptions to a CSV to correct.")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", help="Take in a CSV that was corrected.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who corrected it.")] = "",
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", metavar="ITEM", help="Take a correction back; may be repeated."),
    ] = None,
    drop_all: Annotated[
        bool, typer.Option("--drop-all", help="Take all corrections back.")
    ] = False,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Check every description again.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Count what is wrong with the descriptions, and write a page to review and correct them."""
    from vlm4rec.audit import (
        audit_shop,
        check_export,
        drop_corrections,
        export_corrections,
        import_corrections,
    )
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.errors import DataError
    from vlm4rec.shop import Shop

    if by and import_ is None:
        raise DataError("--by names who made corrections, and there are none.", "Add --import.")
    folder = Shop.open(shop).folder
    if export is not None:
        check_export(export)
    dropped = None
    if drop or drop_all:
        dropped = drop_corrections(folder, None if drop_all else drop)
    imported = None if import_ is None else import_corrections(folder, import_, by=by)
    found = audit_shop(folder, out, sample=sample, seed=seed, recheck=recheck, stage=stage)
    exported = None if export is None else export_corrections(folder, export)
    if json_:
        done = {"dropped": dropped, "exported": exported}
        report = None if imported is None else imported.to_dict()
        print_json({"shop": str(folder.root), **found.to_dict(), **done, "imported": report})
    else:
        _tell_audit(folder, found)
        _tell_changes(folder, dropped, imported)
        if exported is not None:
            _say(f"{exported:,} descriptions written to {export}.")
    if imported is not None and imported.problems and not imported.rows:
        raise typer.Exit(1)


def diff_prompts(
    shop: ShopArgument,
    a: Annotated[str, typer.Argument(metavar="A", help="A prompt's id or file, or PROMPT@MODEL.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    sample: Annotated[
        int, typer.Option("--sample", min=0, max=5000, help="How many photos are shown.")
    ] = 12,
    seed: SeedOption = 0,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what two prompts, or two models, made of the same photos."""
    from vlm4rec.audit import compare_prompts
    from vlm4rec.audit.difference_page import write_difference_page
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.shop import Shop

    folder = Shop.open(shop).folder
    found = compare_prompts(folder, a, b, sample=sample, seed=seed)
    place = folder.root / "diff-prompts" if out is None else out
    page = write_difference_page(folder, found, place, seed=seed, stage=stage)
    if json_:
        print_json({"shop": str(folder.root), "page": str(page), **found.to_dict()})
        return
    for pair in found.pairs:
        _print_pair(found, pair)
    _print_comparison(found)
    if found.photos < sample:
        fewer = found.b if found.only_a >= found.only_b else found.a
        _say(
            f"Only {found.photos:,} photos are described for both. For more, run: "
            f"{fewer.grounding(folder)}"
        )
    _say(f"The page: open {page} in a browser.")


def prompts(
    show: Annotated[
        str | None, typer.Option("--show", metavar="ID", help="Print one, by id or file.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """List the prompts that come with the package, or print one."""
    from dataclasses import asdict

    from vlm4rec.cli.console import print_json
    from vlm4rec.grounding.prompt_files import prompt_from
    from vlm4rec.grounding.prompts import PROMPTS

    found = list(PROMPTS.values()) if show is None else [prompt_from(show)]
    if json_:
        listed = [{"id": prompt.id, **asdict(prompt)} for prompt in found]
        print_json({"prompts": listed} if show is None else listed[0])
    elif show is not None:
        typer.echo(found[0].text)
    else:
        _print_prompts()


def _print_prompts() -> None:
    from rich.table import Table

    from vlm4rec.cli.console import out, plain
    from vlm4rec.grounding.prompts import PROMPTS

    table = Table()
    for name in ("Prompt", "Domain", "What it looks at", "It begins"):
        table.add_column(name, overflow="fold")
    for prompt in PROMPTS.values():
        begins = " ".join(prompt.text.split()[:12]) + " …"
        table.add_row(prompt.id, prompt.domain, plain(prompt.summary), plain(begins))
    out.print(table)
    _say("To read one: vlm4rec prompts --show ID")


def _tell_audit(folder: ShopFolder, found: Audit) -> None:
    from vlm4rec.problems import counted

    figures = found.figures
    told = [f"{figures.described:,} of {figures.wanted:,} photos described"]
    counts = {
        "flagged": figures.flagged,
        "failed": figures.failed,
        "corrected by hand": figures.corrected,
    }
    told += [f"{count:,} {name}" for name, count in counts.items()]
    _say(", ".join(told) + ".")
    if figures.shared:
        _say(f"{figures.shared:,} photos are shown by several items, the very same file.")
    if figures.alike:
        examples = "; ".join(", ".join(items) for items in figures.alike_items[:3])
        groups = counted(figures.alike, "group")
        _say(f"{groups} of photos that look the same in different files, such as {examples}.")
    if figures.flags:
        _print_flags(figures)
    _print_writers(figures)
    if figures.unchecked:
        _say(
            f"{figures.unchecked:,} are not checked, since the shop could not be written to. "
            f"Run: vlm4rec audit {folder.quoted} --recheck"
        )
    if found.page.left_out:
        _say(f"The page leaves out {found.page.left_out:,} flagged photos: there are too many.")
    _say(f"The page: open {found.page.page} in a browser.")


def _print_flags(figures: Figures) -> None:
    from rich.table import Table

    from vlm4rec.cli.console import out, plain
    from vlm4rec.problems import summarise_ids

    longest = max(len(plain(flag.name)) for flag in figures.flags)
    wide = out.width >= _WIDE + max(0, longest - _SHORT)
    table = Table(title="What was found", title_justify="left")
    table.add_column("Flag", no_wrap=wide, overflow="fold")
    for name in ("Used", "Left out"):
        table.add_column(name, justify="right", no_wrap=True)
    if wide:
        table.add_column("What it means", ratio=1)
        table.add_column("For example", overflow="fold")
    for flag in figures.flags:
        counts = (f"{flag.used:,}", f"{flag.left_out:,}")
        shown = summarise_ids(flag.examples, most=3).partition(" and ")[0]
        name, what, examples = plain(flag.name), plain(flag.what), plain(shown)
        if wide:
            table.add_row(name, *counts, what, examples)
        else:  # one below the other: side by side they would crush each other
            table.add_row(f"[bold]{name}[/]\n{what}\n[dim]{examples}[/]", *counts)
    out.print(table)


def _print_writers(figures: Figures) -> None:
    from rich.table import Table

    from vlm4rec.cli.console import out, plain

    table = Table(title="Who wrote it", title_justify="left")
    table.add_column("Model, prompt", overflow="fold")
    tokens = ("Tokens in", "Tokens out") if out.width >= _WIDE else ()
    for name in ("Photos", "Answers", "Not used", *tokens, "Cost"):
        table.add_column(name, justify="right", no_wrap=True)
    for w in figures.writers:
        counts = (w.photos, w.answers, w.unusable, w.tokens_in, w.tokens_out)
        numbers = [f"{n:,}" for n in counts[: 3 + len(tokens)]]
        cost = "-" if w.cost is None else f"${w.cost:,.4f}"
        table.add_row(f"{plain(w.model)}\n  {plain(w.prompt_id)}", *numbers, cost)
    out.print(table)


def _tell_changes(
    folder: ShopFolder, dropped: int | None, imported: CorrectionReport | None
) -> None:
    from vlm4rec.cli.console import print_note
    from vlm4rec.problems import counted

    if dropped is not None:
        _say(f"{counted(dropped, 'correction')} taken back.")
    if imported is not None:
        marks = f", {imported.good:,} marked good and {imported.bad:,} bad"
        _say(
            f"{counted(imported.corrected, 'photo')} corrected, {imported.unchanged:,} unchanged"
            + (marks if imported.good or imported.bad else "")
            + "."
        )
        for problem in imported.problems[:_SHOWN_PROBLEMS]:
            print_note(str(problem))
        if len(imported.problems) > _SHOWN_PROBLEMS:
            print_note(f"and {len(imported.problems) - _SHOWN_PROBLEMS:,} more problems: --json")
    if dropped or (imported is not None and imported.corrected):
        _say(f"Next: vlm4rec encode {folder.quoted}")


def _print_pair(found: Comparison, pair: Pair) -> None:
    from rich.table import Table

    from vlm4rec.audit.word_diff import word_diff
    from vlm4rec.cli.console import out, plain

    title = f"{pair.item}  {pair.title}".strip()
    table = Table(title=plain(title), title_justify="left", show_lines=False)
    table.add_column("", no_wrap=True)
    table.add_column(plain(str(found.a)), ratio=1)
    table.add_column(plain(str(found.b)), ratio=1)
    left, right = word_diff(pair.a.answer.description, pair.b.answer.description)
    table.add_row("text", _diffed(left, "red"), _diffed(right, "green"))
    for facet, first, second in pair.facets:
        mark = "" if first == second else "[yellow]≠[/] "
        table.add_row(f"{mark}{facet}", plain(first) or "-", plain(second) or "-")
    out.print(table)


def _diffed(pieces: list[Piece], colour: str) -> Text:
    """Mark what the other text has not: by colour, and by brackets where there is none."""
    from rich.text import Text

    from vlm4rec.cli.console import out, plain

    text = Text()
    for piece, same in pieces:
        words = Text.from_markup(plain(piece))
        if not same and out.is_terminal and not out.no_color:
            words.stylize(f"{colour} underline")
        elif not same:
            words = Text.assemble("[", words, "]")
        text.append_text(words)
    return text


def _print_comparison(found: Comparison) -> None:
    from rich.table import Table

    from vlm4rec.cli.console import out, plain
    from vlm4rec.problems import counted

    table = Table(
        title=f"Over all {counted(found.photos, 'photo')} described for both", title_justify="left"
    )
    table.add_column("", no_wrap=True)
    for name in (f"Filled, {found.a}", f"Filled, {found.b}", "The same words", "Words in common"):
        table.add_column(plain(name), justify="right")
    for facet, figures in found.facets.items():
        shares = (figures.filled_a, figures.filled_b, figures.same, figures.overlap)
        table.add_row(facet, *(f"{share:.0%}" for share in shares))
    out.print(table)
    _say(f"Words a description: {found.words_a:.1f} and {found.words_b:.1f}.")


def _say(text: Any) -> None:
    from vlm4rec.cli.console import out

    out.print(text, soft_wrap=True, markup=False)
