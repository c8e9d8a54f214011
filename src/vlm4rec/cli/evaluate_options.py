"""The options of the commands `evaluate` and `reproduce`, and what they mean together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "BaseOption",
    "ByOption",
    "CasesOption",
    "CoreOption",
    "CutOption",
    "DaysOption",
    "EncoderOption",
    "ImageEncoderOption",
    "KsOption",
    "MethodsOption",
    "MetricOption",
    "MinHistoryOption",
    "OutOption",
    "PerUserOption",
    "ProtocolOption",
    "ReferenceOption",
    "SeedOption",
    "ShareOption",
    "TestShareOption",
    "VariantsOption",
    "parse_ks",
    "parse_names",
]

_PROTOCOL = "Protocol"
_JUDGED = "What is judged"
_SHOWN = "What is shown"

ProtocolOption = Annotated[
    str,
    typer.Option(
        "--protocol",
        help="basket, rolling, leave-last-out, per-user, global-time or cold-items.",
        rich_help_panel=_PROTOCOL,
    ),
]
DaysOption = Annotated[
    int | None,
    typer.Option(
        "--days", help="basket: the window, in days up to the last.", rich_help_panel=_PROTOCOL
    ),
]
TestShareOption = Annotated[
    float | None,
    typer.Option(
        "--test-share",
        help="What share is tested: of customers (basket), interactions or days.",
        rich_help_panel=_PROTOCOL,
    ),
]
CutOption = Annotated[
    str | None,
    typer.Option(
        "--cut",
        metavar="DATE",
        help="rolling, global-time: the first day of the test, as 2020-09-01.",
        rich_help_panel=_PROTOCOL,
    ),
]
PerUserOption = Annotated[
    int | None,
    typer.Option("--per-user", help="leave-last-out: how many targets.", rich_help_panel=_PROTOCOL),
]
MinHistoryOption = Annotated[
    int | None,
    typer.Option(
        "--min-history",
        help="How many different items a history must hold.",
        rich_help_panel=_PROTOCOL,
    ),
]
BaseOption = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="PROTOCOL",
        help="cold-items: the protocol that makes the cases; rolling by default.",
        rich_help_panel=_PROTOCOL,
    ),
]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--by", help="cold-items: cold by time, or items drawn.", rich_help_panel=_PROTOCOL
    ),
]
ShareOption = Annotated[
    float | None,
    typer.Option(
        "--share", help="cold-items by items: what share is drawn.", rich_help_panel=_PROTOCOL
    ),
]
CoreOption = Annotated[
    int | None,
    typer.Option(
        "--core",
        min=1,
        help="Only customers and items with so many of the other.",
        rich_help_panel=_PROTOCOL,
    ),
]
SeedOption = Annotated[
    int,
    typer.Option("--seed", help="Of all that is drawn at random.", rich_help_panel=_PROTOCOL),
]
MethodsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--methods",
        metavar="NAME,NAME",
        help="Methods, or groups of them: paper, collaborative, best; may be repeated.",
        rich_help_panel=_JUDGED,
    ),
]
VariantsOption = Annotated[
    str | None,
    typer.Option(
        "--variants",
        metavar="KEY",
        help="What variants of a product share: an attribute, id[:7], or none; "
        "product_code by default.",
        rich_help_panel=_JUDGED,
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option("--encoder", help="The text encoder, by name.", rich_help_panel=_JUDGED),
]
ImageEncoderOption = Annotated[
    str | None,
    typer.Option("--image-encoder", help="The image encoder, by name.", rich_help_panel=_JUDGED),
]
KsOption = Annotated[
    str,
    typer.Option("--k", metavar="K,K", help="The cut-offs of the metrics.", rich_help_panel=_SHOWN),
]
MetricOption = Annotated[
    str | None,
    typer.Option(
        "--metric",
        help="The main one, as ndcg@10; recall@10 by default.",
        rich_help_panel=_SHOWN,
    ),
]
ReferenceOption = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="NAME",
        help="The method that the others are compared with; the paper's recipe by default.",
        rich_help_panel=_SHOWN,
    ),
]
CasesOption = Annotated[
    int,
    typer.Option(
        "--cases",
        min=0,
        max=100,
        help="How many real cases are shown with photos.",
        rich_help_panel=_SHOWN,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="The folder for tables, plots and the page."),
]


def parse_ks(text: str) -> tuple[int, ...]:
    """Return cut-offs, ascending, each once.

    Raises
    ------
    DataError
        If the text is no list of whole numbers of 1 or more.

    Examples
    --------
    >>> parse_ks("10, 5,10")
    (5, 10)
    """
    from vlm4rec.errors import DataError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise DataError(f"--k {text} is no list of whole numbers.", "Write --k 5,10,20.")
    return tuple(sorted({int(part) for part in parts}))


def parse_names(texts: list[str] | None) -> tuple[str, ...]:
    """Return names between commas, each once, in order.

    >>> parse_names(["title,image", "title + description"])
    ('title', 'image', 'title + description')
    """
    parts = (part.strip() for text in texts or () for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
