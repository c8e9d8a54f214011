"""Commands that judge methods on a shop: evaluate, reproduce."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vlm4rec.cli.arguments import JsonOption, ShopArgument
from vlm4rec.cli.evaluate_options import (
    BaseOption,
    ByOption,
    CasesOption,
    CoreOption,
    CutOption,
    DaysOption,
    EncoderOption,
    ImageEncoderOption,
    KsOption,
    MethodsOption,
    MetricOption,
    MinHistoryOption,
    OutOption,
    PerUserOption,
    ProtocolOption,
    ReferenceOption,
    SeedOption,
    ShareOption,
    TestShareOption,
    VariantsOption,
    parse_ks,
    parse_names,
)

if TYPE_CHECKING:
    from vlm4rec.evaluation.of_shop import EvaluateOptions, ShopEvaluation
    from vlm4rec.shop import ShopFolder

__all__ = ["evaluate", "register", "reproduce"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    panel = "Judge a shop"
    app.command(rich_help_panel=panel)(evaluate)
    app.command(rich_help_panel=panel)(reproduce)


def evaluate(
    shop: ShopArgument,
    out: OutOption = None,
    protocol: ProtocolOption = "leave-last-out",
    days: DaysOption = None,
    test_share: TestShareOption = None,
    cut: CutOption = None,
    per_user: PerUserOption = None,
    min_history: MinHistoryOption = None,
    base: BaseOption = None,
    by: ByOption = None,
    share: ShareOption = None,
    core: CoreOption = None,
    seed: SeedOption = 0,
    methods: MethodsOption = None,
    variants: VariantsOption = None,
    encoder: EncoderOption = None,
    image_encoder: ImageEncoderOption = None,
    ks: KsOption = "5,10,20",
    metric: MetricOption = None,
    reference: ReferenceOption = None,
    cases: CasesOption = 6,
    json_: JsonOption = False,
) -> None:
    """Judge methods on what customers did: whether grounding helps here, and how sure that is.

    Writes tables, plots and a page. All methods rank the same candidates under the same mask.
    """
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.cli.evaluating_told import print_results, results_dict
    from vlm4rec.evaluation.of_shop import EvaluateOptions
    from vlm4rec.evaluation.report import ReportOptions, check_folder, write_report
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
    options = EvaluateOptions(
        protocol=protocol,
        parameters={name: value for name, value in parameters.items() if value is not None},
        methods=parse_names(methods) or EvaluateOptions().methods,
        ks=parse_ks(ks),
        seed=seed,
        variant_key=variants,
        core=core,
        reference=reference,
        encoder=encoder,
        image_encoder=image_encoder,
    )
    shown = ReportOptions(metric=metric, reference=reference, cases=cases)
    folder = Shop.open(shop).folder
    place = check_folder(folder.root / "evaluation" if out is None else out)
    found = _judge(folder, options, metric)
    report = write_report(
        found.evaluation, place, found.items, shown, shop=folder.root.name, stage=stage
    )
    if json_:
        print_json(results_dict(report.summary, report.verdict, found.evaluation, report))
    else:
        print_results(report.summary, report.verdict, found.evaluation, report)


def reproduce(
    what: Annotated[
        Literal["paper"], typer.Argument(metavar="WHAT", help="paper: its twelve methods.")
    ],
    shop: Annotated[Path, typer.Option("--shop", help="The shop's folder.")],
    out: OutOption = None,
    protocol: ProtocolOption = "leave-last-out",
    core: CoreOption = None,
    seed: SeedOption = 0,
    variants: VariantsOption = None,
    encoder: EncoderOption = None,
    image_encoder: ImageEncoderOption = None,
    cases: CasesOption = 6,
    json_: JsonOption = False,
) -> None:
    """Judge the paper's methods on a shop, and show the paper's published figures beside ours.

    Without --out nothing is written.
    """
    from vlm4rec.cli.console import print_json, stage
    from vlm4rec.cli.evaluating_told import paper_dict, print_paper, print_results, results_dict
    from vlm4rec.evaluation.of_shop import EvaluateOptions
    from vlm4rec.evaluation.report import ReportOptions, check_folder, summarise, write_report
    from vlm4rec.evaluation.report.paper_table import paper_table
    from vlm4rec.evaluation.report.verdict import verdict
    from vlm4rec.shop import Shop

    folder = Shop.open(shop).folder
    place = None if out is None else check_folder(out)
    options = EvaluateOptions(
        protocol=protocol,
        methods=(what,),
        seed=seed,
        variant_key=variants,
        core=core,
        encoder=encoder,
        image_encoder=image_encoder,
    )
    shown = ReportOptions(cases=cases)
    found = _judge(folder, options, None)
    report = None
    if place is None:
        summary = summarise(found.evaluation, found.items, shown)
        said = verdict(summary)
    else:
        report = write_report(
            found.evaluation,
            place,
            found.items,
            shown,
            shop=folder.root.name,
            paper=paper_table,
            stage=stage,
        )
        summary, said = report.summary, report.verdict
    table = paper_table(summary)
    if json_:
        results = results_dict(summary, said, found.evaluation, report)
        print_json({**results, "paper": paper_dict(table)})
    else:
        print_paper(table)
        print_results(summary, said, found.evaluation, report)


def _judge(folder: ShopFolder, options: EvaluateOptions, metric: str | None) -> ShopEvaluation:
    """Judge, after a look at all that can be wrong: an evaluation may take hours."""
    from vlm4rec.errors import DataError
    from vlm4rec.evaluation.metrics import METRICS, metric_name
    from vlm4rec.evaluation.of_shop import evaluate_shop
    from vlm4rec.evaluation.report.plots import check_plots
    from vlm4rec.evaluation.report.summary import main_metric
    from vlm4rec.interactions.splits.registry import splitter_by_name
    from vlm4rec.shop import Shop

    splitter_by_name(options.protocol, **options.parameters)
    main_metric([metric_name(name, k) for name in METRICS for k in options.ks], metric)
    check_plots()
    if not len(Shop(folder).interactions):
        raise DataError(
            f"{folder.root} has no interactions, so there is nothing to predict.",
            f"Run: vlm4rec init {folder.quoted} --interactions purchases.csv",
        )
    with _bar() as watch:
        return evaluate_shop(folder, options, watch)


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show which method is being judged, and how many are done."""
    from vlm4rec.cli.console import err, plain, print_note

    if not err.is_terminal:

        def tell(what: str, done: int, total: int) -> None:
            if what:
                print_note(f"{done + 1} of {total}: {what}")

        yield tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=err,
    ) as bar:
        task = bar.add_task("", total=None)

        def advance(what: str, done: int, total: int) -> None:
            bar.update(task, description=plain(what), completed=done, total=total)

        yield advance
