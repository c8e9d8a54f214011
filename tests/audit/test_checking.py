"""The gates look at answers that lie in the ledger already."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.audit.conftest import Describe
from vlm4rec.audit import audit_shop, import_corrections
from vlm4rec.audit.checking import check_answers, unchecked
from vlm4rec.errors import ShopBusyError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.prompts import PROMPTS
from vlm4rec.grounding.quality.flags import Flag
from vlm4rec.grounding.quality.gates import Subject
from vlm4rec.shop import ShopFolder

GOOD = "A brown leather boot with a deep sole and six eyelets. It suits long walks on wet ground."


class Gates:
    """Flags whatever speaks of mud, and what was said of another photo."""

    def __init__(self) -> None:
        self.seen: list[Subject] = []

    def __call__(self, subject: Subject) -> Sequence[Flag]:
        self.seen.append(subject)
        muddy = [Flag("muddy", "Mud.")] if "mud" in subject.answer.description else []
        return muddy + ([Flag("same-text", "Same.")] if subject.said_of_another else [])


def flags(ledger: Ledger) -> dict[str, tuple[str, ...] | None]:
    return {item: grounding.flags for item, _, grounding in ledger.groundings()}


def test_what_nobody_looked_at_is_looked_at_once(
    folder: ShopFolder, ledger: Ledger, describe: Describe
) -> None:
    describe("001", "A boot in mud.")
    describe("002", "A clean boot.")
    describe("003", "Old mud.", flags=[])
    describe("004", "Mud.", flags=None, prompt_id="food-v1", assign=False)
    assert unchecked(ledger) == 3
    gates = Gates()
    assert check_answers(folder, gates=gates) == 3
    assert flags(ledger) == {"001": ("muddy",), "002": (), "003": ()}
    assert unchecked(ledger) == 0
    assert check_answers(folder, gates=gates) == 0
    assert len(gates.seen) == 3
    assert check_answers(folder, again=True, gates=gates) == 4
    assert flags(ledger)["003"] == ("muddy",)


def test_a_gate_is_told_what_it_must_know(
    folder: ShopFolder, ledger: Ledger, describe: Describe
) -> None:
    describe("001", "A boot.", text='Here: {"description": "A boot."}')
    describe("002", "A Boot!", prompt_id="mine-v1")
    describe("003", "A pot.", prompt_id="food-v1")
    ledger.change("UPDATE answers SET wording = NULL", [()])  # as an older ledger has it
    gates = Gates()
    check_answers(folder, gates=gates)
    first, second, third = gates.seen
    assert first.text == 'Here: {"description": "A boot."}'
    assert (first.title, first.titled) == ("SKU 001", False)
    assert first.question == PROMPTS["paper-v1"].text
    assert (first.said_of_another, second.said_of_another) == (True, True)
    assert (third.said_of_another, third.question) == (False, PROMPTS["food-v1"].text)
    assert second.question == ""
    assert flags(ledger) == {"001": ("same-text",), "002": ("same-text",), "003": ()}


def test_many_answers_go_by_pages(
    folder: ShopFolder, ledger: Ledger, describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vlm4rec.audit.checking._PAGE", 3)
    for number in range(11):
        describe("001", f"Boot {number}, mud.", prompt_id=f"p{number}-v1")
    told: list[int] = []
    gates = Gates()
    assert check_answers(folder, gates=gates, progress=lambda done, _: told.append(done)) == 11
    assert told == [3, 6, 9, 11]
    assert len({subject.answer for subject in gates.seen}) == 11
    assert {row[0] for row in ledger.rows("SELECT flags FROM answers")} == {'["muddy"]'}


def test_what_a_person_wrote_is_not_checked(
    folder: ShopFolder, ledger: Ledger, describe: Describe
) -> None:
    describe("001", "A boot.", flags=[])
    table = folder.root / "table.csv"
    table.write_text("item_id,description\n001,A boot in mud.\n")
    assert import_corrections(folder, table).corrected == 1
    assert check_answers(folder, again=True, gates=Gates()) == 1
    assert flags(ledger) == {"001": ()}


def test_the_real_gates_find_what_is_wrong(
    folder: ShopFolder, ledger: Ledger, describe: Describe
) -> None:
    describe("001", GOOD)
    describe("002", GOOD.rpartition(" on ")[0])
    describe("003", "I'm sorry, but I can't help with describing this image.")
    found = audit_shop(folder)
    assert found.checked == 3
    assert flags(ledger) == {"001": (), "002": ("cut-off",), "003": ("refused",)}
    assert found.figures.flagged == 2


def test_a_shop_that_is_written_to_is_audited_all_the_same(
    folder: ShopFolder, describe: Describe
) -> None:
    describe("001", GOOD)
    with folder.writing("ground"):
        found = audit_shop(folder)
        assert (found.checked, found.figures.unchecked) == (0, 1)
        with pytest.raises(ShopBusyError):
            audit_shop(folder, recheck=True)
    assert audit_shop(folder).figures.unchecked == 0
