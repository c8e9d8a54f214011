"""Splitting CSV into records that know their lines, so that a stray quote costs one line only."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from vlm4rec.catalog.rows import row_name
from vlm4rec.catalog.tally import ProblemTally
from vlm4rec.problems import Problem, counted

__all__ = ["CsvRecords"]

_CHUNK = 50_000
_MOST_LINES = 1_000
_FEW_LINES = 20
_PATIENCE = 100_000
_UNCLOSED = "opens a quote that is not closed as it should be"
_REMEDY = "Check the quotes and separators of this row"


class CsvRecords:
    """The records of a CSV file, each with the number of its first line.

    A quote that opens by mistake takes the lines after it into its field. So of a record that
    does not fit only the first line is given up, and becomes a problem; the lines after it are
    split again. A record that fits may span lines, unless those are clearly rows themselves.

    Parameters
    ----------
    text
        The lines.
    separator
        What stands between fields.
    path
        The file, for the problems.
    tally
        Takes the problems.
    """

    def __init__(
        self, text: Iterator[str], separator: str, path: Path, tally: ProblemTally
    ) -> None:
        self._lines = _Lines(text)
        self._separator = separator
        self._reader = csv.reader(self._lines, delimiter=separator, strict=True)
        self._path = path
        self._tally = tally

    @property
    def lines_done(self) -> int:
        """How many lines are split so far."""
        return self._lines.number - 1

    def first(self) -> list[str]:
        """Return the first record that is not blank, or nothing where none can be split."""
        try:
            for record in self._reader:
                self._lines.go_on(len(self._lines.record))
                if record:
                    return record
        except csv.Error:
            pass
        return []

    def chunks(self, width: int) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Give line numbers and records of so many fields, many at a time."""
        while ahead := self._lines.take(_CHUNK):
            start = self._lines.number
            records = self._one_a_line(ahead, width)
            if records is None:
                self._lines.put_back(ahead)
                yield self._one_by_one(width)
            else:
                self._lines.number += len(ahead)
                yield range(start, start + len(ahead)), records

    def _one_a_line(self, lines: list[str], width: int) -> list[list[str]] | None:
        """Split lines at once if each is a record that fits, as nearly always."""
        try:
            records = list(csv.reader(lines, delimiter=self._separator, strict=True))
        except csv.Error:
            return None
        fits = len(records) == len(lines) and all(len(record) == width for record in records)
        return records if fits else None

    def _one_by_one(self, width: int) -> tuple[list[int], list[list[str]]]:
        lines = self._lines
        end = lines.number + _CHUNK
        numbers: list[int] = []
        records: list[list[str]] = []
        while lines.number < end:
            try:
                record = next(self._reader, None)
            except csv.Error as error:
                self._give_up_line(_unsplit(error, len(lines.record)))
                continue
            if record is None:
                break
            if len(record) == width and self._holds_rows(width):
                self._give_up_line(_UNCLOSED)
            elif len(record) == width:
                numbers.append(lines.number)
                records.append(record)
                lines.go_on(len(lines.record))
            elif record:
                self._give_up_line(_misfit(len(record), width, len(lines.record)))
            else:
                lines.go_on(1)
        return numbers, records

    def _holds_rows(self, width: int) -> bool:
        """Tell whether the lines of a record but the first are rows, joined by two stray quotes.

        Prose of several lines hardly has in each of them the separators of a row, and before
        the first of them a single word, as ids are.
        """
        rest = self._lines.record[1:]
        if len(rest) < max(2, 5 - width) or width == 1:
            return False
        rows = self._one_a_line(rest, width)
        return rows is not None and all(len(row[0].split()) == 1 for row in rows)

    def _give_up_line(self, what: str) -> None:
        where = row_name(self._path, self._lines.number)
        self._tally.add(Problem("bad-row", where, what, _REMEDY))
        self._lines.go_on(1)


class _Lines(Iterator[str]):
    """The lines of a file; those that a record took by mistake can come again.

    A record may span many lines, but fewer while much of the file had to come again, so that no
    file takes the square of its length.
    """

    def __init__(self, text: Iterator[str]) -> None:
        self.number = 1  # of the first line of the record at hand
        self._text = text
        self._waiting: deque[str] = deque()
        self.record: list[str] = []  # the lines that it has taken so far
        self._came_again = 0
        self._most = _MOST_LINES

    def __next__(self) -> str:
        if len(self.record) >= self._most:
            raise csv.Error(f"more than {self._most:,} lines")
        line = self._waiting.popleft() if self._waiting else next(self._text)
        self.record.append(line)
        return line

    def go_on(self, count: int) -> None:
        """Leave so many lines of the record at hand behind; its other lines come again."""
        self.number += count
        if again := self.record[count:]:
            self.put_back(again)
            self._came_again += len(again)
            patience = _PATIENCE + 4 * self.number
            self._most = _MOST_LINES if self._came_again < patience else _FEW_LINES
        self.record.clear()

    def take(self, count: int) -> list[str]:
        """Take lines between two records, as many as there are up to a count."""
        waiting = min(count, len(self._waiting))
        lines = [self._waiting.popleft() for _ in range(waiting)]
        lines.extend(itertools.islice(self._text, count - waiting))
        return lines

    def put_back(self, lines: Sequence[str]) -> None:
        """Let lines come again before those that wait."""
        self._waiting.extendleft(reversed(lines))


def _unsplit(error: csv.Error, span: int) -> str:
    if span > 1:
        return _UNCLOSED
    return f"can't be split into fields ({error})"


def _misfit(fields: int, width: int, span: int) -> str:
    over = f", over {span:,} lines" if span > 1 else ""
    return f"has {counted(fields, 'field')} where the header has {width}{over}"
