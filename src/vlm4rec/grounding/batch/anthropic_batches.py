"""Anthropic's message batches, through Anthropic's own client."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.batch.failures import failed_request
from vlm4rec.grounding.batch.seam import BatchFile, BatchLimits, BatchState, Phase, Result, Sought
from vlm4rec.grounding.batch.served_batches import SLACK, UPLOAD, ServedBatches, key_in

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types.messages import MessageBatch

__all__ = ["AnthropicBatches"]

_LIMITS = BatchLimits(100_000, 240_000_000)
"""Anthropic's are 100,000 requests and 256 MB."""

_OPENING, _CLOSING = b'{"requests":[', b"]}"

_PASSING = ("rate_limit_error", "timeout_error", "api_error", "overloaded_error")
"""What may go well the next time."""


class AnthropicBatches(ServedBatches):
    """The message batches of Anthropic, for an LVLM of that provider.

    It asks for what the LVLM would ask for, at half the price. A batch carries no name of its
    customer's; it is found again by how many requests it holds, and, when it is over, by them.

    Parameters
    ----------
    lvlm
        Whom to ask, and how.
    """

    @property
    def limits(self) -> BatchLimits:
        """Anthropic's limits, with some room to spare."""
        return _LIMITS

    async def submit(self, batch_id: str, file: BatchFile) -> str:
        """Send the file as one request."""
        return await self._call(lambda client: _create(client, file), creating=True)

    async def find(self, sought: Sought) -> str | None:
        """Look for a batch of the same size; if it is over, of the same requests."""
        candidates = await self._call(lambda client: _candidates(client, sought))
        for batch in candidates:
            if batch.processing_status != "ended" or await self._holds(batch.id, sought.keys):
                return batch.id
        return None

    async def state(self, remote: str) -> BatchState:
        """Ask how far a batch is."""
        return _state(await self._call(lambda client: _retrieve(client, remote)))

    async def cancel(self, remote: str) -> None:
        """Ask Anthropic to stop."""
        await self._call(lambda client: client.messages.batches.cancel(remote))

    def _line(self, key: str, body: dict[str, object]) -> dict[str, object]:
        return {"custom_id": key, "params": body}

    def _lines(self, remote: str) -> AsyncGenerator[bytes, None]:
        return self._streamed(
            lambda client: client.messages.batches.with_streaming_response.results(remote)
        )

    async def _holds(self, remote: str, keys: frozenset[str]) -> bool:
        """Tell whether the first result of a batch is of one of the requests."""
        async with aclosing(self._lines(remote)) as lines:
            async for line in lines:
                return key_in(json.loads(line)) in keys
        return False

    def _result(self, fields: Any) -> Result:
        key, result = key_in(fields), fields["result"]
        if result["type"] == "succeeded":
            return key, self._answer(result["message"])
        return key, _failed(result["type"], result.get("error") or {})


async def _create(client: AsyncAnthropic, file: BatchFile) -> str:
    """Post the file piece by piece: the client's own method would hold all photos at once."""
    from anthropic.types.messages import MessageBatch

    # Each line ends with a newline; all but the last give theirs for a comma.
    size = len(_OPENING) + file.size - 1 + len(_CLOSING)
    headers = {"Content-Type": "application/json", "Content-Length": str(size)}
    batch = await client.post(
        "/v1/messages/batches",
        content=_body(file),
        cast_to=MessageBatch,
        options={"headers": headers, "timeout": UPLOAD},
    )
    return batch.id


async def _body(file: BatchFile) -> AsyncIterator[bytes]:
    yield _OPENING
    with file.path.open("rb") as lines:
        for number, line in enumerate(lines):
            yield (b"," if number else b"") + line.removesuffix(b"\n")
    yield _CLOSING


async def _candidates(client: AsyncAnthropic, sought: Sought) -> list[MessageBatch]:
    """Return the batches that may be the one sought, the newest first."""
    found: list[MessageBatch] = []
    async for batch in client.messages.batches.list(limit=100):
        if batch.created_at < sought.since - SLACK:
            break
        if batch.id not in sought.taken and _total(batch) == len(sought.keys):
            found.append(batch)
    return found


async def _retrieve(client: AsyncAnthropic, remote: str) -> MessageBatch | None:
    import anthropic

    try:
        return await client.messages.batches.retrieve(remote)
    except anthropic.NotFoundError:
        return None


def _state(batch: MessageBatch | None) -> BatchState:
    if batch is None:
        return BatchState("unknown")
    counts = batch.request_counts
    failed = counts.errored + counts.expired + counts.canceled
    return BatchState(_phase(batch), counts.succeeded, failed, _total(batch))


def _phase(batch: MessageBatch) -> Phase:
    if batch.archived_at is not None:  # the results are gone
        return "unknown"
    return "ended" if batch.processing_status == "ended" else "waiting"


def _total(batch: MessageBatch) -> int:
    counts = batch.request_counts
    ended = counts.succeeded + counts.errored + counts.expired + counts.canceled
    return ended + counts.processing


def _failed(kind: str, error: Any) -> LVLMError:
    if kind == "expired":
        return failed_request("the provider had no time for it", retryable=True)
    if kind == "canceled":
        return failed_request("the batch was cancelled", retryable=False)
    inner = error.get("error") or {}
    return failed_request(inner.get("message"), retryable=inner.get("type") in _PASSING)
