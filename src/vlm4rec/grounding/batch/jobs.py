"""Batches in the ledger: what was meant to be submitted, what was, and what came of it.

A batch is written down before it is submitted, and the provider's name for it after. Whatever
happens in between, the next run knows what to look for before it submits anything again.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.ledger_rows import storable

__all__ = ["Job", "Jobs", "Pending", "pending_keys"]

_PAGE = 500

JobState = Literal["sending", "waiting", "collected", "refused", "lost"]
"""About to be submitted; the provider has it; all that came of it is kept; the provider did not
take it, or not in the end; it never arrived, or is not there any more."""

RequestState = Literal["waiting", "kept", "back", "failed", "over"]
"""No answer yet; there is one in the ledger; it failed and goes back in line; it failed for good;
it does not count any more."""


@dataclass(frozen=True, slots=True)
class Job:
    """A batch.

    Parameters
    ----------
    id
        Our own id, random.
    remote
        What the provider calls it, None if that is not known.
    created
        When it was about to be submitted.
    """

    id: str
    remote: str | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """A request of a batch that has no answer yet.

    Parameters
    ----------
    key
        Its ledger key.
    again
        Whether the photo is asked about for the second time.
    most
        What it may cost at most, in US dollars; None if that is not known.
    """

    key: str
    again: int
    most: float | None


class Jobs:
    """The batches of one provider and model in a ledger.

    Parameters
    ----------
    ledger
        Where they are.
    provider, model
        Whose.
    now
        Gives the time.
    """

    def __init__(
        self, ledger: Ledger, provider: str, model: str, now: Callable[[], datetime]
    ) -> None:
        self.ledger = ledger
        self.provider = provider
        self.model = model
        self.now = now

    def intend(self, requests: Iterable[Pending]) -> Job:
        """Write down a batch that is about to be submitted; when it returns, it is on disk."""
        now = self.now()
        job = Job(secrets.token_hex(16), None, now)
        row = (job.id, self.provider, self.model, _text(now), _text(now))
        lines = [(job.id, one.key, one.again, one.most) for one in requests]
        with self.ledger.transaction():
            self.ledger.change(
                "INSERT INTO batches VALUES (?, ?, ?, NULL, 'sending', '', ?, ?)", [row]
            )
            self.ledger.change("INSERT INTO batch_requests VALUES (?, ?, ?, ?, 'waiting')", lines)
        return job

    def submitted(self, job: Job, remote: str) -> None:
        """Write down that the provider has it, and what it calls it."""
        self._set(job, "waiting", remote, "")

    def unknown_again(self, job: Job) -> None:
        """Write down that what was taken for this batch is another's."""
        self._set(job, "sending", None, "")

    def give_up(self, job: Job, state: Literal["refused", "lost"], note: str) -> list[Pending]:
        """Close a batch that nothing comes of; return the requests that waited in it."""
        waiting = self.pending(job)
        with self.ledger.transaction():
            self._set(job, state, job.remote, note)
            self.mark(job, [one.key for one in waiting], "over")
        return waiting

    def collected(self, job: Job) -> bool:
        """Close a batch if nothing waits in it any more; tell whether that is so."""
        if self.pending(job):
            return False
        self._set(job, "collected", job.remote, "")
        return True

    def open(self) -> list[Job]:
        """Return the batches that are not closed, the oldest first."""
        sql = (
            "SELECT id, remote, created FROM batches WHERE provider = ? AND model = ? "
            "AND state IN ('sending', 'waiting') ORDER BY created, id"
        )
        rows = self.ledger.rows(sql, [self.provider, self.model])
        return [Job(id_, remote, datetime.fromisoformat(when)) for id_, remote, when in rows]

    def remotes(self) -> frozenset[str]:
        """Return what the provider calls all batches of ours that it is known to have."""
        sql = "SELECT remote FROM batches WHERE provider = ? AND remote IS NOT NULL"
        return frozenset(row[0] for row in self.ledger.rows(sql, [self.provider]))

    def pending(self, job: Job, keys: Sequence[str] | None = None) -> list[Pending]:
        """Return the requests of a batch that have no answer yet, or those of them named."""
        sql = "SELECT key, again, most FROM batch_requests WHERE batch = ? AND state = 'waiting'"
        if keys is None:
            return [Pending(*row) for row in self.ledger.rows(sql, [job.id])]
        found: list[Pending] = []
        for page in _pages(keys):
            rows = self.ledger.rows(f"{sql} AND key IN {_marks(page)}", [job.id, *page])
            found.extend(Pending(*row) for row in rows)
        return found

    def keys(self, job: Job) -> frozenset[str]:
        """Return the keys of all requests of a batch."""
        sql = "SELECT key FROM batch_requests WHERE batch = ?"
        return frozenset(row[0] for row in self.ledger.rows(sql, [job.id]))

    def mark(self, job: Job, keys: Iterable[str], state: RequestState) -> None:
        """Write down what became of requests.

        With an answer, or a failure for good, earlier failures of the same key do not count
        any more.
        """
        rows = [(state, job.id, key) for key in keys]
        with self.ledger.transaction():
            self.ledger.change(
                "UPDATE batch_requests SET state = ? WHERE batch = ? AND key = ?", rows
            )
            if state in ("kept", "failed"):
                self.ledger.change(
                    "UPDATE batch_requests SET state = 'over' WHERE key = ? AND state = 'back'",
                    [(key,) for _, _, key in rows],
                )

    def returned(self, keys: Iterable[str]) -> dict[str, int]:
        """Return how often those of the keys went back in line that did."""
        counted: dict[str, int] = {}
        for page in _pages(keys):
            sql = (
                "SELECT key, COUNT(*) FROM batch_requests "  # noqa: S608
                f"WHERE state = 'back' AND key IN {_marks(page)} GROUP BY key"
            )
            counted.update(self.ledger.rows(sql, page))
        return counted

    def _set(self, job: Job, state: JobState, remote: str | None, note: str) -> None:
        row = (state, remote, storable(note), _text(self.now()), job.id)
        self.ledger.change(
            "UPDATE batches SET state = ?, remote = ?, note = ?, updated = ? WHERE id = ?", [row]
        )


def pending_keys(ledger: Ledger, keys: Iterable[str]) -> set[str]:
    """Return those of the keys that wait in a batch, so that nobody else asks for them."""
    sql = (
        "SELECT key FROM batch_requests JOIN batches ON batches.id = batch "
        "WHERE batch_requests.state = 'waiting' AND batches.state IN ('sending', 'waiting') "
        "AND key IN "
    )
    return {row[0] for page in _pages(keys) for row in ledger.rows(sql + _marks(page), page)}


def _pages(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while page := list(itertools.islice(rest, _PAGE)):
        yield page


def _marks(page: Sequence[object]) -> str:
    return f"({', '.join('?' * len(page))})"


def _text(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")
