"""Commands that ask a shop: recommend and similar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlm4rec.cli.arguments import JsonOption, KOption, ShopArgument

if TYPE_CHECKING:
    from vlm4rec.recommending.recommendations import Reason, Recommendations
    from vlm4rec.recommending.recommender import Recommender
    from vlm4rec.shop import Shop

__all__ = ["recommend", "register", "similar"]

_SIGNALS = 2
"""Shown of each score."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (recommend, similar):
        app.command(rich_help_panel="Ask a shop")(command)


def recommend(
    shop: ShopArgument,
    user: Annotated[str | None, typer.Option("--user", help="A user of the shop.")] = None,
    history: Annotated[
        list[str] | None,
        typer.Option("--history", help="Item ids of anybody, as ID,ID,...; may be repeated."),
    ] = None,
    k: KOption = 10,
    vectors_only: Annotated[
        bool,
        typer.Option("--vectors-only", help="Rank by the item vectors alone, not as tuned."),
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Recommend items to a user of the shop, or to anybody with a history.

    A shop that was tuned (vlm4rec tune) ranks by what was found.
    """
    from vlm4rec.cli.console import print_json, print_note
    from vlm4rec.errors import DataError
    from vlm4rec.problems import counted
    from vlm4rec.shop import Shop

    history = history or None
    if (user is None) == (history is None):
        raise DataError("Give either --user ID or --history ID,ID,...")
    opened = Shop.open(shop)
    ids = None if history is None else _ids(history, opened)
    found = opened.recommend(ids, user=user, k=k, vectors_only=vectors_only)
    ranker = opened.vector_recommender if vectors_only else opened.recommender
    if json_:
        print_json({**found.to_dict(), **_made_with(opened, ranker)})
        return
    if found.note:
        print_note(found.note)
    tell_unused(found)
    used = len(found.history) - len(found.unknown) - len(found.uncovered)
    who = f"user {user}" if user else f"a history of {counted(used, 'item')}"
    print_ranking(found, f"For {who}", blended=ranker.blended is not None)


def similar(
    shop: ShopArgument,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item's id.")],
    k: KOption = 10,
    json_: JsonOption = False,
) -> None:
    """Show the items most like an item."""
    from vlm4rec.cli.console import print_json
    from vlm4rec.shop import Shop

    opened = Shop.open(shop)
    found = opened.similar(item, k=k)
    if json_:
        items = found.to_dict()["items"]
        print_json({"item": item, "items": items, **_made_with(opened, opened.vector_recommender)})
        return
    title = opened.catalog[item].title
    print_ranking(found, f"Like {title or item}")


def print_ranking(found: Recommendations, title: str, *, blended: bool = False) -> None:
    """Print a ranking as a table; that of a blend with the signals that speak most for each."""
    from rich.table import Table

    from vlm4rec.cli.console import out, plain

    if not len(found):
        out.print("There is nothing else with a vector to recommend.")
        return
    table = Table(title=plain(title), title_justify="left")
    table.add_column("", justify="right")
    table.add_column("Item", no_wrap=True)
    table.add_column("Title")
    table.add_column("Score", justify="right")
    table.add_column("Because", ratio=1)
    if blended:
        table.add_column("Score from", ratio=1, overflow="fold")
    for rank, item in enumerate(found, start=1):
        because = plain(_because(item.reasons[0])) if item.reasons else ""
        row = (str(rank), plain(item.id), plain(item.title or ""), f"{item.score:.3f}", because)
        table.add_row(*row, *([plain(_largest(item.blocks or {}))] if blended else []))
    out.print(table)


def _ids(texts: list[str], shop: Shop) -> list[str]:
    """Split at commas, but for a text that is an item's id as it stands."""
    ids: list[str] = []
    for text in texts:
        parts = [text] if text in shop.catalog else text.split(",")
        ids += [part.strip() for part in parts if part.strip()]
    return ids


def _because(reason: Reason) -> str:
    """Say a reason in few words: what it is near to, and what both are."""
    both = ", ".join(word for words in reason.shared.values() for word in words)
    near = f"near {reason.title or reason.item} ({reason.similarity:.2f})"
    return f"{near}, both {both}" if both else near


def _largest(shares: Mapping[str, float]) -> str:
    """Say which signals gave most to a score."""
    most = sorted(shares.items(), key=lambda pair: -pair[1])[:_SIGNALS]
    return ", ".join(f"{name} {share:+.1f}" for name, share in most if share > 0)


def tell_unused(found: Recommendations) -> None:
    """Say which of the history could not be used."""
    from vlm4rec.cli.console import print_note
    from vlm4rec.problems import summarise_ids

    if found.unknown:
        print_note(f"Not in the catalog, so left aside: {summarise_ids(found.unknown)}.")
    if found.uncovered:
        print_note(f"Without a vector yet, so left aside: {summarise_ids(found.uncovered)}.")


def _made_with(shop: Shop, ranker: Recommender) -> dict[str, Any]:
    step = shop.folder.step("encode")
    return {
        "shop": str(shop.folder.root),
        "document": step.parameters["document"],
        "encoder": step.parameters["encoder"],
        "whitened": step.parameters["whiten"],
        "profile": ranker.profile.name,
        "tuned": None if ranker.blended is None else ranker.blended.name,
    }
