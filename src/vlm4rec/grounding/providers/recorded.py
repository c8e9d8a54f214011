"""Answers that were recorded earlier, elsewhere, in a JSONL file; asks no model."""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vlm4rec.errors import DataError, LVLMError
from vlm4rec.grounding.answers import explain
from vlm4rec.grounding.lvlm import GroundingRequest, Identity, LVLMAnswer, Traits
from vlm4rec.grounding.prompts import PROMPTS
from vlm4rec.grounding.schema import Answer
from vlm4rec.problems import Problem
from vlm4rec.storage import content_hash

__all__ = ["RecordedLVLM"]


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    model: str
    prompt_id: str
    text: str
    digest: str


class RecordedLVLM:
    """An LVLM whose answers are in a file already: from another tool, another machine, a test.

    The file is JSONL, plain or gzipped (``.gz``). Each line is an object with ``item_id``,
    ``model``, ``prompt_id``, the fields of `vlm4rec.grounding.schema.Answer` and, for another
    than the item's main photo, ``photo``, its ordinal. A line that can't be used is a problem,
    and the rest is read.

    A record's content is part of its identity: one that was changed in the file is asked for
    again, and items with the same photo but different records keep their own.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    DataError
        If the file is missing or holds no usable record.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.problems: list[Problem] = []
        self._records: dict[tuple[str, int], _Record] = {}
        self._read()

    @property
    def items(self) -> list[str]:
        """The ids of the items that have a record, each once, in the order of the file."""
        return list(dict.fromkeys(item for item, _ in self._records))

    def unknown_items(self, known: Container[str]) -> list[Problem]:
        """Return a problem for each record of an item that is not among the known ones."""
        return [
            Problem(
                code="unknown-item",
                where=self._where(record.line),
                what=f"the catalog has no item {item!r}",
                item=item,
            )
            for (item, _), record in self._records.items()
            if item not in known
        ]

    def other_prompts(self, prompt_id: str) -> list[Problem]:
        """Return a problem for each prompt, other than the one asked, that records answer."""
        counts = Counter(record.prompt_id for record in self._records.values())
        return [
            Problem(
                code="other-prompt",
                where=self.path.name,
                what=f"{count:,} of the records answer the prompt {other!r}, not {prompt_id!r}",
                remedy=(
                    f"To take them, ground with --prompt {other}"
                    if other in PROMPTS
                    else "To take them, write that prompt in a file: --prompt FILE.toml"
                ),
            )
            for other, count in counts.items()
            if other != prompt_id
        ]

    @property
    def traits(self) -> Traits:
        """Free, and always the same."""
        return Traits(free=True, varies=False)

    def identity(self, request: GroundingRequest) -> Identity | None:
        """Return who wrote the record, or None without a record for that item and prompt."""
        record = self._records.get((request.item, request.ordinal))
        if record is None or record.prompt_id != request.prompt.id:
            return None
        return Identity("recorded", record.model, {"record": record.digest})

    async def ground(self, request: GroundingRequest) -> LVLMAnswer:
        """Return the record."""
        record = self._records.get((request.item, request.ordinal))
        if record is None or record.prompt_id != request.prompt.id:
            raise LVLMError(
                f"{self.path.name} has no answer for photo {request.ordinal} of item "
                f"{request.item!r} and prompt {request.prompt.id!r}."
            )
        return LVLMAnswer(record.text, record.model, finish_reason="stop")

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def __repr__(self) -> str:
        return f"<RecordedLVLM {self.path.name}, {len(self._records):,} records>"

    def _read(self) -> None:
        for number, line in self._lines():
            try:
                self._add(number, line)
            except _Unusable as error:
                self._note(number, error.code, error.what, error.item)
        if not self._records:
            first = f": {self.problems[0]}" if self.problems else "."
            raise DataError(
                f"{self.path} holds no usable record{first}",
                "Each line must be a JSON object with item_id, model, prompt_id and description.",
            )

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Give the lines that are not blank, as far as the file can be read."""
        number = 0
        try:
            with (
                gzip.open(self.path) if self.path.suffix == ".gz" else self.path.open("rb") as file
            ):
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield number, line
        except (EOFError, gzip.BadGzipFile, zlib.error):
            self._note(number + 1, "truncated", "the gzip file is damaged from here on", None)
        except OSError as error:
            raise DataError(
                f"{self.path} can't be read: {error.strerror}.", "Check the path."
            ) from error

    def _add(self, number: int, line: bytes) -> None:
        fields = _object(line)
        place = _place(fields)
        if place in self._records:
            first = self._records[place].line
            raise _Unusable("duplicate-id", f"the photo has a record in line {first}", place[0])
        try:
            answer = Answer.model_validate(fields)
        except ValidationError as error:
            raise _Unusable("malformed", explain(error), place[0]) from None
        text = answer.model_dump_json()
        model, prompt_id = (_word(fields, name, place[0]) for name in ("model", "prompt_id"))
        digest = content_hash(text)[:16]
        self._records[place] = _Record(number, model, prompt_id, text, digest)

    def _note(self, number: int, code: str, what: str, item: str | None) -> None:
        remedy = "Mend the line" if code != "truncated" else "Copy the file again"
        self.problems.append(Problem(code, self._where(number), what, remedy, item))

    def _where(self, number: int) -> str:
        return f"{self.path.name}, line {number}"


class _Unusable(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, code: str, what: str, item: str | None = None) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.item = item


def _object(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _Unusable("malformed", "it is not UTF-8 text") from None
    except (ValueError, RecursionError):
        raise _Unusable("malformed", "it is not JSON") from None
    if not isinstance(fields, dict):
        raise _Unusable("malformed", "it is not a JSON object")
    return fields


def _place(fields: dict[str, Any]) -> tuple[str, int]:
    """Return item and ordinal; an id may be written as a number, where it has no leading zero."""
    item = fields.get("item_id")
    if isinstance(item, int) and not isinstance(item, bool):
        item = str(item)
    if not isinstance(item, str) or not item:
        raise _Unusable("missing-field", "it has no item_id")
    ordinal = fields.get("photo", 0)
    if not isinstance(ordinal, int) or isinstance(ordinal, bool) or ordinal < 0:
        raise _Unusable("malformed", "photo is not a whole number from 0 up", item)
    return item, ordinal


def _word(fields: dict[str, Any], name: str, item: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _Unusable("missing-field", f"it has no {name}", item)
    return value
