"""The command `ground`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument

if TYPE_CHECKING:
    from vlm4rec.cli.grounding_choice import Who
    from vlm4rec.grounding.lvlm import LVLM
    from vlm4rec.grounding.prompts import Prompt
    from vlm4rec.grounding.quality.policy import Policy
    from vlm4rec.grounding.report import GroundingReport, RunOptions
    from vlm4rec.shop import Shop
    from vlm4rec.shop.ground import Batching

__all__ = ["ground"]

_MODEL = "The model"
_MONEY = "Money"
_PACE = "Pace"
_QUALITY = "Quality"


def ground(
    shop: ShopArgument,
    lvlm: Annotated[
        str | None,
        typer.Option(
            "--lvlm",
            help="Who describes: openai:MODEL, anthropic:MODEL, transformers:MODEL or "
            "recorded:FILE; by default what is there.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url",
            help="The model server's address, as http://host/v1.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    prompt: Annotated[
        str,
        typer.Option(
            "--prompt",
            help="Which prompt is asked: an id (see vlm4rec prompts) or a TOML file.",
            rich_help_panel=_MODEL,
        ),
    ] = "paper-v1",
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens", min=1, help="The longest answer, in tokens.", rich_help_panel=_MODEL
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option("--temperature", min=0, help="How freely it writes.", rich_help_panel=_MODEL),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", help="Makes chance repeatable, where it can.", rich_help_panel=_MODEL
        ),
    ] = None,
    max_side: Annotated[
        int | None,
        typer.Option(
            "--max-side",
            min=1,
            help="The longest side of a photo as sent, in pixels: 768 by default.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            min=0.001,
            help="Seconds that one answer may take: 60 by default.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask for so many photos at the most.")
    ] = None,
    all_photos: Annotated[
        bool, typer.Option("--all-photos", help="Describe every photo, not the main one alone.")
    ] = False,
    missing: Annotated[
        bool,
        typer.Option(
            "--missing", help="Leave photos alone that any model has described, for any prompt."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Estimate photos, tokens and cost; ask no one.",
            rich_help_panel=_MONEY,
        ),
    ] = False,
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget",
            help="US dollars: no call goes out that might pass it.",
            rich_help_panel=_MONEY,
        ),
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            "--prices",
            help="A price table of your own (see vlm4rec prices).",
            rich_help_panel=_MONEY,
        ),
    ] = None,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch",
            help="By the provider's batch API: half the price, within a day.",
            rich_help_panel=_MONEY,
        ),
    ] = False,
    no_wait: Annotated[
        bool,
        typer.Option(
            "--no-wait",
            help="With --batch: don't wait for the answers; the same command collects them.",
            rich_help_panel=_MONEY,
        ),
    ] = False,
    concurrency: Annotated[
        int,
        typer.Option(
            "--concurrency",
            min=1,
            max=1024,
            help="Calls at once at most; how many are best it finds out.",
            rich_help_panel=_PACE,
        ),
    ] = 64,
    requests_per_minute: Annotated[
        float | None,
        typer.Option("--requests-per-minute", help="The account's limit.", rich_help_panel=_PACE),
    ] = None,
    tokens_per_minute: Annotated[
        float | None,
        typer.Option("--tokens-per-minute", help="The account's limit.", rich_help_panel=_PACE),
    ] = None,
    second_lvlm: Annotated[
        str | None,
        typer.Option(
            "--second-lvlm",
            help="Who is asked where the first answer was not good enough.",
            rich_help_panel=_QUALITY,
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", help="A TOML file of what is done about flags.", rich_help_panel=_QUALITY
        ),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on",
            help="What is done about a flag, as cut-off=keep; may be repeated.",
            rich_help_panel=_QUALITY,
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Ask once more about photos that were given up.",
            rich_help_panel=_QUALITY,
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Go on without asking, with the model found.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Have a vision-language model describe the photos not described yet.

    Keys of model servers are read from the environment: OPENAI_API_KEY, ANTHROPIC_API_KEY,
    GEMINI_API_KEY, OPENROUTER_API_KEY.
    """
    from vlm4rec.cli.grounding_choice import see_that_they_fit, who_describes, who_is_second
    from vlm4rec.grounding.money.prices import PriceTable
    from vlm4rec.grounding.prompt_files import prompt_from
    from vlm4rec.grounding.report import RunOptions
    from vlm4rec.shop import Shop

    see_that_they_fit(lvlm, base_url, second_lvlm, batch=batch, no_wait=no_wait)
    opened = Shop.open(shop)
    settings = {
        "max_tokens": max_tokens,
        "temperature": temperature,
        "seed": seed,
        "max_side": max_side,
        "timeout": timeout,
    }
    _ground(
        opened,
        who_describes(lvlm, base_url, settings),
        prompt_from(prompt),
        RunOptions(
            concurrency=concurrency,
            limit=limit,
            again=again,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            budget=budget,
            prices=PriceTable.load(prices),
            policy=_policy(policy, on),
        ),
        How(
            who_is_second(second_lvlm, settings),
            all_photos,
            missing,
            dry_run,
            batch,
            not no_wait,
            yes,
            json_,
        ),
    )


@dataclass(frozen=True, slots=True)
class How:
    """The rest of what the command was told."""

    second: LVLM | None
    all_photos: bool
    missing: bool
    dry_run: bool
    batch: bool
    wait: bool
    yes: bool
    json: bool

    @property
    def batching(self) -> Batching:
        """Whether the batch API is used, and waited for."""
        if not self.batch:
            return "no"
        return "wait" if self.wait else "submit"


def _policy(file: Path | None, entries: list[str] | None) -> Policy:
    from vlm4rec.grounding.quality.policy import Policy

    return Policy.parse(entries or (), Policy.load(file) if file else None)


def _ground(shop: Shop, who: Who, prompt: Prompt, options: RunOptions, how: How) -> None:
    from vlm4rec.cli import grounding_told as told
    from vlm4rec.cli.console import err, out, print_json
    from vlm4rec.shop.ground import plan_grounding

    if how.batch:
        from vlm4rec.grounding.batch.choosing import batches_of

        batches_of(who.lvlm)
    if who.found is not None:
        told.tell_choice(who.found)
    if how.dry_run or who.found is not None:
        plan = plan_grounding(
            shop.folder,
            who.lvlm,
            prompt=prompt,
            options=options,
            second=how.second,
            all_photos=how.all_photos,
            missing=how.missing,
        )
        if how.dry_run and how.json:
            print_json({"shop": str(shop.folder.root), **told.plan_dict(plan)})
        else:
            asked = f"{who.spec}, prompt {prompt.id}"
            console = err if how.json else out
            told.tell_plan(plan, asked, missing=how.missing, console=console)
        if how.dry_run:
            return
        told.confirm(yes=how.yes or not plan.run.estimate.photos)
    report = _run(shop, who.lvlm, prompt, options, how)
    if how.json:
        print_json({"shop": str(shop.folder.root), **told.report_dict(report)})
    else:
        told.tell_report(shop.folder, report)
    if report.error is not None:
        raise report.error
    if report.stopped_by == "interrupt":
        raise typer.Exit(130)
    if report.failed and not report.grounded:
        raise typer.Exit(1)


def _run(shop: Shop, lvlm: LVLM, prompt: Prompt, options: RunOptions, how: How) -> GroundingReport:
    from vlm4rec.cli.grounding_view import GroundingView

    with GroundingView(as_json=how.json) as view:
        report = shop.ground(
            lvlm,
            prompt=prompt,
            options=options,
            second=how.second,
            all_photos=how.all_photos,
            missing=how.missing,
            batch=how.batching,
            watch=view.show,
        )
    view.summarise(report.flags)
    return report
