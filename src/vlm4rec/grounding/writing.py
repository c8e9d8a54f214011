"""The one writer of a run: many answers a commit, and none counts before its commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vlm4rec.errors import ShopBusyError
from vlm4rec.grounding.keeping import Kept
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.questions import Outcome

__all__ = ["Writer"]


class Writer:
    """Brings outcomes into the ledger, those that are ready together in one transaction.

    A commit waits for the disk. Were there one for each answer, a fast server would wait too.

    Parameters
    ----------
    ledger
        Where to.
    store
        Writes one outcome, inside the transaction, and says what became of it.
    settle
        Counts one outcome, after the commit.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: Callable[[Outcome], Kept],
        settle: Callable[[Outcome, Kept], None],
    ) -> None:
        self.ledger = ledger
        self.store = store
        self.settle = settle
        self._waiting: asyncio.Queue[tuple[Outcome, asyncio.Future[None]]] = asyncio.Queue()

    async def write(self, outcome: Outcome) -> None:
        """Return when the outcome is committed and counted."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((outcome, written))
        await written

    async def serve(self) -> None:
        """Write until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            await asyncio.sleep(0)  # lets those that are ready too join
            while not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            self._commit(batch)

    def _commit(self, batch: list[tuple[Outcome, asyncio.Future[None]]]) -> None:
        try:
            with self.ledger.transaction():
                kept = [self.store(outcome) for outcome, _ in batch]
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, ShopBusyError):
                for one in batch:  # one that can't be written must not cost the others
                    self._commit([one])
                return
            for _, written in batch:
                _fail(written, error)
            return
        for (outcome, written), became in zip(batch, kept, strict=True):
            try:
                self.settle(outcome, became)
            except Exception as error:
                _fail(written, error)
            else:
                if not written.done():
                    written.set_result(None)


def _fail(written: asyncio.Future[None], error: Exception) -> None:
    """Have an error raised where the answer came from."""
    if not written.done():
        written.set_exception(error)
