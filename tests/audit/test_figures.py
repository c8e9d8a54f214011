from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.audit.conftest import Describe
from vlm4rec.audit.figures import audit_figures
from vlm4rec.audit.photos import audited_photos
from vlm4rec.errors import StepMissingError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.shop import InitOptions, Shop, ShopFolder


def test_flags_writers_and_money(
    folder: ShopFolder, describe: Describe, fail: Callable[[str, str], None]
) -> None:
    describe("001", "A boot.", flags=["cut-off"], cost=0.25, tokens_in=100, tokens_out=10)
    describe("002", "Boot, boot", flags=["cut-off", "repetition"], cost=0.5, tokens_in=200)
    describe("003", "A pot.", model="other", flags=[])
    describe("004", "Cup, cup, cup", flags=["repetition"], standing="left-out", cost=0.125)
    fail("004", "repetition")
    fail("005", "no-answer")
    found = audit_figures(folder, audited_photos(folder))
    assert (found.wanted, found.described, found.failed, found.flagged) == (5, 3, 2, 2)
    assert (found.unchecked, found.corrected, found.shared) == (0, 0, 0)
    flags = {flag.name: (flag.used, flag.left_out, flag.examples) for flag in found.flags}
    assert flags == {
        "repetition": (1, 1, ("002", "004")),
        "cut-off": (2, 0, ("001", "002")),
        "no-answer": (0, 1, ("005",)),
    }
    assert [flag.name for flag in found.flags][-1] == "no-answer"
    assert found.flags[-1].what == "It is no-answer"
    first, second = found.writers
    assert (first.model, first.photos, first.answers, first.unusable) == ("m-2026", 2, 3, 1)
    assert (first.tokens_in, first.tokens_out, first.cost) == (300, 10, 0.875)
    assert (second.model, second.photos, second.cost) == ("other", 1, None)
    assert found.cost == 0.875
    assert found.to_dict()["flags"][0]["name"] == found.flags[0].name


def test_a_failure_of_a_described_photo_is_no_failure(
    folder: ShopFolder, describe: Describe, fail: Callable[[str, str], None]
) -> None:
    describe("001", "A boot.", flags=[])
    fail("001", "no-answer")  # the model of a later run did not answer
    found = audit_figures(folder, audited_photos(folder))
    assert (found.described, found.failed, found.flags) == (1, 0, ())


def test_the_last_answer_is_the_one_that_tells_of_a_failure(
    folder: ShopFolder, describe: Describe, fail: Callable[[str, str], None]
) -> None:
    describe("001", None, text="No.", reason="refused", flags=["refused"], model="first")
    describe("001", None, text="", reason="empty", flags=["empty"], model="second")
    fail("001", "empty")
    (row,) = audited_photos(folder).iter_rows(named=True)
    assert (row["key"], row["model"], row["flags"], row["code"]) == (
        None,
        "second",
        ["empty"],
        "empty",
    )


def test_a_flag_of_another_version_is_told_as_such(folder: ShopFolder, describe: Describe) -> None:
    describe("001", "A boot.", flags=["from-the-future"])
    (flag,) = audit_figures(folder, audited_photos(folder)).flags
    assert flag.what == "A flag that this version does not know."


def test_gone_items_and_gone_photos_are_not_counted(
    folder: ShopFolder, ledger: Ledger, describe: Describe, source: Path, options: InitOptions
) -> None:
    describe("001", "A boot.", flags=["cut-off"])
    describe("002", "A black boot.", flags=["cut-off"])
    rows = (source / "items.csv").read_text().splitlines()
    (source / "items.csv").write_text("\n".join(row for row in rows if "001" not in row))
    Shop.create(folder.root, options)
    assert audited_photos(folder)["item"].to_list() == ["002"]


def test_the_same_file_in_two_items_is_counted(source: Path, tmp_path: Path) -> None:
    (source / "002.jpg").write_bytes((source / "001.jpg").read_bytes())
    shop = Shop.create(tmp_path / "twins", InitOptions("csv", str(source / "items.csv")))
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    assert audit_figures(shop.folder, audited_photos(shop.folder)).shared == 1


def test_photos_that_look_the_same_are_counted(source: Path, tmp_path: Path) -> None:
    photo = Image.radial_gradient("L").convert("RGB")
    photo.save(source / "001.jpg", quality=95)
    photo.resize((200, 200)).save(source / "002.jpg", quality=90)
    shop = Shop.create(tmp_path / "alike", InitOptions("csv", str(source / "items.csv")))
    shop.ground(f"recorded:{source / 'groundings.jsonl'}")
    found = audit_figures(shop.folder, audited_photos(shop.folder))
    assert (found.alike, found.alike_items) == (1, (("001", "002"),))


def test_nothing_to_audit_is_said(folder: ShopFolder) -> None:
    with pytest.raises(StepMissingError, match=r"no groundings yet.*vlm4rec ground"):
        audited_photos(folder)
    with Ledger.open(folder.ledger_file), pytest.raises(StepMissingError):
        audited_photos(folder)
