"""Groundings leave as a table and come back as the word of a person."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.audit.conftest import Describe, said
from vlm4rec.audit import drop_corrections, export_corrections, import_corrections
from vlm4rec.audit.correction_cells import FIELDS, LISTS
from vlm4rec.audit.correction_rows import COLUMNS
from vlm4rec.errors import DataError, ShopBusyError, StepMissingError, UnknownIdError
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.schema import Answer, Provenance
from vlm4rec.shop import InitOptions, Shop, ShopFolder
from vlm4rec.shop.answers import ShopAnswers
from vlm4rec.shop.init_options import resolve_init

Table = list[dict[str, str]]


@pytest.fixture
def table(folder: ShopFolder, tmp_path: Path, describe: Describe) -> Path:
    """An export of two described items."""
    describe("001", Answer(category="boot", colors=["brown", "tan"], description="A brown boot."))
    describe("002", "A black boot.", model="other", flags=["cut-off"])
    assert export_corrections(folder, tmp_path / "out.csv") == 2
    return tmp_path / "out.csv"


def read(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def write(path: Path, rows: Table, *, separator: str = ",", encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return path


def edit(path: Path, row: int, **cells: str) -> Path:
    rows = read(path)
    rows[row].update(cells)
    return write(path, rows)


def test_an_export_holds_what_is_known(table: Path, photos: dict[str, str]) -> None:
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    first, second = read(table)
    assert tuple(first) == COLUMNS
    assert (first["item_id"], first["photo"], first["sha256"]) == ("001", "0", photos["001"])
    assert (first["category"], first["colors"], first["materials"]) == ("boot", "brown, tan", "")
    assert (second["model"], second["flags"]) == ("other", "cut-off")


def test_what_nobody_changed_does_nothing(folder: ShopFolder, table: Path, ledger: Ledger) -> None:
    before = list(ledger.groundings())
    report = import_corrections(folder, table)
    assert (report.rows, report.corrected, report.unchanged, report.problems) == (2, 0, 2, ())
    assert list(ledger.groundings()) == before


def test_a_change_becomes_the_grounding_with_its_own_provenance(
    folder: ShopFolder, table: Path, ledger: Ledger, photos: dict[str, str]
) -> None:
    ((*_, original),) = ledger.groundings(["001"])
    edit(table, 0, colors='red; "navy, dark"', description="A red boot.")
    report = import_corrections(folder, table, by=" Ann\tB. ")
    assert (report.corrected, report.unchanged, report.problems) == (1, 1, ())
    ((_, _, found),) = ledger.groundings(["001"])
    assert found.answer == Answer(
        category="boot", colors=("red", "navy, dark"), description="A red boot."
    )
    made = found.provenance
    assert (made.provider, made.model, made.prompt_id) == ("correction", "Ann B.", "paper-v1")
    assert made.parameters == {"corrects": original.key}
    assert made.photo_sha256 == photos["001"]
    assert made.cost is None
    assert found.flags == ()
    assert original in ledger.answers(photos["001"])
    assert ledger.pinned() == {("001", 0): photos["001"]}


def test_the_same_file_twice_changes_nothing_more(
    folder: ShopFolder, table: Path, ledger: Ledger
) -> None:
    edit(table, 0, description="A red boot.")
    import_corrections(folder, table, by="Ann")
    before = ledger.counts(), list(ledger.groundings())
    report = import_corrections(folder, table, by="Ann")
    assert (report.corrected, report.unchanged) == (0, 2)
    assert (ledger.counts(), list(ledger.groundings())) == before


def test_a_later_run_does_not_override_a_correction(
    folder: ShopFolder, table: Path, ledger: Ledger, describe: Describe
) -> None:
    import_corrections(folder, edit(table, 0, description="A red boot."))
    describe("001", "A new word of the model.", prompt_id="general-v1")
    assert said(ledger, "001") == "A red boot."
    assert ShopAnswers(folder)["001"][0].description == "A red boot."


def test_the_same_row_can_be_corrected_again(
    folder: ShopFolder, table: Path, ledger: Ledger, tmp_path: Path
) -> None:
    import_corrections(folder, edit(table, 0, description="A red boot."))
    assert import_corrections(folder, edit(table, 0, description="A blue boot.")).corrected == 1
    assert said(ledger, "001") == "A blue boot."
    export_corrections(folder, tmp_path / "again.csv")
    import_corrections(folder, edit(tmp_path / "again.csv", 0, description="A brown boot."))
    assert said(ledger, "001") == "A brown boot."


def test_a_second_reviewer_does_not_undo_the_first(
    folder: ShopFolder, table: Path, ledger: Ledger, tmp_path: Path
) -> None:
    second = tmp_path / "second.csv"
    second.write_bytes(table.read_bytes())
    import_corrections(folder, edit(table, 0, description="A red boot."))
    report = import_corrections(folder, edit(second, 1, description="A dark boot."))
    assert (report.corrected, report.unchanged) == (1, 1)
    assert (said(ledger, "001"), said(ledger, "002")) == ("A red boot.", "A dark boot.")


def test_a_row_made_from_an_older_description_is_a_problem(
    folder: ShopFolder, table: Path, ledger: Ledger, describe: Describe
) -> None:
    describe("001", "A new word of the model.", prompt_id="general-v1")
    report = import_corrections(folder, edit(table, 0, description="A red boot."))
    assert [problem.code for problem in report.problems] == ["described-anew"]
    assert said(ledger, "001") == "A new word of the model."
    assert import_corrections(folder, edit(table, 0, description="A brown boot.")).problems == ()


def test_a_photo_that_is_another_one_now(
    folder: ShopFolder, table: Path, source: Path, ledger: Ledger
) -> None:
    Image.new("RGB", (9, 9), "green").save(source / "001.jpg")
    record = folder.manifest().steps["init"]
    Shop.create(folder.root, resolve_init(record))
    report = import_corrections(folder, edit(table, 0, description="A red boot."))
    (problem,) = report.problems
    assert (problem.code, problem.where, problem.item) == ("photo-changed", "out.csv, row 2", "001")
    assert ledger.pinned() == {}


def test_bad_rows_are_problems_with_their_lines_and_the_rest_goes_on(
    folder: ShopFolder, table: Path, ledger: Ledger
) -> None:
    first, second = read(table)
    rows = [
        {**first, "item_id": "nobody"},
        {**first, "photo": "3"},
        {**first, "photo": "x"},
        {**first, "description": " "},
        {**first, "description": "Twice."},
        {**second, "category": "c" * 501},
        {**second, "item_id": ""},
        {**second, "grounding": "f" * 64, "item_id": "003", "sha256": ""},
        {**second, "grounding": "?", "item_id": "004", "sha256": ""},
    ]
    write(table, rows)
    with table.open("a", encoding="utf-8", newline="") as file:
        file.write("too,few\r\n")
        file.write(",".join([second["item_id"], *[""] * (len(COLUMNS) - 2), "Unquoted."]) + "\r\n")
    report = import_corrections(folder, table)
    assert {problem.where.rpartition(" ")[2]: problem.code for problem in report.problems} == {
        "2": "unknown-item",
        "3": "unknown-item",
        "4": "invalid-value",
        "5": "invalid-value",
        "6": "duplicate-row",
        "7": "invalid-value",
        "8": "unknown-item",
        "9": "unknown-grounding",
        "10": "invalid-value",
        "11": "bad-row",
        "12": "duplicate-row",
    }
    assert report.corrected == 0
    write(table, [{**first, "description": ""}, {**second, "description": "A dark boot."}])
    report = import_corrections(folder, table)
    assert (report.corrected, len(report.problems)) == (1, 1)
    assert said(ledger, "002") == "A dark boot."


def test_good_rows_go_in_all_at_once_or_not_at_all(
    folder: ShopFolder, table: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{**row, "description": f"New {row['item_id']}."} for row in read(table)]
    write(table, rows)
    calls = []
    assign = Ledger.assign

    def fail_at_the_second(self: Ledger, *args: object, **more: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        assign(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "assign", fail_at_the_second)
    with pytest.raises(OSError, match="No space"):
        import_corrections(folder, table)
    assert ledger.pinned() == {}
    assert said(ledger, "001") == "A brown boot."
    monkeypatch.undo()
    assert import_corrections(folder, table).corrected == 2


def test_few_columns_are_enough(folder: ShopFolder, table: Path, ledger: Ledger) -> None:
    write(table, [{"ITEM_ID": "001", " Description ": "By hand.", "note": "mine"}])
    report = import_corrections(folder, table)
    assert (report.corrected, [p.code for p in report.problems]) == (1, ["unknown-column"])
    ((*_, found),) = ledger.groundings(["001"])
    assert (found.answer.category, found.answer.description) == ("boot", "By hand.")


@pytest.mark.parametrize(("separator", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16")])
def test_what_spreadsheets_make_of_it(
    folder: ShopFolder, table: Path, ledger: Ledger, separator: str, encoding: str
) -> None:
    rows = read(table)
    # a spreadsheet takes ids for numbers, and writes line ends of its own
    rows[0].update(item_id="1", description="Line one.\r\nLine two.")
    rows[1].update(item_id="2.0E+00")
    write(table, rows, separator=separator, encoding=encoding)
    report = import_corrections(folder, table)
    assert (report.corrected, report.unchanged, report.problems) == (1, 1, ())
    assert said(ledger, "001") == "Line one.\nLine two."
    rows[0].update(description="Line one.\nLine two.")
    assert import_corrections(folder, write(table, rows)).corrected == 0


def test_a_number_that_stands_for_nothing_is_not_guessed(folder: ShopFolder, table: Path) -> None:
    rows = read(table)
    rows[0].update(item_id="7", description="x")
    assert [p.code for p in import_corrections(folder, write(table, rows)).problems] == [
        "unknown-item"
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("sku,text\n1,2\n", "not a table of corrections: its columns are sku, text."),
        ("item_id,photo\n001,0\n", "not a table of corrections"),
        ("item_id,description\n", "no row"),
        ("", "is empty"),
    ],
)
def test_another_file_is_refused(folder: ShopFolder, table: Path, content: str, told: str) -> None:
    table.write_text(content)
    with pytest.raises(DataError, match=told):
        import_corrections(folder, table)


def test_a_file_that_is_there_is_not_written_over(folder: ShopFolder, table: Path) -> None:
    with pytest.raises(DataError, match="is there already"):
        export_corrections(folder, table)


def test_nothing_described_is_said(folder: ShopFolder, tmp_path: Path) -> None:
    with pytest.raises(StepMissingError, match="no groundings yet"):
        export_corrections(folder, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_another_writer_is_not_disturbed(folder: ShopFolder, table: Path) -> None:
    with folder.writing("ground"), pytest.raises(ShopBusyError):
        import_corrections(folder, table)


def test_what_no_model_could_describe_is_written_by_hand(
    folder: ShopFolder,
    tmp_path: Path,
    ledger: Ledger,
    describe: Describe,
    fail: Callable[[str, str], None],
) -> None:
    describe("003", None, text="Sorry.", reason="refused", flags=["refused"])
    fail("003", "refused")
    path = tmp_path / "out.csv"
    export_corrections(folder, path)
    (row,) = read(path)
    assert (row["grounding"], row["flags"], row["description"]) == ("", "refused", "")
    assert import_corrections(folder, path).unchanged == 1
    report = import_corrections(folder, edit(path, 0, description="A white teapot."))
    assert report.corrected == 1
    assert said(ledger, "003") == "A white teapot."
    assert ledger.failures() == []
    assert import_corrections(folder, path).corrected == 0
    assert drop_corrections(folder) == 1
    assert said(ledger, "003") == ""
    assert ledger.pinned() == {}


def test_verdicts_are_counted(folder: ShopFolder, table: Path) -> None:
    rows = [{**row, "verdict": verdict} for row, verdict in zip(read(table), ("good", "Bad"))]  # noqa: B905
    report = import_corrections(folder, write(table, rows))
    assert (report.good, report.bad, report.unchanged) == (1, 1, 2)
    rows[0]["verdict"] = "so-so"
    assert import_corrections(folder, write(table, rows)).problems[0].code == "invalid-value"


def test_dropping_gives_the_latest_word_of_a_model(
    folder: ShopFolder, table: Path, ledger: Ledger, describe: Describe
) -> None:
    import_corrections(folder, edit(table, 0, description="A red boot."))
    import_corrections(folder, edit(table, 0, description="A blue boot."))
    describe("001", "A new word of the model.", prompt_id="general-v1")
    with pytest.raises(UnknownIdError, match="'002' has no correction"):
        drop_corrections(folder, ["001", "002"])
    assert said(ledger, "001") == "A blue boot."
    assert drop_corrections(folder, ["001"]) == 1
    assert said(ledger, "001") == "A new word of the model."
    assert drop_corrections(folder) == 0
    describe("001", "Another word.", prompt_id="food-v1")  # it is not pinned any more
    assert said(ledger, "001") == "Another word."


@pytest.mark.parametrize("dropped", [False, True])
def test_a_photo_that_changes_and_changes_back_brings_its_correction_back(
    folder: ShopFolder, table: Path, source: Path, ledger: Ledger, *, dropped: bool
) -> None:
    def show(content: bytes) -> str:
        (source / "001.jpg").write_bytes(content)
        Shop.create(folder.root, resolve_init(folder.manifest().steps["init"]))
        lines = [{"item_id": "001", "model": "m", "description": f"A boot of {len(content)}."}]
        path = source / "new.jsonl"
        path.write_text("\n".join(json.dumps(line | {"prompt_id": "paper-v1"}) for line in lines))
        Shop(folder).ground(f"recorded:{path}")
        return said(ledger, "001")

    import_corrections(folder, edit(table, 0, description="A red boot."))
    before = (source / "001.jpg").read_bytes()
    Image.new("RGB", (9, 9), "green").save(source / "other.png")
    other = (source / "other.png").read_bytes()
    assert show(other) == f"A boot of {len(other)}."
    if dropped:
        assert drop_corrections(folder, ["001"]) == 0
        with pytest.raises(UnknownIdError, match="'001' has no correction"):
            drop_corrections(folder, ["001"])
    assert show(before) == (f"A boot of {len(before)}." if dropped else "A red boot.")
    assert len(ledger.pinned()) == (not dropped)


def test_dropping_and_importing_again(folder: ShopFolder, table: Path, ledger: Ledger) -> None:
    edit(table, 0, description="A red boot.")
    import_corrections(folder, table)
    drop_corrections(folder)
    assert said(ledger, "001") == "A brown boot."
    assert import_corrections(folder, table).corrected == 1
    assert said(ledger, "001") == "A red boot."


def test_items_that_share_a_photo_are_corrected_each_for_itself(
    source: Path, tmp_path: Path
) -> None:
    (source / "002.jpg").write_bytes((source / "001.jpg").read_bytes())
    folder = Shop.create(tmp_path / "twins", InitOptions("csv", str(source / "items.csv"))).folder
    sha256 = pl.read_parquet(folder.photos_file)["sha256"][0]
    made = Provenance(
        provider="openai", model="m", prompt_id="paper-v1", photo_sha256=sha256, created="2026"
    )
    with Ledger.open(folder.ledger_file) as ledger:
        answer = Answer(description="A boot.")
        ledger.record("a" * 64, "", made, answer=answer, photos=[("001", 0), ("002", 0)])
        export_corrections(folder, tmp_path / "out.csv")
        import_corrections(folder, edit(tmp_path / "out.csv", 0, description="A brown boot."))
        assert (said(ledger, "001"), said(ledger, "002")) == ("A brown boot.", "A boot.")


WORD = st.text(max_size=30) | st.text(st.sampled_from(" ,;\"'=+-@\n\r\tab\0"), max_size=12)
ANSWERS = st.builds(
    Answer.model_validate,
    st.fixed_dictionaries(
        {name: st.lists(WORD, max_size=4) if name in LISTS else WORD for name in FIELDS}
        | {"description": WORD.filter(str.strip)}
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(answers=st.lists(ANSWERS, min_size=1, max_size=5), change=WORD)
def test_whatever_a_model_wrote_export_and_import_change_nothing(
    folder: ShopFolder, ledger: Ledger, describe: Describe, answers: list[Answer], change: str
) -> None:
    for table in ("assignments", "pins"):
        ledger.change(f"DELETE FROM {table}", [()])
    for number, answer in enumerate(answers, start=1):
        describe(f"00{number}", answer)
    before = list(ledger.groundings())
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "out.csv"
        export_corrections(folder, path)
        report = import_corrections(folder, path)
        assert (report.corrected, report.unchanged, report.problems) == (0, len(answers), ())
        assert list(ledger.groundings()) == before
        rows = read(path)
        for row in rows:
            row["pattern"] = f"x{change}y"
        report = import_corrections(folder, write(path, rows))
    assert report.problems == ()
    after = [grounding.answer for *_, grounding in ledger.groundings()]
    written = f"x{change}y".replace("\r\n", "\n").replace("\r", "\n")
    expected = [answer.model_copy(update={"pattern": written}) for answer in answers]
    assert after == expected
