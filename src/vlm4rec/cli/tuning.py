"""The command that tunes a shop: tune."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument
from vlm4rec.cli.evaluate_options import (
    BaseOption,
    ByOption,
    CutOption,
    DaysOption,
    EncoderOption,
    ImageEncoderOption,
    MinHistoryOption,
    PerUserOption,
    ProtocolOption,
    SeedOption,
    ShareOption,
    TestShareOption,
)

if TYPE_CHECKING:
    from vlm4rec.evaluation.tune_shop import Tuned
    from vlm4rec.shop import ShopFolder
    from vlm4rec.shop.tuned_choice import TriedChoice, TunedChoice

__all__ = ["register", "tune"]

_BAR = 24
"""Letters of the longest bar of a weight."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Judge a shop")(tune)


def tune(
    shop: ShopArgument,
    protocol: ProtocolOption = "leave-last-out",
    days: DaysOption = None,
    test_share: TestShareOption = None,
    cut: CutOption = None,
    per_user: PerUserOption = None,
    min_history: MinHistoryOption = None,
    base: BaseOption = None,
    by: ByOption = None,
    share: ShareOption = None,
    trials: Annotated[
        int, typer.Option("--trials", min=1, help="The budget: how many choices are tried.")
    ] = 12,
    seed: SeedOption = 0,
    variants: Annotated[
        str | None,
        typer.Option(
            "--variants",
            metavar="KEY",
            help="Leave out variants of what a customer bought, here and when recommending: the "
            "attribute that they share, or id[:7]; none leaves them in, the default.",
        ),
    ] = None,
    encoder: EncoderOption = None,
    image_encoder: ImageEncoderOption = None,
    json_: JsonOption = False,
) -> None:
    """Find what ranks best for this shop's customers; recommend then uses it.

    Descriptions, facets, titles, the shop's own attributes, photos, sales over time and what was
    bought together become one score. How, is learned on validation; the test part stays unseen.
    """
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.evaluation.tune_shop import TuneOptions, tune_shop
    from vlm4rec.shop import Shop

    parameters = {
        "days": days,
        "test_share": test_share,
        "cut": cut,
        "per_user": per_user,
        "min_history": min_history,
        "base": base,
        "by": by,
        "share": share,
    }
    options = TuneOptions(
        protocol=protocol,
        parameters={name: value for name, value in parameters.items() if value is not None},
        trials=trials,
        seed=seed,
        variant_key=variants,
        encoder=encoder,
        image_encoder=image_encoder,
    )
    folder = Shop.open(shop).folder
    with _bar() as watch:
        tuned = tune_shop(folder, options, watch=watch, stage=stage)
    if json_:
        print_json(tuned_dict(folder, tuned, seed))
    else:
        print_tuned(folder, tuned)


def tuned_dict(folder: ShopFolder, tuned: Tuned, seed: int) -> dict[str, Any]:
    """Return what was found, for a program."""
    return {
        "shop": str(folder.root),
        "protocol": tuned.protocol,
        "seed": seed,
        "cases": tuned.cases,
        "users": tuned.users,
        "seconds": tuned.seconds,
        "ndcg@10": tuned.choice.ndcg,
        **tuned.choice.model_dump(mode="json"),
    }


def print_tuned(folder: ShopFolder, tuned: Tuned) -> None:
    """Print what was tried, what was chosen, and the weights."""
    from vlm4rec.cli.console import out, plain
    from vlm4rec.problems import counted

    choice = tuned.choice
    out.print(_tried(choice))
    out.print(_weights(choice))
    cases, users = counted(tuned.cases, "validation case"), counted(tuned.users, "customer")
    chosen = (
        f"Chosen: {_told(choice.tried[0])}. NDCG@10 on validation: {choice.ndcg:.4f}; the paper's "
        f"recipe: {choice.recipe_ndcg:.4f}{_times(choice)}. The best of {len(choice.tried)} looks "
        "a little better than it is: vlm4rec evaluate judges on a part that nothing was chosen by."
    )
    sentences = [
        f"Chosen by {cases} of {users}. {tuned.protocol}",
        chosen,
        f"vlm4rec recommend {folder.quoted} now ranks by it; --vectors-only ranks without.",
    ]
    if choice.ndcg <= choice.recipe_ndcg:
        sentences.append(
            "That is no better than the paper's recipe: there may be too little to learn from. "
            "Rank with --vectors-only until there are more interactions."
        )
    if "encode" not in folder.manifest().steps:
        sentences.append(f"Item vectors are still to be made: vlm4rec encode {folder.quoted}")
    for sentence in sentences:
        out.print(plain(sentence), soft_wrap=True)


def _tried(choice: TunedChoice) -> Any:
    from rich.table import Table

    from vlm4rec.cli.console import plain

    table = Table(title="What was tried", title_justify="left")
    table.add_column("Profile")
    table.add_column("Whitening", justify="right")
    table.add_column("Nearest item too")
    table.add_column("NDCG@10", justify="right")
    for number, tried in enumerate(choice.tried):
        white = "none" if tried.shrinkage is None else f"{tried.shrinkage:g}"
        value = f"[bold]{tried.ndcg:.4f}[/]" if number == 0 else f"{tried.ndcg:.4f}"
        table.add_row(plain(tried.profile), white, "yes" if tried.nearest else "no", value)
    table.add_section()
    table.add_row("the paper's recipe", "none", "no", f"{choice.recipe_ndcg:.4f}")
    return table


def _weights(choice: TunedChoice) -> Any:
    """Return the weights as a table: how much each signal counts beside the others."""
    from rich.table import Table

    from vlm4rec.cli.console import plain

    table = Table(title="What counts", title_justify="left")
    table.add_column("Signal")
    table.add_column("Weight", justify="right")
    table.add_column("", no_wrap=True)
    ranked = sorted(choice.weights, key=lambda each: -each.weight)
    longest = max(abs(each.weight) for each in ranked) or 1.0
    for each in ranked:
        bar = "█" * round(_BAR * abs(each.weight) / longest)
        colour = "blue" if each.weight > 0 else "yellow"
        table.add_row(plain(each.signal), f"{each.weight:+.3f}", f"[{colour}]{bar}[/]")
    return table


def _told(tried: TriedChoice) -> str:
    from vlm4rec.baselines.blends import BlendChoice

    return BlendChoice(tried.profile, tried.shrinkage, tried.nearest).told


def _times(choice: TunedChoice) -> str:
    if not choice.recipe_ndcg > 0:
        return ""
    return f", {choice.ndcg / choice.recipe_ndcg:.2f} times"


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Show how many choices were tried, once the first is being tried."""
    from contextlib import ExitStack

    from vlm4rec.cli.console import stage

    with ExitStack() as stack:
        advance: list[Callable[[int, int | None], None]] = []

        def watch(done: int, total: int) -> None:
            if not advance:
                advance.append(stack.enter_context(stage("Choices tried")))
            advance[0](done, total)

        yield watch
