"""Writing a batch file: as many photos as the provider takes, few of them in memory."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from vlm4rec.errors import GroundingError, PhotoError
from vlm4rec.grounding.batch.jobs import Pending
from vlm4rec.grounding.batch.seam import BatchFile, BatchLimits, BatchLVLM
from vlm4rec.grounding.questions import Question

__all__ = ["Packed", "pack", "scratch"]

_AHEAD = 2 * (os.cpu_count() or 1)
"""Photos that are prepared at a time."""

Reserve = Callable[[Question], Pending | None]
"""Sets aside what a request may cost; None if the budget has no room for it."""


@dataclass(slots=True)
class Packed:
    """What was packed.

    Parameters
    ----------
    size
        Bytes.
    requests
        What is in the file, in the order of its lines.
    refused
        What can't be sent, and why.
    poor
        Whether the budget had no room for the next one.
    """

    size: int = 0
    requests: list[Pending] = field(default_factory=list)
    refused: list[tuple[Pending, PhotoError]] = field(default_factory=list)
    poor: bool = False

    def file(self, path: Path) -> BatchFile:
        """Return the file that they are in."""
        return BatchFile(path, tuple(one.key for one in self.requests), self.size)


@dataclass(frozen=True, slots=True)
class _Prepared:
    question: Question
    pending: Pending
    line: asyncio.Task[bytes]


async def pack(
    path: Path,
    line: deque[Question],
    lvlm: BatchLVLM,
    limits: BatchLimits,
    reserve: Reserve,
    release: Callable[[Pending], None],
    stop: asyncio.Event,
) -> Packed:
    """Write requests into a file until it is full, taking them from the front of the line.

    Parameters
    ----------
    path
        The file to write.
    line
        The requests; those that have no place any more stay in it, in their order.
    lvlm
        Who makes a line of each.
    limits
        How much the file may hold.
    reserve, release
        Set aside what a request may cost, and give it back.
    stop
        When it is set, no more are taken.

    Raises
    ------
    GroundingError
        If the file can't be written.
    """
    packing = _Packing(line, lvlm, limits, reserve, release, stop)
    try:
        with path.open("wb") as file:
            await packing.fill(file)
    except OSError as error:
        raise GroundingError(
            f"The file for the batch can't be written to {path.parent}: {error.strerror}.",
            "Free some space there, or set TMPDIR to a folder that has it.",
        ) from error
    return packing.packed


class _Packing:
    def __init__(
        self,
        line: deque[Question],
        lvlm: BatchLVLM,
        limits: BatchLimits,
        reserve: Reserve,
        release: Callable[[Pending], None],
        stop: asyncio.Event,
    ) -> None:
        self.line = line
        self.lvlm = lvlm
        self.limits = limits
        self.reserve = reserve
        self.release = release
        self.stop = stop
        self.packed = Packed()
        self.ahead: deque[_Prepared] = deque()

    async def fill(self, file: BinaryIO) -> None:
        try:
            self._look_ahead()
            while self.ahead and await self._add(file, self.ahead[0]):
                self.ahead.popleft()
                self._look_ahead()
        finally:
            await self._put_back()

    def _look_ahead(self) -> None:
        """Have the next photos prepared, as long as there is a chance that they fit."""
        while self.line and len(self.ahead) < _AHEAD and not self._enough():
            pending = self.reserve(self.line[0])
            if pending is None:
                self.packed.poor = True
                break
            question = self.line.popleft()
            made = asyncio.to_thread(self.lvlm.line, question.key, question.request)
            self.ahead.append(_Prepared(question, pending, asyncio.ensure_future(made)))

    def _enough(self) -> bool:
        taken = len(self.packed.requests) + len(self.ahead)
        return self.stop.is_set() or self.packed.poor or taken >= self.limits.requests

    async def _add(self, file: BinaryIO, next_: _Prepared) -> bool:
        """Write one line; False if it has no place in this file."""
        try:
            line = await next_.line
            if len(line) >= self.limits.bytes:
                raise _too_large(next_.question, len(line))
        except PhotoError as error:
            self.packed.refused.append((next_.pending, error))
            return True
        if self.packed.size + len(line) + 1 > self.limits.bytes:
            return False
        file.write(line + b"\n")
        self.packed.size += len(line) + 1
        self.packed.requests.append(next_.pending)
        return True

    async def _put_back(self) -> None:
        """Return to the line what was prepared in vain."""
        await asyncio.gather(*(one.line for one in self.ahead), return_exceptions=True)
        while self.ahead:
            last = self.ahead.pop()
            self.line.appendleft(last.question)
            self.release(last.pending)


def _too_large(question: Question, size: int) -> PhotoError:
    return PhotoError(
        f"{question.request.photo} makes a request of {size:,} bytes, more than a batch may hold.",
        "Send it smaller: --max-side 512.",
        code="too-large",
    )


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for a batch file, gone after use.

    Raises
    ------
    GroundingError
        If there is no place for one.
    """
    try:
        return tempfile.TemporaryDirectory(prefix="vlm4rec-")
    except OSError as error:
        raise GroundingError(
            f"There is no place for the file of a batch: {error.strerror}.",
            "Set TMPDIR to a folder that can be written to.",
        ) from error
