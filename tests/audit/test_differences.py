from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.conftest import Describe
from tests.audit.test_page import HOSTILE, Page
from vlm4rec.audit import compare_prompts, import_corrections
from vlm4rec.audit.difference_page import write_difference_page
from vlm4rec.audit.differences import FacetFigures, Side
from vlm4rec.errors import DataError, ShopExistsError, StepMissingError
from vlm4rec.grounding.schema import Answer
from vlm4rec.shop import ShopFolder


@pytest.fixture
def both(folder: ShopFolder, describe: Describe) -> ShopFolder:
    """A shop with two photos described for both prompts, and one for each alone."""
    a, b = {"prompt_id": "paper-v1"}, {"prompt_id": "fashion-v1"}
    describe("001", Answer(style=["Bold", "plain"], audience="men", description="A red boot."), **a)
    describe("001", Answer(style=["plain", "bold"], description="A long red boot."), **b)
    describe("002", Answer(style=["plain", "rough"], description="A boot."), **a)
    describe("002", Answer(style=["plain"], audience=HOSTILE, description=HOSTILE), **b)
    describe("003", "A pot.", **a)
    describe("004", "A cup.", **b)
    return folder


def test_the_figures_are_of_all_photos_that_have_both(both: ShopFolder) -> None:
    found = compare_prompts(both, "paper-v1", "fashion-v1", sample=1)
    assert (found.photos, found.only_a, found.only_b, len(found.pairs)) == (2, 1, 1, 1)
    assert found.words_a == 2.5
    assert found.facets["style"] == FacetFigures(1.0, 1.0, 0.5, 0.75)
    assert found.facets["audience"] == FacetFigures(0.5, 0.5, 0.0, 0.0)
    assert found.facets["colour"] == FacetFigures(0.0, 0.0, 1.0, 1.0)
    told = found.to_dict()
    assert (told["photos"], told["words"]["a"]) == (2, 2.5)
    assert told["sample"][0]["a"]["description"]


def test_the_sample_is_the_same_for_a_seed(both: ShopFolder) -> None:
    first = compare_prompts(both, "paper-v1", "fashion-v1", sample=1, seed=3).pairs
    assert first == compare_prompts(both, "paper-v1", "fashion-v1", sample=1, seed=3).pairs
    drawn = {
        compare_prompts(both, "paper-v1", "fashion-v1", sample=1, seed=seed).pairs[0].item
        for seed in range(20)
    }
    assert drawn == {"001", "002"}


def test_old_answers_count_and_the_last_of_a_prompt(both: ShopFolder, describe: Describe) -> None:
    describe("001", "A new word on it.", prompt_id="paper-v1", model="newer")
    describe("001", "Not used.", prompt_id="paper-v1", standing="left-out", model="newest")
    (pair,) = [
        pair for pair in compare_prompts(both, "paper-v1", "fashion-v1").pairs if pair.item == "001"
    ]
    assert pair.a.answer.description == "A new word on it."
    found = compare_prompts(both, "paper-v1@m-2026", "paper-v1@newer")
    assert [(p.item, p.a.answer.description) for p in found.pairs] == [("001", "A red boot.")]


def test_what_a_person_wrote_is_left_aside(both: ShopFolder, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("item_id,description\n001,By hand.\n003,By hand.\n")
    assert import_corrections(both, tmp_path / "table.csv", by="Ann").corrected == 2
    found = compare_prompts(both, "paper-v1", "fashion-v1")
    assert "By hand." not in [pair.a.answer.description for pair in found.pairs]
    assert (found.photos, found.words_a) == (2, 2.5)
    mine = compare_prompts(both, "fashion-v1@Ann", "paper-v1")
    assert mine.pairs[0].a.answer.description == "By hand."


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        ("paper-v1", "food-v1", r"\(3 for the one, 0 for the other\).*--prompt food-v1 --limit 50"),
        ("film-posters-v1", "food-v1", r"--prompt film-posters-v1 --limit 50 and .*--prompt food"),
        ("paper-v1", "y-v1", r"There is no prompt 'y-v1'\. Choose from: paper-v1, .*\.toml"),
        ("paper-v1", "paper-v1", "Both sides are paper-v1"),
        ("paper-v1@m-2026", "paper-v1@m", "No photo is described for both"),
    ],
)
def test_too_little_to_compare_says_how_to_get_it(
    both: ShopFolder, a: str, b: str, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        compare_prompts(both, a, b)


def test_a_prompt_of_ones_own_is_asked_for_by_its_file(
    both: ShopFolder, describe: Describe, tmp_path: Path
) -> None:
    path = tmp_path / "my shoes.toml"
    path.write_text('name = "shoes"\nversion = 1\ntext = "Describe it."')
    with pytest.raises(DataError) as caught:
        compare_prompts(both, "paper-v1", str(path))
    assert caught.value.remedy.endswith(f"--prompt '{path}' --limit 50")
    assert "No photo is described for both paper-v1 and shoes-v1" in caught.value.message
    describe("005", "A shoe.", prompt_id="shoes-v1")  # which is known by its id from now on
    with pytest.raises(DataError, match=r"--prompt FILE --limit 50, where FILE is .* of shoes-v1"):
        compare_prompts(both, "paper-v1", "shoes-v1")
    with pytest.raises(DataError, match=r"no prompt 'z'\. Choose from: .*shoes-v1; or"):
        compare_prompts(both, "paper-v1", "z")


def test_without_groundings_it_says_the_same(folder: ShopFolder, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"0 for the one, 0 for the other"):
        compare_prompts(folder, "paper-v1", "food-v1")
    empty = ShopFolder(tmp_path / "empty")
    empty.create()
    with pytest.raises(StepMissingError):
        compare_prompts(empty, "paper-v1", "food-v1")


def test_the_file_of_a_prompt_stands_for_its_id(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nversion = 4\ntext = "Describe it."')
    assert Side.of(str(path)) == Side("mine-v4")
    assert Side.of(str(path)).file == str(path)
    assert str(Side.of("p-v1@org/model@1")) == "p-v1@org/model@1"


def test_the_page_shows_both_and_stays_text(both: ShopFolder, tmp_path: Path) -> None:
    found = compare_prompts(both, "paper-v1", "fashion-v1")
    page = Page(write_difference_page(both, found, tmp_path / "page"))
    assert "2 photos of shop are described for both" in page.text
    assert "1 more only for paper-v1" in page.text
    assert "<script>alert(1)</script>" in page.text
    assert page.scripts == []
    assert page.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert [tag for tag, _ in page.tags].count("ins") >= 2
    assert len([held for tag, held in page.tags if tag == "img"]) == 2
    with pytest.raises(ShopExistsError):
        write_difference_page(both, found, both.root)
