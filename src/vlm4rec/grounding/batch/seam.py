"""The seam to batch APIs: hand over many requests in a file, come back for the answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.lvlm import LVLM, GroundingRequest, LVLMAnswer, Parameter

__all__ = ["BatchFile", "BatchLVLM", "BatchLimits", "BatchState", "Phase", "Result", "Sought"]

Phase = Literal["waiting", "ended", "failed", "cancelled", "expired", "unknown"]
"""Where a batch is: the provider works on it; it is through; it was refused as a whole; it was
cancelled, or ran out of time, so that some requests have no answer; the provider has no such."""


Result = tuple[str, LVLMAnswer | LVLMError]
"""The key of a request, and its answer or why there is none."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much one batch may hold.

    Parameters
    ----------
    requests
        Requests, at most.
    bytes
        Size of the file with all of them, in bytes, at most.
    """

    requests: int
    bytes: int

    def within(self, other: BatchLimits) -> BatchLimits:
        """Return the narrower of the two in each respect.

        >>> BatchLimits(10, 500).within(BatchLimits(50, 200))
        BatchLimits(requests=10, bytes=200)
        """
        return BatchLimits(min(self.requests, other.requests), min(self.bytes, other.bytes))


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A batch as it is handed over: a file with one request a line.

    Parameters
    ----------
    path
        The file, gone when it has been submitted.
    keys
        The key of each line, in their order.
    size
        Its size in bytes.
    """

    path: Path
    keys: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class BatchState:
    """What a provider says of a batch.

    Parameters
    ----------
    phase
        Where it is.
    done, failed, total
        How many of its requests were answered, failed, and there are. A provider may tell
        the first two only at the end.
    message, remedy
        What is wrong with it, if it failed, and what to do about it.
    crowded
        Whether it failed only because too much of the account's is waiting already.
    """

    phase: Phase
    done: int = 0
    failed: int = 0
    total: int = 0
    message: str = ""
    remedy: str = ""
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """A batch of which it is not known whether it arrived.

    Parameters
    ----------
    batch_id
        Our own id of it.
    since
        When it was about to be submitted, by this machine's clock.
    keys
        The keys of its requests.
    taken
        What the provider calls those of our batches that are known to have arrived.
    """

    batch_id: str
    since: datetime
    keys: frozenset[str]
    taken: frozenset[str]


class BatchLVLM(LVLM, Protocol):
    """An LVLM that takes many requests at once and answers them later.

    A result is matched to its request by the ledger key, which each line carries.
    """

    @property
    def provider(self) -> str:
        """The provider's name, as in the identity of its answers."""
        ...

    @property
    def model(self) -> str:
        """The model's name, as the provider knows it."""
        ...

    @property
    def limits(self) -> BatchLimits:
        """How much one batch may hold."""
        ...

    def line(self, key: str, request: GroundingRequest) -> bytes:
        """Return a request as a line of a batch file, without its end.

        It opens the photo, takes its time, and is called in a thread.

        Raises
        ------
        PhotoError
            If the photo can't be opened.
        """
        ...

    def varied(self, request: GroundingRequest) -> Mapping[str, Parameter]:
        """Return what is other than usual in the line of a request that is asked again."""
        ...

    async def submit(self, batch_id: str, file: BatchFile) -> str:
        """Hand a batch over; return what the provider calls it.

        Raises
        ------
        LVLMError
            If it was not taken; ``charged`` tells that it may have been all the same.
        """
        ...

    async def find(self, sought: Sought) -> str | None:
        """Return what the provider calls a batch of ours, None if it never arrived.

        Where a provider keeps no names for its customers, it may be a guess: then the results
        tell.
        """
        ...

    async def state(self, remote: str) -> BatchState:
        """Ask how far a batch is."""
        ...

    def collect(self, remote: str) -> AsyncGenerator[Result, None]:
        """Give key and answer, or error, of each request of a batch that is over, in any order.

        Raises
        ------
        LVLMError
            If the results can't be read to their end.
        """
        ...

    async def cancel(self, remote: str) -> None:
        """Ask the provider to stop; what was answered by then is paid for and can be collected."""
        ...
