"""The command that shows what models cost: prices."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlm4rec.cli.arguments import JsonOption

if TYPE_CHECKING:
    from vlm4rec.grounding.money.estimate import CallEstimate
    from vlm4rec.grounding.money.prices import Price, PriceTable

__all__ = ["prices", "register"]

_SIDE = 768
_PHOTOS = 1000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(prices)


def prices(
    prices_: Annotated[
        Path | None,
        typer.Option("--prices", metavar="FILE", help="A table of your own, laid over ours."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Show this model alone.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Write our table there, to be edited."),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Show what vision models cost, or write the table as a file to edit."""
    from vlm4rec.cli.console import print_json
    from vlm4rec.grounding.money.prices import PriceTable

    if write is not None:
        _write(write, json_=json_)
        return
    table = PriceTable.load(prices_)
    shown = list(table) if model is None else [_found(table, model)]
    if json_:
        held = {"date": table.date.isoformat(), "models": [_as_dict(price) for price in shown]}
        print_json(held)
        return
    _print(shown, table)


def _found(table: PriceTable, name: str) -> Price:
    from vlm4rec.errors import DataError

    provider, _, rest = name.partition(":")
    price = table.price(provider, rest) if rest else None
    price = price or table.lookup(name)
    if price is None:
        raise DataError(
            f"There is no price for {name}.",
            "Add it to a table of your own: vlm4rec prices --write prices.toml",
        )
    return price


def _write(path: Path, *, json_: bool) -> None:
    from vlm4rec.cli.console import out, print_json
    from vlm4rec.errors import DataError
    from vlm4rec.grounding.money.prices import built_in_text
    from vlm4rec.storage import write_text

    if os.path.lexists(path):
        raise DataError(
            f"{path} is there already, and is not written over.", "Choose another name."
        )
    write_text(path, built_in_text())
    if json_:
        print_json({"written": str(path)})
        return
    out.print(
        f"Wrote {path}. Edit it, then: vlm4rec ground SHOP --prices {path}",
        soft_wrap=True,
        markup=False,
    )


def _call(price: Price) -> CallEstimate:
    """Estimate one call with the default prompt about a square photo."""
    from vlm4rec.grounding.money.estimate import estimate_call
    from vlm4rec.grounding.prompts import DEFAULT_PROMPT

    return estimate_call(price, DEFAULT_PROMPT.text, (_SIDE, _SIDE), _SIDE, None)


def _as_dict(price: Price) -> dict[str, Any]:
    call = _call(price)
    return price.model_dump(mode="json", by_alias=True) | {
        "photo_tokens": price.photo.tokens(_SIDE, _SIDE),
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "thousand": _thousand(call.cost),
        "thousand_batch": _thousand(call.cost_batch),
    }


def _thousand(dollars: float | None) -> float | None:
    return None if dollars is None else round(dollars * _PHOTOS, 6)


def _print(shown: list[Price], table: PriceTable) -> None:
    from rich.table import Table

    from vlm4rec.cli.console import out, plain
    from vlm4rec.grounding.money.estimate import ANSWER_TOKENS

    title = f"US dollars per million tokens, as of {table.date.isoformat()}"
    drawn = Table(title=title, title_justify="left")
    drawn.add_column("Model", overflow="fold")
    for name in ("Input", "Cached", "Output", "Batch", "Photo", "1,000 photos"):
        drawn.add_column(name, justify="right")
    for price in shown:
        drawn.add_row(*map(plain, _cells(price)))
    out.print(drawn)
    out.print(
        f"Photo: the tokens of one of {_SIDE} × {_SIDE} pixels. 1,000 photos: an estimate in US "
        f"dollars, with the prompt and an answer of {ANSWER_TOKENS} tokens; in a batch it is "
        "times what Batch says.",
        soft_wrap=True,
    )
    if any(price.thinks for price in shown):
        out.print(
            "* may think before it answers: that counts as output, and is not in the estimate.",
            soft_wrap=True,
        )
    for price in shown:
        if price.note:
            out.print(plain(f"{price.model}: {price.note}"), soft_wrap=True)


def _cells(price: Price) -> tuple[str, ...]:
    call = _call(price)
    return (
        price.model + ("*" if price.thinks else ""),
        f"{price.input:g}",
        f"{price.cached_input:g}",
        f"{price.output:g}",
        f"{price.batch:g}",
        f"{price.photo.tokens(_SIDE, _SIDE):,}",
        "" if call.cost is None else f"{call.cost * _PHOTOS:.2f}",
    )
