"""Running the quality gates over answers that lie in the ledger already."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vlm4rec.audit.photos import CORRECTION
from vlm4rec.audit.reading import damaged
from vlm4rec.catalog.reading import Progress, no_progress
from vlm4rec.grounding.asked_prompts import asked_prompts
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.ledger_rows import wording
from vlm4rec.grounding.prompts import Prompt
from vlm4rec.grounding.quality.flags import Flag
from vlm4rec.grounding.quality.gates import Subject, check
from vlm4rec.grounding.schema import Answer
from vlm4rec.shop.folder import ShopFolder

__all__ = ["Gates", "StoredAnswer", "StoredAnswers", "check_answers", "unchecked"]

Gates = Callable[[Subject], Sequence[Flag]]
"""Looks at an answer and tells what is wrong with it."""

_PAGE = 2_000
_MARKS = 500
_COLUMNS = "id, key, answer, text, prompt_id, wording"
_OF_LVLMS = f"status = 'ok' AND provider <> '{CORRECTION}'"
"""What a person wrote is not checked: it was looked at by somebody."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer as the ledger holds it: its row, and what the gates need of it."""

    id: int
    key: str
    answer: Answer
    text: str
    prompt_id: str
    wording: str | None


def unchecked(ledger: Ledger) -> int:
    """Count the usable answers that the gates have not looked at."""
    sql = f"SELECT COUNT(*) FROM answers WHERE flags IS NULL AND {_OF_LVLMS}"  # noqa: S608
    return int(next(ledger.rows(sql))[0])


def check_answers(
    folder: ShopFolder,
    *,
    again: bool = False,
    gates: Gates = check,
    progress: Progress = no_progress,
) -> int:
    """Have the gates look at the usable answers of LVLMs, and keep what they find.

    The answers themselves stay as they are: one that is flagged is still used. Answers of earlier
    models and prompts are looked at too.

    Parameters
    ----------
    folder
        The shop.
    again
        Look at all of them, not only at those that nobody has looked at.
    gates
        What looks.
    progress
        Told how many are done.

    Returns
    -------
    int
        How many were looked at.

    Raises
    ------
    ShopBusyError
        If another process writes to the shop.
    """
    with folder.writing("audit"), Ledger.open(folder.ledger_file) as ledger:
        stored = StoredAnswers(folder, ledger)
        _fill_wordings(ledger)
        stored.look_for_shared()
        sql = f"{_OF_LVLMS} AND (flags IS NULL OR ?)"
        done = 0
        for page in _pages(ledger, sql, [again]):
            found = [(_names(gates(stored.subject(each))), each.id) for each in page]
            ledger.change("UPDATE answers SET flags = ? WHERE id = ?", found)
            done += len(page)
            progress(done, None)
        return done


class StoredAnswers:
    """Makes subjects for the gates of answers in a ledger.

    Parameters
    ----------
    folder
        The shop, which knows the titles.
    ledger
        Its ledger, open.
    """

    def __init__(self, folder: ShopFolder, ledger: Ledger) -> None:
        self._ledger = ledger
        titles = folder.read(folder.catalog_file).select("id", "title").iter_rows()
        self._titles = {id_: title or "" for id_, title in titles}
        sql = "SELECT key, MIN(item) FROM assignments GROUP BY key"
        self._items: Mapping[str, str] = dict(ledger.rows(sql))
        self._shared: frozenset[str] = frozenset()
        self._prompts = asked_prompts(ledger)

    def look_for_shared(self) -> None:
        """Find the wordings that are said of several photos."""
        sql = (
            f"SELECT wording FROM answers WHERE wording IS NOT NULL AND {_OF_LVLMS} "  # noqa: S608
            "GROUP BY wording HAVING COUNT(DISTINCT photo_sha256) > 1"
        )
        self._shared = frozenset(row[0] for row in self._ledger.rows(sql))

    def read(self, ids: Sequence[int]) -> Iterator[StoredAnswer]:
        """Give those of the answers that can be read, by their rows in the table."""
        for start in range(0, len(ids), _MARKS):
            some = ids[start : start + _MARKS]
            where = f"answer IS NOT NULL AND id IN ({', '.join('?' * len(some))})"
            for page in _pages(self._ledger, where, some):
                yield from page

    def subject(self, stored: StoredAnswer) -> Subject:
        """Make the subject of one answer."""
        title = self._titles.get(self._items.get(stored.key, ""), "")
        prompt = Prompt(stored.prompt_id, 1, self._prompts.get(stored.prompt_id, ""))
        return Subject(
            answer=stored.answer,
            text=stored.text,
            question=prompt.about(title),
            title=title,
            titled=prompt.titled,
            said_of_another=stored.wording in self._shared,
        )


def _names(found: Sequence[Flag]) -> str:
    return json.dumps(list(dict.fromkeys(flag.name for flag in found)))


def _fill_wordings(ledger: Ledger) -> None:
    """Hash what answers say that came before there was such a hash."""
    for page in _pages(ledger, "wording IS NULL AND answer IS NOT NULL", []):
        rows = [(wording(each.answer.description), each.id) for each in page]
        ledger.change("UPDATE answers SET wording = ? WHERE id = ?", rows)


def _pages(ledger: Ledger, where: str, values: Sequence[object]) -> Iterator[list[StoredAnswer]]:
    """Read answers some at a time, so that they can be changed in between."""
    last = 0
    sql = f"SELECT {_COLUMNS} FROM answers WHERE {where} AND id > ? ORDER BY id LIMIT {_PAGE}"  # noqa: S608
    while rows := list(ledger.rows(sql, [*values, last])):
        yield [_stored(ledger, row) for row in rows]
        last = rows[-1][0]


def _stored(ledger: Ledger, row: Sequence[object]) -> StoredAnswer:
    id_, key, answer, text, prompt_id, said = row
    try:
        read = Answer.model_validate_json(str(answer))
    except ValueError as error:
        raise damaged(ledger) from error
    said = None if said is None else str(said)
    return StoredAnswer(int(str(id_)), str(key), read, str(text), str(prompt_id), said)
