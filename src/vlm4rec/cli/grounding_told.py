"""What the command `ground` tells a person before and after a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import typer

from vlm4rec.cli.console import out, plain, print_note
from vlm4rec.errors import DataError, LVLMError
from vlm4rec.problems import counted

if TYPE_CHECKING:
    from rich.console import Console

    from vlm4rec.grounding.planning import Plan
    from vlm4rec.grounding.providers.choosing import Found
    from vlm4rec.grounding.report import GroundingReport
    from vlm4rec.shop import ShopFolder
    from vlm4rec.shop.ground import GroundingPlan

__all__ = ["confirm", "plan_dict", "report_dict", "tell_choice", "tell_plan", "tell_report"]


def tell_choice(found: Found) -> None:
    """Say which LVLM was taken, and why."""
    where = f" at {found.base_url}" if found.base_url else ""
    print_note(f"No --lvlm was given; taking {found.spec}{where}: {found.why}")


def tell_plan(planned: GroundingPlan, asked: str, *, missing: bool, console: Console = out) -> None:
    """Say what a run would ask and cost; ``asked`` says whom, and what."""
    plan = planned.run
    photos = counted(plan.estimate.photos, "photo")
    console.print(f"{photos} to describe by {plain(asked)}.", soft_wrap=True)
    for count, what in (
        (plan.known, "described before"),
        (plan.waiting, "waiting in a batch at the provider"),
        (plan.twins, "the same as another of these, so described with it"),
        (plan.given_up, "given up before (ask once more with --again)"),
        (plan.unavailable, "that this LVLM can't be asked about"),
    ):
        if count:
            console.print(f"{counted(count, 'photo')} {what}.", soft_wrap=True)
    others = planned.described - plan.known
    if others > 0 and not missing:
        _hint(
            f"{counted(others, 'photo')} of the shop described by another model or for another "
            "prompt: to leave them so, add --missing.",
            console,
        )
    if plan.estimate.photos:
        console.print(_money(plan), soft_wrap=True)


def _money(plan: Plan) -> str:
    estimate = plan.estimate
    if plan.free:
        return "Nobody charges for it."
    tokens = f"About {estimate.tokens_in:,} tokens in and {estimate.tokens_out:,} out"
    if estimate.cost is None:
        return f"{tokens}; their price is not known: it is not in the table (vlm4rec prices)."
    told = f"{tokens}: ${estimate.cost:,.2f}"
    if estimate.cost_batch is not None:
        told += f", by batch ${estimate.cost_batch:,.2f}"
    if estimate.most is not None:
        told += f", and never more than ${estimate.most:,.2f} if each is asked about once"
    return f"{told}. An estimate: set a limit with --budget."


def plan_dict(planned: GroundingPlan) -> dict[str, Any]:
    """Return a plan as plain values."""
    return {**asdict(planned.run), "described": planned.described}


def confirm(*, yes: bool) -> None:
    """Ask whether to go on with a model that nobody named.

    Raises
    ------
    DataError
        If nobody is there to be asked.
    """
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise DataError(
            "Nobody is there to be asked whether to go on.",
            "Name the model with --lvlm, or add --yes.",
        )
    typer.confirm("Go on?", abort=True, err=True)


def report_dict(report: GroundingReport) -> dict[str, Any]:
    """Return a report as plain values."""
    # What asdict can't copy, as a Counter, or JSON can't hold, is put in by hand.
    values = asdict(replace(report, flags=Counter(), error=None, batch=None))
    values |= {"flags": dict(report.flags), "error": _said(report.error)}
    if report.batch is not None:
        batch = asdict(replace(report.batch, error=None))
        values["batch"] = {**batch, "error": _said(report.batch.error)}
    return values


def _said(error: LVLMError | None) -> str | None:
    return None if error is None else str(error)


def tell_report(folder: ShopFolder, report: GroundingReport) -> None:
    """Say what a run did, and what comes next."""
    if report.failed:
        first = plain(str(report.failed[0]))
        out.print(f"The first failure: {first}", soft_wrap=True)
    if report.silent:
        silent = counted(report.silent, "photo")
        out.print(
            f"{silent} got no answer, as in an earlier run. Look at them, or have another model "
            "describe them: add --missing, and name it with --lvlm.",
            soft_wrap=True,
        )
    if report.unpriced:
        out.print(
            f"{counted(report.unpriced, 'answer')} of unknown cost: no price in the table "
            "(vlm4rec prices).",
            soft_wrap=True,
        )
    counts = folder.step("ground").counts
    if counts["problems"]:
        problems = counted(counts["problems"], "problem")
        _hint(f"{problems}; to see: vlm4rec status {folder.quoted}")
    if report.flagged:
        flagged = counted(report.flagged, "description")
        _hint(f"{flagged} flagged; to look: vlm4rec audit {folder.quoted}")
    if report.waiting:
        waiting = counted(report.waiting, "photo")
        out.print(
            f"{waiting} waiting in batches at the provider: ground with --batch collects them.",
            soft_wrap=True,
        )
    if alike := folder.step("init").counts.get("alike_photos", 0):
        _hint(
            f"{counted(alike, 'photo')} near-identical to another one, in another file; to see: "
            f"vlm4rec audit {folder.quoted}"
        )
    out.print(_what_now(folder, report, counts["left"]), soft_wrap=True, markup=False)


def _what_now(folder: ShopFolder, report: GroundingReport, left: int) -> str:
    """Say why the run ended, or what comes next."""
    photos = counted(left, "photo")
    if report.stopped_by == "budget" and not report.asked:
        return f"Stopped before the first call, which might pass the budget; {photos} left."
    if report.stopped_by == "error":
        return f"Stopped with {photos} left."
    if report.stopped_by in _WHY:
        return f"{_WHY[report.stopped_by]} with {photos} left: the same command goes on."
    if report.grounded or report.reused:
        return f"Next: vlm4rec encode {folder.quoted}"
    return "" if report.failed or report.waiting or report.given_up else "Nothing to describe."


_WHY = {
    "limit": "Stopped at the limit",
    "budget": "Stopped before the budget would be passed,",
    "interrupt": "Stopped",
}


def _hint(text: str, console: Console = out) -> None:
    console.print(text, soft_wrap=True, style="yellow", markup=False)
