"""What a person at the command line sees of evaluate and reproduce."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.conftest import Command
from tests.evaluation.report.conftest import KS, SKILL, make_evaluation
from vlm4rec.cli import console
from vlm4rec.cli.evaluate_options import parse_ks
from vlm4rec.errors import DataError
from vlm4rec.evaluation import paper_figures
from vlm4rec.evaluation.of_shop import EvaluateOptions, ShopEvaluation
from vlm4rec.evaluation.paper_figures import PublishedFigure
from vlm4rec.evaluation.report import ReportItems
from vlm4rec.shop import InitOptions, Shop, ShopFolder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[EvaluateOptions]:
    """What was asked of the evaluation, in whose place stands one made by hand."""
    options: list[EvaluateOptions] = []

    def evaluate_shop(
        folder: ShopFolder, asked: EvaluateOptions, watch: Callable[[str, int, int], None]
    ) -> ShopEvaluation:
        options.append(asked)
        for number, name in enumerate(SKILL):
            watch(f"{name} [in]", number, len(SKILL))
        watch("", len(SKILL), len(SKILL))
        return ShopEvaluation(make_evaluation(ks=asked.ks, users=24), ReportItems())

    monkeypatch.setattr("vlm4rec.evaluation.of_shop.evaluate_shop", evaluate_shop)
    return options


K = ("--k", ",".join(map(str, KS)))


def test_the_verdict_is_told_and_the_files_are_written(
    vlm4rec: Command, shop: Shop, asked: list[EvaluateOptions], tmp_path: Path
) -> None:
    told = vlm4rec("evaluate", shop.folder.root, "--out", tmp_path / "report", *K)
    assert told.code == 0
    assert asked == [EvaluateOptions(ks=KS)]
    for name in SKILL:
        assert name in told.out
    held = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))
    assert held["verdict"]["headline"] in told.out
    setting = held["settings"][0]["methods"]["best"]["metrics"][held["metric"]]
    assert f"{setting['mean']:.4f}" in told.out
    assert f"{setting['low']:.4f} to {setting['high']:.4f}" in told.out
    assert "Variants counted in" in told.out
    assert "1.5" in told.out  # the seconds of the first method, twice 0.75
    assert "This is made by hand." in told.out
    assert f"open {tmp_path / 'report' / 'index.html'} in a browser" in told.out
    assert "6 of 6: best without grounding [in]" in told.err
    assert "seconds" not in (tmp_path / "report" / "results.json").read_text("utf-8")


def test_all_options_arrive(
    vlm4rec: Command, shop: Shop, asked: list[EvaluateOptions], tmp_path: Path
) -> None:
    told = vlm4rec(
        "evaluate", shop.folder.root, "--out", tmp_path / "report", "--protocol", "basket",
        "--days", "7", "--test-share", "0.3", "--min-history", "2", "--methods",
        "title,title + description", "--methods", "best", "--k", "5,2,5", "--seed", "4",
        "--variants", "id[:7]", "--core", "3", "--metric", "ndcg@2", "--reference", "title",
        "--encoder", "some/model", "--image-encoder", "other", "--cases", "0",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert asked == [
        EvaluateOptions(
            "basket",
            {"days": 7, "test_share": 0.3, "min_history": 2},
            ("title", "title + description", "best"),
            (2, 5),
            4,
            "id[:7]",
            3,
            "title",
            "some/model",
            "other",
        )
    ]
    assert "NDCG@2" in told.out
    assert "against title," in told.out


def test_as_json(vlm4rec: Command, shop: Shop, asked: list[EvaluateOptions]) -> None:
    told = vlm4rec("evaluate", shop.folder.root, *K, "--json")
    found = json.loads(told.out)
    assert found["page"] == str(shop.folder.root / "evaluation" / "index.html")
    assert found["metric"] == "recall@5"
    assert found["verdict"] == found["sentences"][0]
    best = found["settings"][1]["methods"]["best"]
    assert best["low"] <= best["mean"] <= best["high"]
    assert best["seconds"] == 4.75
    assert best["mark"] in {-2, -1, 0, 1, 2}
    assert found["settings"][1]["methods"]["title + description"]["mark"] is None


def test_on_a_narrow_terminal_names_and_intervals_are_whole(
    vlm4rec: Command,
    shop: Shop,
    asked: list[EvaluateOptions],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console, "out", Console(width=80, highlight=False))
    told = vlm4rec("evaluate", shop.folder.root, *K)
    assert "best without grounding" in told.out
    assert "…" not in told.out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--protocol", "luck"), "There is no split 'luck'. Choose from: basket,"),
        (("--protocol", "basket", "--cut", "2020-09-01"), "no parameter 'cut'. It has: days"),
        (("--protocol", "basket", "--test-share", "2"), "test_share is 2.0. Give a number"),
        (("--k", "5,x"), "--k 5,x is no list of whole numbers. Write --k 5,10,20."),
        (("--k", "0"), "--k 0 is no list"),
        (("--metric", "recall@7"), "no metric 'recall@7'. Choose from: recall@5, recall@10"),
    ],
)
def test_what_is_wrong_is_told_before_any_work(
    vlm4rec: Command,
    shop: Shop,
    asked: list[EvaluateOptions],
    given: tuple[str, ...],
    message: str,
) -> None:
    told = vlm4rec("evaluate", shop.folder.root, *given)
    assert (told.code, told.out, asked) == (1, "", [])
    assert message in " ".join(told.err.split())
    assert not (shop.folder.root / "evaluation").exists()


def test_a_folder_of_something_else_is_left_alone(
    vlm4rec: Command, shop: Shop, asked: list[EvaluateOptions], tmp_path: Path
) -> None:
    (tmp_path / "results.csv").write_text("mine")
    told = vlm4rec("evaluate", shop.folder.root, "--out", tmp_path)
    assert (told.code, asked) == (1, [])
    assert "no evaluation wrote it" in told.err
    assert (tmp_path / "results.csv").read_text() == "mine"


def test_a_shop_without_interactions_has_nothing_to_predict(
    vlm4rec: Command, source: Path, asked: list[EvaluateOptions], tmp_path: Path
) -> None:
    made = Shop.create(tmp_path / "quiet", InitOptions("csv", str(source / "items.csv")))
    told = vlm4rec("evaluate", made.folder.root)
    assert (told.code, asked) == (1, [])
    assert "has no interactions, so there is nothing to predict." in told.err
    assert "--interactions" in told.err


def test_no_shop_is_told(vlm4rec: Command, asked: list[EvaluateOptions], tmp_path: Path) -> None:
    told = vlm4rec("evaluate", tmp_path / "nowhere")
    assert told.code == 1
    assert "Traceback" not in told.err


def test_without_matplotlib_nothing_is_begun(
    vlm4rec: Command,
    shop: Shop,
    asked: list[EvaluateOptions],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vlm4rec.evaluation.report.plots.find_spec", lambda _name: None)
    told = vlm4rec("evaluate", shop.folder.root)
    assert (told.code, asked) == (1, [])
    assert "pip install 'vlm4rec[evaluate]'" in told.err


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the paper's figures."""
    rows = (
        PublishedFigure("title", "Title", 0.2285, 0.1838),
        PublishedFigure("description", "Description", 0.3539, 0.2745),
    )
    monkeypatch.setattr(paper_figures, "PUBLISHED", rows)
    monkeypatch.setattr(paper_figures, "SOURCE", "Amazon Clothing, 4,708 items.")
    monkeypatch.setattr(paper_figures, "WHY_DIFFERENT", ("Another shop.",))


def test_the_papers_figures_beside_ours(
    vlm4rec: Command, shop: Shop, asked: list[EvaluateOptions], published: None, tmp_path: Path
) -> None:
    told = vlm4rec("reproduce", "paper", "--shop", shop.folder.root)
    assert told.code == 0, told.err
    assert asked == [EvaluateOptions(methods=("paper",))]
    assert "0.3539" in told.out
    assert "Another shop." in told.out
    assert not (shop.folder.root / "evaluation").exists()
    out = tmp_path / "paper"
    found = json.loads(
        vlm4rec("reproduce", "paper", "--shop", shop.folder.root, "--out", out, "--json").out
    )
    row = found["paper"]["methods"]["title"]
    assert row["Recall@10, paper"] == 0.2285
    assert row["NDCG@10, paper"] == 0.1838
    assert 0 <= row["Recall@10, variants left out"] <= 1
    assert found["paper"]["methods"]["image"]["Recall@10, paper"] is None
    assert "0.3539" in (out / "index.html").read_text("utf-8")


def test_only_the_paper_can_be_reproduced(vlm4rec: Command, shop: Shop) -> None:
    assert vlm4rec("reproduce", "luck", "--shop", shop.folder.root).code == 2


def test_cut_offs_are_whole_numbers() -> None:
    assert parse_ks("20, 5,5") == (5, 20)
    for text in ("", "5,", "-5", "1.5", "²"):
        with pytest.raises(DataError, match="no list of whole numbers"):
            parse_ks(text)
