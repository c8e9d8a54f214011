"""The options of the command `ground`: their names, their help, and where the help shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AgainOption",
    "AllPhotosOption",
    "BaseURLOption",
    "BatchOption",
    "BudgetOption",
    "ConcurrencyOption",
    "DryRunOption",
    "LVLMOption",
    "LimitOption",
    "MaxSideOption",
    "MaxTokensOption",
    "MissingOption",
    "NoWaitOption",
    "OnOption",
    "PolicyOption",
    "PricesOption",
    "PromptOption",
    "RequestsPerMinuteOption",
    "SecondLVLMOption",
    "SeedOption",
    "TemperatureOption",
    "TimeoutOption",
    "TokensPerMinuteOption",
    "YesOption",
]

_MODEL = "The model"
_MONEY = "Money"
_PACE = "Pace"
_QUALITY = "Quality"

LVLMOption = Annotated[
    str | None,
    typer.Option(
        "--lvlm",
        help="Who describes: openai:MODEL, anthropic:MODEL, transformers:MODEL or "
        "recorded:FILE; by default what is there.",
        rich_help_panel=_MODEL,
    ),
]
BaseURLOption = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="The model server's address, as http://host/v1.",
        rich_help_panel=_MODEL,
    ),
]
PromptOption = Annotated[
    str,
    typer.Option(
        "--prompt",
        help="Which prompt is asked: an id (see vlm4rec prompts) or a TOML file.",
        rich_help_panel=_MODEL,
    ),
]
MaxTokensOption = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", min=1, help="The longest answer, in tokens.", rich_help_panel=_MODEL
    ),
]
TemperatureOption = Annotated[
    float | None,
    typer.Option("--temperature", min=0, help="How freely it writes.", rich_help_panel=_MODEL),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", help="Makes chance repeatable, where it can.", rich_help_panel=_MODEL),
]
MaxSideOption = Annotated[
    int | None,
    typer.Option(
        "--max-side",
        min=1,
        help="The longest side of a photo as sent, in pixels: 768 by default.",
        rich_help_panel=_MODEL,
    ),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        min=0.001,
        help="Seconds that one answer may take: 60 by default.",
        rich_help_panel=_MODEL,
    ),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="Ask for so many photos at the most.")
]
AllPhotosOption = Annotated[
    bool, typer.Option("--all-photos", help="Describe every photo, not the main one alone.")
]
MissingOption = Annotated[
    bool,
    typer.Option(
        "--missing", help="Leave photos alone that any model has described, for any prompt."
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Estimate photos, tokens and cost; ask no one.",
        rich_help_panel=_MONEY,
    ),
]
BudgetOption = Annotated[
    float | None,
    typer.Option(
        "--budget",
        help="US dollars: no call goes out that might pass it.",
        rich_help_panel=_MONEY,
    ),
]
PricesOption = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        help="A price table of your own (see vlm4rec prices).",
        rich_help_panel=_MONEY,
    ),
]
BatchOption = Annotated[
    bool,
    typer.Option(
        "--batch",
        help="By the provider's batch API: half the price, within a day.",
        rich_help_panel=_MONEY,
    ),
]
NoWaitOption = Annotated[
    bool,
    typer.Option(
        "--no-wait",
        help="With --batch: don't wait for the answers; the same command collects them.",
        rich_help_panel=_MONEY,
    ),
]
ConcurrencyOption = Annotated[
    int,
    typer.Option(
        "--concurrency",
        min=1,
        max=1024,
        help="Calls at once at most; how many are best it finds out.",
        rich_help_panel=_PACE,
    ),
]
RequestsPerMinuteOption = Annotated[
    float | None,
    typer.Option("--requests-per-minute", help="The account's limit.", rich_help_panel=_PACE),
]
TokensPerMinuteOption = Annotated[
    float | None,
    typer.Option("--tokens-per-minute", help="The account's limit.", rich_help_panel=_PACE),
]
SecondLVLMOption = Annotated[
    str | None,
    typer.Option(
        "--second-lvlm",
        help="Who is asked where the first answer was not good enough.",
        rich_help_panel=_QUALITY,
    ),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy", help="A TOML file of what is done about flags.", rich_help_panel=_QUALITY
    ),
]
OnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        help="What is done about a flag, as cut-off=keep; may be repeated.",
        rich_help_panel=_QUALITY,
    ),
]
AgainOption = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Ask once more about photos that were given up.",
        rich_help_panel=_QUALITY,
    ),
]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Go on without asking, with the model found.")
]
