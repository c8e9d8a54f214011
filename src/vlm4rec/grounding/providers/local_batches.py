"""Questions that come at the same time, answered together on a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Generic, TypeVar

from vlm4rec.errors import LVLMError

__all__ = ["Batches", "Waiting", "Work"]

Q = TypeVar("Q")
A = TypeVar("A")

_SHORTEST, _LONGEST = 0.003, 0.25
"""Seconds that a batch which is not full waits for more questions, at least and at most."""

_SHARE = 0.05
"""The same as a share of what the last batch took: a long answer is worth a longer wait."""


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Q]):
    """A question, and whether no one waits for its answer any more."""

    question: Q
    given_up: Callable[[], bool]


Work = Callable[[Sequence[Waiting[Q]]], Sequence[A | Exception]]
"""Answers questions, each with an answer or with the exception that is to be raised for it."""


class Batches(Generic[Q, A]):
    """Gathers questions into batches and has one thread answer them.

    The thread starts with the first question and ends with `close`. It makes what answers
    (which may take long, as loading a model does) and holds it, so that the end of the thread
    gives the memory back. The event loop never waits for it. If the making fails, every
    question meets that error.

    Parameters
    ----------
    make
        Makes what answers; called on the thread, once.
    most
        How many questions at most are answered together.

    Examples
    --------
    >>> async def three() -> list[int]:
    ...     batches = Batches(lambda: lambda waiting: [2 * each.question for each in waiting], 8)
    ...     try:
    ...         return await asyncio.gather(*(batches.ask(number) for number in (1, 2, 3)))
    ...     finally:
    ...         await batches.close()
    >>> asyncio.run(three())
    [2, 4, 6]
    """

    def __init__(self, make: Callable[[], Work[Q, A]], most: int) -> None:
        self._make = make
        self._most = most
        self._lock = threading.Lock()
        self._worker: _Worker[Q, A] | None = None

    async def ask(self, question: Q) -> A:
        """Return the answer to a question, or raise what came instead of it."""
        future: Future[A] = Future()
        with self._lock:
            if self._worker is None:
                self._worker = _Worker(self._make, self._most)
                self._worker.start()
            self._worker.queue.put((question, future))
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """End the thread; whoever still waits gets an `LVLMError`."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.closing.set()
            worker.queue.put(None)
            await asyncio.to_thread(worker.join)


class _Worker(threading.Thread, Generic[Q, A]):
    def __init__(self, make: Callable[[], Work[Q, A]], most: int) -> None:
        # A daemon, so that a program that forgets to close it ends nevertheless.
        super().__init__(name="vlm4rec-local-model", daemon=True)
        self.queue: queue.SimpleQueue[tuple[Q, Future[A]] | None] = queue.SimpleQueue()
        self.closing = threading.Event()
        self._make = make
        self._most = most
        self._linger = _SHORTEST

    def run(self) -> None:
        work = self._made()
        while not self.closing.is_set():
            self._answer(work)
        self._turn_away()

    def _made(self) -> Work[Q, A]:
        try:
            return self._make()
        except Exception as error:
            failure = error
        return lambda waiting: [failure] * len(waiting)

    def _answer(self, work: Work[Q, A]) -> None:
        batch = self._gathered()
        if not batch:
            return
        began = time.monotonic()
        answers = self._answers(work, batch)
        self._linger = min(_LONGEST, max(_SHORTEST, _SHARE * (time.monotonic() - began)))
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)

    def _answers(
        self, work: Work[Q, A], batch: list[tuple[Q, Future[A]]]
    ) -> Sequence[A | Exception]:
        try:
            return work([Waiting(question, self._giving_up(future)) for question, future in batch])
        except Exception as error:
            return [error] * len(batch)

    def _giving_up(self, future: Future[A]) -> Callable[[], bool]:
        return lambda: future.cancelled() or self.closing.is_set()

    def _gathered(self) -> list[tuple[Q, Future[A]]]:
        """Wait for a question, and a little for more of them; leave out those given up."""
        batch = [self.queue.get()]
        until = time.monotonic() + self._linger
        while len(batch) < self._most and batch[-1] is not None:
            try:
                batch.append(self.queue.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return [each for each in batch if each is not None and not each[1].cancelled()]

    def _turn_away(self) -> None:
        while True:
            try:
                left = self.queue.get_nowait()
            except queue.Empty:
                return
            if left is not None:
                closed = LVLMError("The local model was closed before it answered.")
                _settle(left[1], closed)


def _settle(future: Future[A], answer: A | Exception) -> None:
    with contextlib.suppress(InvalidStateError):  # it was given up just now
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
