"""The command `ground`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument
from vlm4rec.cli.grounding_options import (
    AgainOption,
    AllPhotosOption,
    BaseURLOption,
    BatchOption,
    BudgetOption,
    ConcurrencyOption,
    DryRunOption,
    LimitOption,
    LVLMOption,
    MaxSideOption,
    MaxTokensOption,
    MissingOption,
    NoWaitOption,
    OnOption,
    PolicyOption,
    PricesOption,
    PromptOption,
    RequestsPerMinuteOption,
    SecondLVLMOption,
    SeedOption,
    TemperatureOption,
    TimeoutOption,
    TokensPerMinuteOption,
    YesOption,
)

if TYPE_CHECKING:
    from vlm4rec.cli.grounding_choice import Who
    from vlm4rec.grounding.lvlm import LVLM
    from vlm4rec.grounding.prompts import Prompt
    from vlm4rec.grounding.quality.policy import Policy
    from vlm4rec.grounding.report import GroundingReport, RunOptions
    from vlm4rec.shop import Shop
    from vlm4rec.shop.ground import Batching

__all__ = ["ground"]


def ground(
    shop: ShopArgument,
    lvlm: LVLMOption = None,
    base_url: BaseURLOption = None,
    prompt: PromptOption = "paper-v1",
    max_tokens: MaxTokensOption = None,
    temperature: TemperatureOption = None,
    seed: SeedOption = None,
    max_side: MaxSideOption = None,
    timeout: TimeoutOption = None,
    limit: LimitOption = None,
    all_photos: AllPhotosOption = False,
    missing: MissingOption = False,
    dry_run: DryRunOption = False,
    budget: BudgetOption = None,
    prices: PricesOption = None,
    batch: BatchOption = False,
    no_wait: NoWaitOption = False,
    concurrency: ConcurrencyOption = 64,
    requests_per_minute: RequestsPerMinuteOption = None,
    tokens_per_minute: TokensPerMinuteOption = None,
    second_lvlm: SecondLVLMOption = None,
    policy: PolicyOption = None,
    on: OnOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
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
