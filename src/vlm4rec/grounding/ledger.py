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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from vlm4rec.grounding import ledger_file
from vlm4rec.grounding.schema import Answer, Grounding, Provenance
from vlm4rec.problems import Problem

__all__ = ["Ledger", "LedgerCounts"]

T = TypeVar("T")

_PAGE = 500
"""Values a query: below the limit on bound parameters of SQLite's oldest builds."""

_COLUMNS = ("key", "answer", *Provenance.model_fields)
_GROUNDING = "SELECT " + ", ".join(f"answers.{name}" for name in _COLUMNS)
_RECORD = (
    f"INSERT INTO answers ({', '.join(_COLUMNS)}, text, status, reason) "  # noqa: S608
    f"VALUES ({', '.join('?' * (len(_COLUMNS) + 3))}) ON CONFLICT DO NOTHING"
)
_CURRENT = (
    f"{_GROUNDING}, item, ordinal FROM assignments "
    "JOIN answers ON answers.key = assignments.key AND status = 'ok'"
)


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """How much a ledger holds.

    Parameters
    ----------
    answers
        Usable answers, those of earlier prompts and models included.
    invalid
        Answers that came and could not be used.
    photos, items
        Photos, and items, that have a current grounding.
    failures
        Photos whose last try failed.
    tokens_in, tokens_cached, tokens_out
        What all answers took, usable or not, as far as the servers said.
    """

    answers: int
    invalid: int
    photos: int
    items: int
    failures: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int


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
        return {row[0] for page in pages for row in self._rows(sql + _marks(page), page)}

    def record(
        self,
        key: str,
        text: str,
        provenance: Provenance,
        *,
        answer: Answer | None = None,
        reason: str = "",
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
        photos
            The (item, ordinal) of each photo that it describes.
        """
        status = "invalid" if answer is None else "ok"
        written = None if answer is None else answer.model_dump_json()
        row = (key, written, *_provenance_row(provenance), _storable(text), status, reason)
        with self.transaction():
            self._connection.execute(_RECORD, row)
            if answer is not None:
                self.assign((item, ordinal, key) for item, ordinal in photos)

    def assign(self, assignments: Iterable[tuple[str, int, str]]) -> None:
        """Make answers that are there current groundings: the (item, ordinal, key) of each.

        What failed about these photos before is forgotten.

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
                rows = [(item, ordinal, now, key) for item, ordinal, key in page]
                self._connection.executemany(ledger_file.ASSIGN, rows)
                self._connection.executemany(ledger_file.FORGET, [row[:2] for row in rows])

    def fail(self, failures: Iterable[tuple[str, int, Problem]]) -> None:
        """Keep the last thing that went wrong with each photo: (item, ordinal, problem)."""
        now = _now()
        with self.transaction():
            for item, ordinal, problem in failures:
                words = (problem.code, problem.where, problem.what, problem.remedy)
                row = (item, ordinal, *map(_storable, words), now)
                self._connection.execute(
                    "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)", row
                )

    def failures(self) -> list[Problem]:
        """Return the last problem of each photo that has not been grounded since."""
        sql = 'SELECT code, "where", what, remedy, item FROM failures ORDER BY item, ordinal'
        return [Problem(*row) for row in self._rows(sql)]

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
            rows = self._rows(_CURRENT + order)
        else:
            sql = _CURRENT + " WHERE item IN "
            pages = _pages(dict.fromkeys(items))
            rows = (row for page in pages for row in self._rows(sql + _marks(page) + order, page))
        return ((row[-2], row[-1], self._grounding(row)) for row in rows)

    def assigned(self) -> Iterator[tuple[str, str, str, str, str]]:
        """Give (item, photo sha256, key, model, prompt id) of each grounding that is current."""
        yield from self._rows(
            "SELECT item, answers.photo_sha256, assignments.key, model, answers.prompt_id "
            "FROM assignments JOIN answers ON answers.key = assignments.key AND status = 'ok' "
            "ORDER BY item, updated DESC, ordinal"
        )

    def answers(self, photo_sha256: str) -> list[Grounding]:
        """Return every usable answer about one photo, current or not, the oldest first."""
        sql = f"{_GROUNDING} FROM answers WHERE status = 'ok' AND photo_sha256 = ? ORDER BY id"
        return [self._grounding(row) for row in self._rows(sql, [photo_sha256])]

    def counts(self) -> LedgerCounts:
        """Count what the ledger holds."""
        (row,) = self._rows(ledger_file.COUNT)
        return LedgerCounts(*row)

    def _rows(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        with ledger_file.explaining(self.path):
            yield from self._connection.execute(sql, values)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # on a full disk SQLite has ended it itself
            self._connection.execute("ROLLBACK")

    def _grounding(self, row: Sequence[Any]) -> Grounding:
        """Rebuild a grounding; its provenance was validated when it was written."""
        key, answer, *provenance = row[: len(_COLUMNS)]
        values = dict(zip(Provenance.model_fields, provenance, strict=True))
        try:
            values["parameters"] = json.loads(values["parameters"])
            understood = Answer.model_validate_json(answer)
        except ValueError as error:
            raise ledger_file.damaged(self.path) from error
        origin = Provenance.model_construct(**values)
        return Grounding.model_construct(key=key, answer=understood, provenance=origin)


def _pages(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while page := list(itertools.islice(rest, _PAGE)):
        yield page


def _marks(page: Sequence[object]) -> str:
    return f"({', '.join('?' * len(page))})"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _provenance_row(provenance: Provenance) -> tuple[object, ...]:
    values = provenance.model_dump()
    values["parameters"] = json.dumps(values["parameters"], sort_keys=True)
    return tuple(_storable(v) if isinstance(v, str) else v for v in values.values())


def _storable(text: str) -> str:
    """Replace lone surrogates, which JSON can spell and SQLite can't store."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
