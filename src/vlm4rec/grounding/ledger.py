"""The durable record of what LVLMs wrote: paid work is never lost and never paid twice.

Two tables carry it. ``answers`` keeps every answer that ever came, usable or not, for good.
``assignments`` says which answer is the current grounding of each photo of each item. To ground
with a new prompt adds answers and moves assignments; nothing is overwritten.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence, Sized
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from vlm4rec.grounding import ledger_file
from vlm4rec.grounding.ledger_rows import (
    COLUMNS,
    GROUNDING,
    LedgerCounts,
    flags_of,
    grounding_of,
    provenance_row,
    storable,
    wording,
)
from vlm4rec.grounding.schema import Answer, Grounding, Provenance
from vlm4rec.problems import Problem

__all__ = ["Ledger", "LedgerCounts", "Standing"]

T = TypeVar("T")

_PAGE = 500
"""Values a query: below the limit on bound parameters of SQLite's oldest builds."""

_RECORD = (
    f"INSERT INTO answers ({', '.join(COLUMNS)}, text, status, reason, wording) "  # noqa: S608
    f"VALUES ({', '.join('?' * (len(COLUMNS) + 4))}) ON CONFLICT DO NOTHING"
)
_CURRENT = (
    f"{GROUNDING}, item, ordinal FROM assignments "
    "JOIN answers ON answers.key = assignments.key AND status = 'ok'"
)


Standing = Literal["ok", "held", "left-out"]
"""What an answer that can be read counts for: it is used; it is kept until a second one decides;
it is never used."""


class Ledger:
    """All groundings of a shop, in one SQLite file.

    Open it with `Ledger.open` and close it, or use it in a ``with`` block. Any number of
    processes may read while one writes. One object belongs to one thread.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Ledger.open(pathlib.Path(folder) / "ledger.sqlite") as ledger:
    ...         ledger.has("0" * 64)
    False
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a ledger, making an empty one if the file is not there.

        Raises
        ------
        ShopVersionError
            If a newer vlm4rec wrote it.
        ShopDamagedError
            If the file is not a ledger.
        """
        return cls(path, ledger_file.connect(path))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Ledger {self.path.name}>"

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is written inside at once, or, on an exception, nothing of it.

        When the block is left, the writes are on the disk. Inside another transaction it joins
        that one.
        """
        if self._connection.in_transaction:
            yield
            return
        with ledger_file.explaining(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def has(self, key: str) -> bool:
        """Tell whether there is a usable answer of that key."""
        return bool(self.known([key]))

    def known(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys that have a usable answer."""
        sql = "SELECT key FROM answers WHERE status = 'ok' AND key IN "
        pages = _pages(keys)
        return {row[0] for page in pages for row in self.rows(sql + _marks(page), page)}

    def tries(self, keys: Iterable[str]) -> dict[str, int]:
        """Return how many answers came for those of the keys that have some, but no usable one."""
        counted: dict[str, int] = {}
        for page in _pages(keys):
            sql = (
                f"SELECT key, COUNT(*) FROM answers WHERE key IN {_marks(page)} "  # noqa: S608
                "GROUP BY key HAVING SUM(status = 'ok') = 0"
            )
            counted.update(self.rows(sql, page))
        return counted

    def held(self, key: str) -> tuple[str, ...] | None:
        """Return the flags of the last answer that is held for a key, None if none is."""
        sql = "SELECT flags FROM answers WHERE key = ? AND status = 'held' ORDER BY id DESC LIMIT 1"
        return next((flags_of(row[0]) or () for row in self.rows(sql, [key])), None)

    def promote(self, key: str) -> None:
        """Make the last answer that is held for a key the usable one."""
        sql = (
            "UPDATE answers SET status = 'ok' WHERE id = (SELECT id FROM answers "
            "WHERE key = ? AND status = 'held' ORDER BY id DESC LIMIT 1)"
        )
        self.change(sql, [(key,)])

    def said_of_another(self, description: str, photo_sha256: str) -> bool:
        """Tell whether a usable answer says the very same of another photo."""
        sql = (
            "SELECT 1 FROM answers WHERE wording = ? AND photo_sha256 <> ? AND status = 'ok' "
            "LIMIT 1"
        )
        return any(True for _ in self.rows(sql, [wording(description), photo_sha256]))

    def record(
        self,
        key: str,
        text: str,
        provenance: Provenance,
        *,
        answer: Answer | None = None,
        reason: str = "",
        flags: Iterable[str] | None = None,
        standing: Standing = "ok",
        photos: Iterable[tuple[str, int]] = (),
    ) -> None:
        """Keep an answer and, if it is usable, make it the current grounding of the photos.

        Parameters
        ----------
        key
            The key of the request (`vlm4rec.grounding.lvlm.Identity.key`).
        text
            What the model wrote, word for word.
        provenance
            Where it came from.
        answer
            The text as understood; None for an answer that can't be used, which is kept too.
        reason
            Why it can't be used, in one word.
        flags
            What the quality gates found, by name; None if they did not look.
        standing
            What an answer that can be read counts for.
        photos
            The (item, ordinal) of each photo that it describes.
        """
        status = "invalid" if answer is None else standing
        written = None if answer is None else answer.model_dump_json()
        found = None if flags is None else json.dumps(list(flags))
        said = None if answer is None else wording(answer.description)
        row = (key, written, found, *provenance_row(provenance), storable(text), status, reason)
        with self.transaction():
            self.change(_RECORD, [(*row, said)])
            if status == "ok":
                self.assign((item, ordinal, key) for item, ordinal in photos)

    def assign(self, assignments: Iterable[tuple[str, int, str]], *, pinned: bool = False) -> None:
        """Make answers that are there current groundings: the (item, ordinal, key) of each.

        What failed about these photos before is forgotten. A photo whose grounding is pinned
        keeps it until another is pinned, or the photo is another one; when that photo is back, so
        is what was pinned.

        Raises
        ------
        KeyError
            If there is no usable answer of a key; then none is assigned.
        """
        now = _now()
        with self.transaction():
            for page in _pages(assignments):
                keys = {key for _, _, key in page}
                if missing := keys - self.known(keys):
                    raise KeyError(f"The ledger has no usable answer {min(missing)}.")
                if pinned:
                    self.change(ledger_file.PIN, page)
                pins = self._pins(keys)
                rows = [(*one[:2], now, one in pins, pins.get(one, one[2])) for one in page]
                self.change(ledger_file.ASSIGN, rows)
                self.change(ledger_file.FORGET, [row[:2] for row in rows])

    def unpin(self, items: Iterable[str]) -> None:
        """Let go of all that was ever pinned for these items.

        Their groundings stay what they are until others are assigned.
        """
        rows = [(item,) for item in items]
        with self.transaction():
            self.change("DELETE FROM pins WHERE item = ?", rows)
            self.change("UPDATE assignments SET pinned = 0 WHERE item = ?", rows)

    def pinned(self) -> dict[tuple[str, int], str]:
        """Return the sha256 of each photo, by (item, ordinal), whose grounding is pinned."""
        sql = "SELECT item, ordinal, photo_sha256 FROM assignments WHERE pinned"
        return {(item, ordinal): sha256 for item, ordinal, sha256 in self.rows(sql)}

    def fail(self, failures: Iterable[tuple[str, int, Problem]]) -> None:
        """Keep the last thing that went wrong with each photo: (item, ordinal, problem)."""
        now = _now()
        with self.transaction():
            for item, ordinal, problem in failures:
                words = (problem.code, problem.where, problem.what, problem.remedy)
                row = (item, ordinal, *map(storable, words), now)
                self._connection.execute(
                    "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)", row
                )

    def failures(self) -> list[Problem]:
        """Return the last problem of each photo that has not been grounded since."""
        sql = 'SELECT code, "where", what, remedy, item FROM failures ORDER BY item, ordinal'
        return [Problem(*row) for row in self.rows(sql)]

    def groundings(
        self, items: Iterable[str] | None = None
    ) -> Iterator[tuple[str, int, Grounding]]:
        """Give (item, ordinal, grounding) of each photo that has one: the current one.

        Parameters
        ----------
        items
            The items to give, by default all; those without groundings are passed over.
        """
        order = " ORDER BY item, ordinal"
        if items is None:
            rows = self.rows(_CURRENT + order)
        else:
            sql = _CURRENT + " WHERE item IN "
            pages = _pages(dict.fromkeys(items))
            rows = (row for page in pages for row in self.rows(sql + _marks(page) + order, page))
        return ((row[-2], row[-1], self._grounding(row)) for row in rows)

    def assigned(self) -> Iterator[tuple[str, str, str, str, str, bool, bool]]:
        """Give what is current, the newest of an item first.

        Each is (item, photo sha256, key, model, prompt id, apart, flagged); ``apart`` is true of
        what a person wrote and of what came by asking a second time, which may be another's.
        """
        yield from self.rows(
            "SELECT item, answers.photo_sha256, assignments.key, model, answers.prompt_id, "
            "pinned OR parameters LIKE '%\"again\"%', COALESCE(flags, '[]') <> '[]' "
            "FROM assignments JOIN answers ON answers.key = assignments.key AND status = 'ok' "
            "ORDER BY item, pinned DESC, updated DESC, ordinal"
        )

    def answers(self, photo_sha256: str) -> list[Grounding]:
        """Return every usable answer about one photo, current or not, the oldest first."""
        sql = f"{GROUNDING} FROM answers WHERE status = 'ok' AND photo_sha256 = ? ORDER BY id"
        return [self._grounding(row) for row in self.rows(sql, [photo_sha256])]

    def counts(self) -> LedgerCounts:
        """Count what the ledger holds."""
        (row,) = self.rows(ledger_file.COUNT)
        return LedgerCounts(*row)

    def rows(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Read with SQL; the tables are in `vlm4rec.grounding.ledger_file`."""
        with ledger_file.explaining(self.path):
            yield from self._connection.execute(sql, values)

    def change(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Write with SQL, once for each row of values, all or nothing."""
        with self.transaction():
            self._connection.executemany(sql, rows)

    def _pins(self, keys: Collection[str]) -> dict[tuple[str, int, str], str]:
        """Return what is pinned for the photos of answers, by (item, ordinal, answer's key)."""
        sql = (
            "SELECT item, ordinal, answers.key, pins.key FROM answers "  # noqa: S608
            "JOIN pins ON pins.photo_sha256 = answers.photo_sha256 "
            f"WHERE status = 'ok' AND answers.key IN {_marks(keys)}"
        )
        return {(item, ordinal, key): pin for item, ordinal, key, pin in self.rows(sql, [*keys])}

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # on a full disk SQLite has ended it itself
            self._connection.execute("ROLLBACK")

    def _grounding(self, row: Sequence[Any]) -> Grounding:
        try:
            return grounding_of(row)
        except ValueError as error:
            raise ledger_file.damaged(self.path) from error


def _pages(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while page := list(itertools.islice(rest, _PAGE)):
        yield page


def _marks(page: Sized) -> str:
    return f"({', '.join('?' * len(page))})"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
