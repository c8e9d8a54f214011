from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlm4rec.errors import ShopBusyError
from vlm4rec.grounding.ledger import Ledger, LedgerCounts
from vlm4rec.grounding.schema import Answer, Grounding
from vlm4rec.problems import Problem

from .ledger_rows import ANSWER, provenance, record


def test_what_is_recorded_is_read(ledger: Ledger) -> None:
    ledger.record("k1", "{raw}", provenance(), answer=ANSWER, photos=[("a", 0), ("b", 1)])
    expected = Grounding(key="k1", answer=ANSWER, provenance=provenance())
    assert list(ledger.groundings()) == [("a", 0, expected), ("b", 1, expected)]
    assert list(ledger.groundings(["b", "c", "b"])) == [("b", 1, expected)]
    assert ledger.has("k1")
    assert ledger.known(["k1", "k2"]) == {"k1"}
    assert ledger.counts() == LedgerCounts(1, 0, 2, 2, 0, 100, 10, 20, 0.0, 0)


def test_the_raw_text_is_kept_word_for_word(ledger: Ledger) -> None:
    ledger.record("k1", 'Here:\n{"a": "\x00ü"}\ud800', provenance(), answer=ANSWER)
    with sqlite3.connect(ledger.path) as reader:
        assert reader.execute("SELECT text FROM answers").fetchone()[0] == (
            'Here:\n{"a": "\x00ü"}\ufffd'
        )
    reader.close()


def test_an_invalid_answer_is_kept_and_not_read(ledger: Ledger) -> None:
    record(ledger, "k0", ("a", 0))
    ledger.record("k1", "Sorry.", provenance(), reason="refused", photos=[("a", 0)])
    ledger.record("k1", "Sorry!", provenance(), reason="refused", photos=[("a", 0)])
    assert not ledger.has("k1")
    assert [grounding.key for *_, grounding in ledger.groundings()] == ["k0"]
    ledger.record("k1", "raw", provenance(), answer=ANSWER, photos=[("a", 0)])
    assert [grounding.key for *_, grounding in ledger.groundings()] == ["k1"]
    counts = ledger.counts()
    assert (counts.answers, counts.invalid, counts.tokens_in) == (2, 2, 400)


def test_old_answers_stay_beside_the_new(ledger: Ledger) -> None:
    record(ledger, "k1", ("a", 0))
    record(ledger, "k2", ("a", 0), prompt_id="shoes-v1")
    assert [grounding.key for *_, grounding in ledger.groundings()] == ["k2"]
    assert [grounding.key for grounding in ledger.answers("p1")] == ["k1", "k2"]
    ledger.assign([("a", 0, "k1")])
    assert [grounding.key for *_, grounding in ledger.groundings()] == ["k1"]


def test_an_answer_is_never_overwritten(ledger: Ledger) -> None:
    record(ledger, "k1", ("a", 0))
    other = Answer(description="Something else.")
    ledger.record("k1", "other", provenance(), answer=other, photos=[("b", 0)])
    assert [grounding.answer for *_, grounding in ledger.groundings()] == [ANSWER, ANSWER]


def test_assigning_what_is_not_there_assigns_nothing(ledger: Ledger) -> None:
    record(ledger, "k1")
    with pytest.raises(KeyError, match="k2"):
        ledger.assign([("a", 0, "k1"), ("b", 0, "k2")])
    assert ledger.counts().photos == 0


def test_a_failure_is_kept_until_success(ledger: Ledger) -> None:
    first = Problem("truncated", "item a", "cut off", "Ask again", item="a")
    last = Problem("no-answer", "item a", "500", item="a")
    other = Problem("missing", "item b, photo 2", "gone", item="b")
    ledger.fail([("a", 0, first), ("b", 2, other)])
    ledger.fail([("a", 0, last)])
    assert ledger.failures() == [last, other]
    record(ledger, "k1", ("a", 0))
    assert ledger.failures() == [other]
    ledger.assign([("b", 2, "k1")])
    assert ledger.failures() == []


def current(ledger: Ledger) -> tuple[tuple[object, ...], ...]:
    return tuple(sorted(ledger.assigned()))


def test_only_assignments_change_what_is_current(ledger: Ledger) -> None:
    seen = [current(ledger)]
    for assignment in (("a", 0), ("a", 1), ("b", 0)):
        record(ledger, "k1", assignment)
        seen.append(current(ledger))
    record(ledger, "k2", ("a", 0))
    seen.append(current(ledger))
    assert len(set(seen)) == len(seen)

    ledger.record("k3", "no", provenance(), reason="empty", photos=[("a", 0)])
    ledger.record("k4", "raw", provenance(), answer=ANSWER)
    ledger.fail([("z", 0, Problem("missing", "item z", "gone"))])
    ledger.assign([("a", 0, "k2")])
    assert current(ledger) == seen[-1]
    ledger.assign([("a", 0, "k1")])
    assert current(ledger) == seen[-2]


def test_a_transaction_is_all_or_nothing(ledger: Ledger) -> None:
    def fail_half_way() -> None:
        with ledger.transaction():
            record(ledger, "k1", ("a", 0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert ledger.counts().answers == 0
    with ledger.transaction():
        record(ledger, "k1", ("a", 0))
        record(ledger, "k2", ("b", 0))
    assert ledger.counts().answers == 2


@given(
    item=st.text(min_size=1).filter(lambda text: "\x00" not in text),
    ordinal=st.integers(0, 10**6),
    text=st.text(),
    parameters=st.dictionaries(
        st.text(), st.none() | st.booleans() | st.integers(0, 99) | st.text()
    ),
)
def test_round_trip(item: str, ordinal: int, text: str, parameters: dict[str, object]) -> None:
    answer = Answer(description="A" + text[:4000], colors=(text[:100],))
    origin = provenance(parameters=parameters)
    with Ledger.open(Path(":memory:")) as ledger:
        ledger.record("k", text, origin, answer=answer, photos=[(item, ordinal)])
        assert list(ledger.groundings()) == [
            (item, ordinal, Grounding(key="k", answer=answer, provenance=origin))
        ]


def test_it_is_there_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "new folder.sqlite"
    with Ledger.open(path) as ledger:
        record(ledger, "k1", ("a", 0))
        before = list(ledger.assigned())
        connection = ledger._connection
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    with Ledger.open(path) as ledger:
        assert list(ledger.assigned()) == before
        assert ledger.has("k1")
        assert repr(ledger) == "<Ledger new folder.sqlite>"


def test_one_writes_while_others_read(ledger: Ledger) -> None:
    record(ledger, "k1", ("a", 0))
    with Ledger.open(ledger.path) as reader:
        with ledger.transaction():
            record(ledger, "k2", ("b", 0))
            assert reader.counts().answers == 1
            groundings = reader.groundings()
            assert next(groundings)[0] == "a"
        assert list(groundings) == []  # it stays with what was there when it began
        assert reader.counts().answers == 2


def test_another_process_reads_while_one_writes(ledger: Ledger) -> None:
    script = """
import sys, pathlib
from vlm4rec.grounding.ledger import Ledger
with Ledger.open(pathlib.Path(sys.argv[1])) as ledger:
    print(ledger.counts().photos, len(list(ledger.groundings())))
"""
    record(ledger, "k1", ("a", 0))
    with ledger.transaction():
        record(ledger, "k2", ("b", 0))
        command = [sys.executable, "-c", script, str(ledger.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["1", "1"]


def test_two_writers_are_told(ledger: Ledger) -> None:
    with Ledger.open(ledger.path) as other, ledger.transaction():
        other._connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(ShopBusyError, match="Another process"):
            record(other, "k1", ("a", 0))


def test_what_a_person_pinned_stays_until_the_photo_changes(ledger: Ledger) -> None:
    record(ledger, "k1", ("a", 0))
    ledger.record("by-hand", "{}", provenance(), answer=ANSWER)
    ledger.assign([("a", 0, "by-hand")], pinned=True)
    record(ledger, "k2", ("a", 0))
    assert [grounding.key for _, _, grounding in ledger.groundings()] == ["by-hand"]
    assert ledger.pinned() == {("a", 0): provenance().photo_sha256}
    other = provenance().model_copy(update={"photo_sha256": "f" * 64})
    ledger.record("k3", "{}", other, answer=ANSWER, photos=[("a", 0)])
    assert [grounding.key for _, _, grounding in ledger.groundings()] == ["k3"]
    assert ledger.pinned() == {}


def test_what_was_pinned_is_back_with_its_photo(ledger: Ledger) -> None:
    def current() -> list[str]:
        return [grounding.key for _, _, grounding in ledger.groundings()]

    old, new = provenance(), provenance().model_copy(update={"photo_sha256": "f" * 64})
    record(ledger, "k1", ("a", 0), ("b", 0))
    ledger.record("by-hand", "{}", old, answer=ANSWER)
    ledger.assign([("a", 0, "by-hand")], pinned=True)
    ledger.record("k2", "{}", new, answer=ANSWER, photos=[("a", 0), ("b", 0)])
    assert current() == ["k2", "k2"]
    ledger.assign([("a", 0, "k1"), ("b", 0, "k1")])
    assert current() == ["by-hand", "k1"]
    assert ledger.pinned() == {("a", 0): old.photo_sha256}
    record(ledger, "k3", ("a", 0))  # of the same photo
    assert current() == ["by-hand", "k1"]

    ledger.record("by-hand-2", "{}", old, answer=ANSWER)
    ledger.assign([("a", 0, "by-hand-2")], pinned=True)
    ledger.assign([("a", 0, "k2")])
    ledger.assign([("a", 0, "k1")])
    assert current() == ["by-hand-2", "k1"]
    ledger.unpin(["a"])
    assert (current(), ledger.pinned()) == (["by-hand-2", "k1"], {})
    ledger.assign([("a", 0, "k1")])
    assert current() == ["k1", "k1"]


def test_an_answer_that_is_held_waits_for_a_second(ledger: Ledger) -> None:
    ledger.record("k1", "{}", provenance(), answer=ANSWER, flags=["cut-off"], standing="held")
    assert not ledger.has("k1")
    assert ledger.tries(["k1", "k2"]) == {"k1": 1}
    assert ledger.held("k1") == ("cut-off",)
    ledger.promote("k1")
    assert ledger.has("k1")
    assert ledger.tries(["k1"]) == {}
    assert ledger.held("k1") is None


def test_the_same_words_of_another_photo_are_found(ledger: Ledger) -> None:
    record(ledger, "k1", ("a", 0))
    words = f" {ANSWER.description.upper()} "
    assert ledger.said_of_another(words, "f" * 64)
    assert not ledger.said_of_another(words, provenance().photo_sha256)
    assert not ledger.said_of_another("Something else.", "f" * 64)


def test_four_thousand_are_read_by_pages(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        with ledger.transaction():
            for number in range(4_000):
                record(ledger, f"{number:064}", (f"item{number}", 0))
        assert len(list(ledger.groundings())) == 4_000
        assert len(list(ledger.groundings(f"item{n}" for n in range(4_000)))) == 4_000
        assert len(list(ledger.assigned())) == 4_000


def test_whether_another_photo_has_the_same_words_is_found_by_an_index(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        sql = "EXPLAIN QUERY PLAN SELECT 1 FROM answers WHERE wording = ? AND status = 'ok'"
        ((*_, plan),) = ledger.rows(sql, ["w"])
        assert "(wording=? AND status=?)" in plan  # many bad answers may have the same words
