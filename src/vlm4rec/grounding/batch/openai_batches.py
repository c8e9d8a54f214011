"""OpenAI's batch API, through OpenAI's own client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal

from vlm4rec.errors import LVLMError
from vlm4rec.grounding.batch.failures import failed_request, short
from vlm4rec.grounding.batch.seam import BatchFile, BatchLimits, BatchState, Phase, Result, Sought
from vlm4rec.grounding.batch.served_batches import SLACK, UPLOAD, ServedBatches, key_in
from vlm4rec.grounding.lvlm import LVLMAnswer

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

__all__ = ["OpenAIBatches"]

_ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
_MARK = "vlm4rec"
"""The name under which a batch carries our id of it."""

_LIMITS = BatchLimits(50_000, 190_000_000)
"""OpenAI's are 50,000 requests and 200 MB."""

_PHASES: dict[str, Phase] = {
    "failed": "failed",
    "completed": "ended",
    "expired": "expired",
    "cancelled": "cancelled",
}
_CROWDED = "token_limit_exceeded"
_REMEDIES = {
    _CROWDED: "Run the same command again when other batches of the account have ended.",
    "billing_hard_limit_reached": "Raise the limit on the account's spending.",
    "model_not_found": "Check the model's name.",
}


class OpenAIBatches(ServedBatches):
    """The batch API of OpenAI, or of a server that speaks it, for an LVLM of that provider.

    It asks for what the LVLM would ask for, at half the price. A batch carries our id of it in
    its metadata, by which it is found again.

    Parameters
    ----------
    lvlm
        Whom to ask, and how.
    """

    @property
    def limits(self) -> BatchLimits:
        """OpenAI's limits, with some room to spare."""
        return _LIMITS

    async def submit(self, batch_id: str, file: BatchFile) -> str:
        """Upload the file, and have it worked on."""
        uploaded = await self._call(lambda client: _upload(client, file))
        return await self._call(lambda client: _create(client, uploaded, batch_id), creating=True)

    async def find(self, sought: Sought) -> str | None:
        """Look for a batch with our id among the account's."""
        return await self._call(lambda client: _find(client, sought))

    async def state(self, remote: str) -> BatchState:
        """Ask how far a batch is."""
        return _state(await self._call(lambda client: _retrieve(client, remote)))

    async def cancel(self, remote: str) -> None:
        """Ask OpenAI to stop."""
        await self._call(lambda client: client.batches.cancel(remote))

    def _line(self, key: str, body: dict[str, object]) -> dict[str, object]:
        return {"custom_id": key, "method": "POST", "url": _ENDPOINT, "body": body}

    async def _lines(self, remote: str) -> AsyncGenerator[bytes, None]:
        """Read the file of answers, and that of errors."""
        batch = await self._call(lambda client: _retrieve(client, remote))
        for file_id in (batch.output_file_id, batch.error_file_id) if batch else ():
            if file_id:
                async with aclosing(self._file(file_id)) as lines:
                    async for line in lines:
                        yield line

    def _file(self, file_id: str) -> AsyncGenerator[bytes, None]:
        return self._streamed(lambda client: client.files.with_streaming_response.content(file_id))

    def _result(self, fields: Any) -> Result:
        return key_in(fields), self._read(fields.get("response"), fields.get("error"))

    def _read(self, response: Any, error: Any) -> LVLMAnswer | LVLMError:
        if error:
            gone = error.get("code") == "batch_cancelled"
            return failed_request(error.get("message"), retryable=not gone)
        status, body = response["status_code"], response["body"]
        if status == 200:
            return self._answer(body)
        said = body.get("error") if isinstance(body, dict) else None
        message = said.get("message") if isinstance(said, dict) else None
        passing = status in (408, 409, 429) or status >= 500
        return failed_request(message or f"status {status}", retryable=passing)


async def _upload(client: AsyncOpenAI, file: BatchFile) -> str:
    with file.path.open("rb") as content:  # as an open file it is sent piece by piece
        sent = ("vlm4rec.jsonl", content, "application/jsonl")
        return (await client.files.create(file=sent, purpose="batch", timeout=UPLOAD)).id


async def _create(client: AsyncOpenAI, file_id: str, batch_id: str) -> str:
    batch = await client.batches.create(
        input_file_id=file_id,
        endpoint=_ENDPOINT,
        completion_window="24h",
        metadata={_MARK: batch_id},
    )
    return batch.id


async def _find(client: AsyncOpenAI, sought: Sought) -> str | None:
    """Go through the account's batches, the newest first, as far back as ours can be."""
    oldest = (sought.since - SLACK).timestamp()
    async for batch in client.batches.list(limit=100):
        if batch.created_at < oldest:
            break
        if (batch.metadata or {}).get(_MARK) == sought.batch_id:
            return batch.id
    return None


async def _retrieve(client: AsyncOpenAI, remote: str) -> Batch | None:
    import openai

    try:
        return await client.batches.retrieve(remote)
    except openai.NotFoundError:
        return None


def _state(batch: Batch | None) -> BatchState:
    if batch is None:
        return BatchState("unknown")
    counts = batch.request_counts
    done, failed, total = (counts.completed, counts.failed, counts.total) if counts else (0, 0, 0)
    phase = _PHASES.get(batch.status, "waiting")
    if phase != "failed":
        return BatchState(phase, done, failed, total)
    errors = (batch.errors.data if batch.errors else None) or []
    said = [_said(error.message, error.line) for error in errors[:3]]
    codes = [error.code or "" for error in errors]
    remedy = next((_REMEDIES[code] for code in codes if code in _REMEDIES), "")
    message = "; ".join(filter(None, said)) or "OpenAI does not say why"
    crowded = bool(codes) and set(codes) == {_CROWDED}
    return BatchState(phase, done, failed, total, f"{message}.", remedy, crowded)


def _said(message: str | None, line: int | None) -> str:
    said = short(message)
    return f"line {line}: {said}" if line is not None else said
