"""The SQLite file under the ledger: its tables, opening it, and what its errors mean."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from vlm4rec.errors import ShopBusyError, ShopDamagedError, ShopError, ShopVersionError

__all__ = ["ASSIGN", "COUNT", "FORGET", "MIGRATIONS", "PIN", "connect", "damaged", "explaining"]

_FIRST = """
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    answer TEXT,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_id TEXT NOT NULL,
    parameters TEXT NOT NULL,
    photo_sha256 TEXT NOT NULL,
    finish_reason TEXT,
    tokens_in INTEGER,
    tokens_cached INTEGER,
    tokens_out INTEGER,
    seconds REAL,
    created TEXT NOT NULL
);
CREATE UNIQUE INDEX usable_answers ON answers (key) WHERE status = 'ok';
CREATE INDEX answers_by_photo ON answers (photo_sha256);
CREATE TABLE assignments (
    item TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    photo_sha256 TEXT NOT NULL,
    prompt_id TEXT NOT NULL,
    key TEXT NOT NULL,
    updated TEXT NOT NULL,
    PRIMARY KEY (item, ordinal)
) WITHOUT ROWID;
CREATE TABLE failures (
    item TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    code TEXT NOT NULL,
    "where" TEXT NOT NULL,
    what TEXT NOT NULL,
    remedy TEXT NOT NULL,
    updated TEXT NOT NULL,
    PRIMARY KEY (item, ordinal)
) WITHOUT ROWID;
"""

_SECOND = """
ALTER TABLE answers ADD COLUMN tokens_written INTEGER;
ALTER TABLE answers ADD COLUMN cost REAL;
ALTER TABLE answers ADD COLUMN flags TEXT;
ALTER TABLE answers ADD COLUMN wording TEXT;
ALTER TABLE assignments ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX answers_by_key ON answers (key);
CREATE INDEX answers_by_wording ON answers (wording, status) WHERE wording IS NOT NULL;
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    remote TEXT,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE batch_requests (
    batch TEXT NOT NULL,
    key TEXT NOT NULL,
    again INTEGER NOT NULL,
    most REAL,
    state TEXT NOT NULL,
    PRIMARY KEY (batch, key)
) WITHOUT ROWID;
CREATE INDEX batch_requests_by_key ON batch_requests (key);
CREATE TABLE prompts (
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    first_asked TEXT NOT NULL,
    PRIMARY KEY (id, text)
) WITHOUT ROWID;
"""

_THIRD = """
CREATE TABLE pins (
    photo_sha256 TEXT NOT NULL,
    item TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (photo_sha256, item, ordinal)
) WITHOUT ROWID;
CREATE INDEX pins_by_item ON pins (item);
INSERT INTO pins SELECT photo_sha256, item, ordinal, key FROM assignments WHERE pinned;
"""

MIGRATIONS = (_FIRST, _SECOND, _THIRD)
"""What brings a file from each version to the next; their number is the current version."""

ASSIGN = """
INSERT INTO assignments (item, ordinal, photo_sha256, prompt_id, key, updated, pinned)
SELECT ?, ?, photo_sha256, prompt_id, key, ?, ? FROM answers WHERE key = ? AND status = 'ok'
ON CONFLICT (item, ordinal) DO UPDATE SET
    photo_sha256 = excluded.photo_sha256, prompt_id = excluded.prompt_id,
    key = excluded.key, updated = excluded.updated, pinned = excluded.pinned
WHERE assignments.key <> excluded.key AND (
    excluded.pinned OR NOT assignments.pinned
    OR assignments.photo_sha256 <> excluded.photo_sha256
)
"""
"""A pinned grounding, which a person wrote, gives way to another's only with its photo."""

PIN = """
INSERT OR REPLACE INTO pins
SELECT photo_sha256, ?, ?, key FROM answers WHERE key = ? AND status = 'ok'
"""
"""What was pinned is kept beside the assignments, for when the photo changes and changes back."""

FORGET = "DELETE FROM failures WHERE item = ? AND ordinal = ?"

COUNT = """
SELECT
    COALESCE(SUM(status = 'ok'), 0), COALESCE(SUM(status <> 'ok'), 0),
    (SELECT COUNT(*) FROM assignments), (SELECT COUNT(DISTINCT item) FROM assignments),
    (SELECT COUNT(*) FROM failures),
    COALESCE(SUM(tokens_in), 0), COALESCE(SUM(tokens_cached), 0), COALESCE(SUM(tokens_out), 0),
    COALESCE(SUM(cost), 0.0), COALESCE(SUM(status = 'ok' AND flags <> '[]'), 0)
FROM answers
"""

_PATIENCE = 30.0
"""Seconds to wait for another writer's commit."""

_DAMAGE = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")
_DAMAGE_WORDS = ("no such table", "no such column", "Could not decode")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, make or migrate its tables, and see to it that a commit is on the disk."""
    with explaining(path):
        connection = _connection(path)
        try:
            _prepare(path, connection)
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if (ours := _explained(path, error)) is None:
            raise
        raise ours from error


def _connection(path: Path) -> sqlite3.Connection:
    """Connect, also where nothing can be written, as to a shop on a read-only volume.

    There SQLite must be told that nobody writes; where somebody else does, or did and was cut
    short, it must read their log too, which it can if its index is there.
    """
    if path.exists() and not os.access(path.parent, os.W_OK):
        log = path.with_name(f"{path.name}-wal")
        mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
        uri = f"{path.resolve().as_uri()}?{mode}"
        return sqlite3.connect(uri, uri=True, isolation_level=None)
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    version = _version(path, connection)
    if version < len(MIGRATIONS):
        _migrate(path, connection)
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete":
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again inside the lock: another process may have been faster.
        for number in range(_version(path, connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[number].split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(path: Path, connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if version > len(MIGRATIONS):
        raise ShopVersionError(
            f"{path} was written by a newer vlm4rec (ledger version {version}, this one knows "
            f"{len(MIGRATIONS)}).",
            "Upgrade vlm4rec: pip install --upgrade vlm4rec",
        )
    if bool(version) != ("answers" in tables) or (tables and not version):
        raise damaged(path)
    return version


def _explained(path: Path, error: sqlite3.DatabaseError) -> ShopError | None:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(_DAMAGE) or str(error).startswith(_DAMAGE_WORDS):
        return damaged(path)
    if name.startswith(_BUSY):
        return ShopBusyError(
            f"Another process is writing to {path}.", "Wait for it to finish, then try again."
        )
    if name in ("", "SQLITE_ERROR"):  # a fault of ours, not of the file
        return None
    return ShopError(
        f"{path} can't be read or written: {error}.",
        "See to free space and permissions there, then run the same command again: what was "
        "committed is kept.",
    )


def damaged(path: Path) -> ShopDamagedError:
    """Return the error that says so."""
    return ShopDamagedError(
        f"{path} is damaged, or not a ledger.",
        "Put back a copy of it, or move it away and ground again.",
    )
