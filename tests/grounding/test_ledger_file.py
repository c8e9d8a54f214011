"""The file under the ledger: older, newer, damaged, full, read-only."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from vlm4rec.errors import ShopDamagedError, ShopError, ShopVersionError
from vlm4rec.grounding import ledger_file
from vlm4rec.grounding.ledger import Ledger, LedgerCounts

from .ledger_rows import ANSWER, provenance, record


def test_a_newer_ledger_is_left_alone(ledger: Ledger) -> None:
    ledger._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ShopVersionError, match=r"version 99.*pip install --upgrade"):
        Ledger.open(ledger.path)


def test_an_older_ledger_is_brought_up_to_date(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(ledger, "k1", ("a", 0))
    next_one = "ALTER TABLE answers ADD COLUMN extra REAL;\nCREATE TABLE extras (key TEXT);"
    count = len(ledger_file.MIGRATIONS)
    monkeypatch.setattr(ledger_file, "MIGRATIONS", (*ledger_file.MIGRATIONS, next_one))
    with Ledger.open(ledger.path) as newer:
        assert newer.has("k1")
        assert next(newer.rows("PRAGMA user_version")) == (count + 1,)
        assert list(newer.rows("SELECT extra FROM answers")) == [(None,)]


def test_a_ledger_of_the_first_version_keeps_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "first.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(ledger_file.MIGRATIONS[0] + "PRAGMA user_version = 1;")
    values = provenance()
    connection.execute(
        "INSERT INTO answers VALUES (1, 'k1', 'ok', '', '{raw}', ?, ?, ?, ?, '{}', ?, "
        "'stop', 100, 10, 20, 1.5, ?)",
        (
            ANSWER.model_dump_json(),
            values.provider,
            values.model,
            values.prompt_id,
            values.photo_sha256,
            values.created,
        ),
    )
    connection.execute("INSERT INTO assignments VALUES ('a', 0, 'sha', 'paper-v1', 'k1', 'now')")
    connection.commit()
    connection.close()
    with Ledger.open(path) as ledger:
        ((item, ordinal, grounding),) = ledger.groundings()
        assert (item, ordinal, grounding.answer) == ("a", 0, ANSWER)
        assert grounding.flags is None
        assert grounding.provenance.cost is None
        assert ledger.pinned() == {}
        assert ledger.counts() == LedgerCounts(1, 0, 1, 1, 0, 100, 10, 20, 0.0, 0)


def test_what_was_pinned_in_a_ledger_of_the_second_version_is_back_with_its_photo(
    tmp_path: Path,
) -> None:
    path = tmp_path / "second.sqlite"
    with Ledger.open(path) as ledger:
        record(ledger, "k1", ("a", 0))
        ledger.record("by-hand", "{}", provenance(), answer=ANSWER)
        ledger.assign([("a", 0, "by-hand")], pinned=True)
        for statement in ("DROP TABLE pins", "PRAGMA user_version = 2"):
            ledger._connection.execute(statement)
    other = provenance().model_copy(update={"photo_sha256": "f" * 64})
    with Ledger.open(path) as ledger:
        ledger.record("k2", "{}", other, answer=ANSWER, photos=[("a", 0)])
        ledger.assign([("a", 0, "k1")])
        assert [grounding.key for *_, grounding in ledger.groundings()] == ["by-hand"]


@pytest.mark.parametrize("content", [b"not a database, just some text" * 50, b"SQLite format 3\0"])
def test_what_is_no_ledger_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    with pytest.raises(ShopDamagedError, match="not a ledger"):
        Ledger.open(path)
    assert path.read_bytes() == content


def test_another_database_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (a)")
    connection.close()
    with pytest.raises(ShopDamagedError, match="not a ledger"):
        Ledger.open(path)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "filled.sqlite"
    with Ledger.open(path) as ledger, ledger.transaction():
        for number in range(500):
            record(ledger, f"k{number}", (f"item{number}", 0))
    return path


def test_damage_inside_is_told(filled: Path) -> None:
    content = bytearray(filled.read_bytes())
    content[8192:-4096] = b"\xff" * (len(content) - 8192 - 4096)
    filled.write_bytes(content)
    with Ledger.open(filled) as ledger, pytest.raises(ShopDamagedError, match="damaged"):
        list(ledger.groundings())


def test_damage_to_one_answer_is_told(filled: Path) -> None:
    with Ledger.open(filled) as ledger:
        ledger._connection.execute("UPDATE answers SET answer = '{' WHERE key = 'k7'")
        with pytest.raises(ShopDamagedError, match="damaged"):
            list(ledger.groundings())


def test_a_lost_table_is_told(filled: Path) -> None:
    with Ledger.open(filled) as ledger:
        ledger._connection.execute("DROP TABLE assignments")
        with pytest.raises(ShopDamagedError, match="damaged"):
            list(ledger.assigned())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match="can't be read or written"):
        Ledger.open(tmp_path / "none" / "ledger.sqlite")


def test_a_full_disk_is_told_and_nothing_lost(ledger: Ledger) -> None:
    record(ledger, "k1", ("a", 0))
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        with ledger.transaction():
            for number in range(100):
                ledger.record(f"n{number}", "long " * 1000, provenance(), answer=ANSWER)

    with pytest.raises(ShopError, match="full"):
        fill()
    assert ledger.counts().answers == 1
    ledger._connection.execute("PRAGMA max_page_count = 100000")
    record(ledger, "k2", ("a", 0))
    assert ledger.counts().answers == 2


def test_a_shop_on_a_read_only_volume_is_read(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vlm4rec.grounding.ledger_file.os.access", lambda *_: False)
    with Ledger.open(filled) as ledger:
        assert ledger.counts().photos == 500
        with pytest.raises(ShopError, match="can't be read or written"):
            record(ledger, "new", ("a", 0))
