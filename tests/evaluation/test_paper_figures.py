from __future__ import annotations

from vlm4rec.baselines.paper import PAPER_ROWS
from vlm4rec.evaluation.paper_figures import PUBLISHED, SOURCE, WHY_DIFFERENT, published


def test_each_of_the_twelve_rows_has_a_figure() -> None:
    assert tuple(figure.row for figure in PUBLISHED) == PAPER_ROWS
    assert len({figure.printed for figure in PUBLISHED}) == 12


def test_figures_are_as_they_were_published() -> None:
    recalls = [figure.recall for figure in PUBLISHED]
    assert recalls == sorted(recalls, reverse=True)
    assert all(figure.ndcg < figure.recall for figure in PUBLISHED)
    text, title = published("LVLM text"), published("title")
    assert text is not None
    assert title is not None
    # the paper's abstract of its own table: 54.9% above the title
    assert round(text.recall / title.recall - 1, 3) == 0.549


def test_rows_that_the_paper_has_not_are_none() -> None:
    assert published("LVLM text + vision, gating") is None


def test_source_and_reasons_are_told() -> None:
    assert "2603.12625" in SOURCE
    text = " ".join(WHY_DIFFERENT)
    for word in ("candidates", "masked", "seed", "itself", "Other data", "encoder"):
        assert word in text
