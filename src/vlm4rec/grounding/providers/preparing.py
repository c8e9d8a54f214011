"""Preparing photos beside the calls: at once where that takes no time, else in threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.providers.photo_payload import checked_jpeg, ready_jpeg

__all__ = ["Preparer"]

_SLOW = 0.001
"""Seconds; where reading a file takes longer, other calls would have to wait for the disk."""

_SHARE = 1 / 16
"""Of the last reading in the average."""

_REST = 256
"""Photos after which a disk that was slow is tried again."""

_SUFFIXES = (".jpg", ".jpeg")


class Preparer:
    """Makes photos ready to be sent.

    To hand a small photo to a thread and back takes longer than to read it. So one that will
    hardly need any work, by its size in the catalog and its name, is read at once; where that
    turns out slow, as on a network's disk, threads do it for a while. All that must be decoded
    is for threads: as many as Python's own pool has, so that few are decoded at the same time.

    Parameters
    ----------
    max_side
        The longest side of a photo as sent, in pixels.
    clock
        Gives seconds.
    """

    def __init__(self, max_side: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.max_side = max_side
        self._clock = clock
        self._seconds = 0.0
        self._resting = 0

    async def jpeg(self, request: GroundingRequest) -> bytes:
        """Return the photo as `vlm4rec.grounding.providers.photo_payload.checked_jpeg` does.

        Raises
        ------
        PhotoError
            If it can't be opened, or is not the one that is meant.
        """
        wanted = request.photo, self.max_side, request.photo_sha256
        if self._is_quick(request):
            started = self._clock()
            ready = ready_jpeg(*wanted)
            self._note(self._clock() - started)
            if ready is not None:
                return ready
        return await asyncio.to_thread(checked_jpeg, *wanted)

    def _is_quick(self, request: GroundingRequest) -> bool:
        if not 0 < max(request.size) <= self.max_side:
            return False
        if not request.photo.lower().endswith(_SUFFIXES):
            return False
        if self._resting:
            self._resting -= 1
            return False
        return True

    def _note(self, seconds: float) -> None:
        # One that took very long is no sign: perhaps the process had to wait for its turn.
        self._seconds += _SHARE * (min(seconds, 8 * _SLOW) - self._seconds)
        if self._seconds > _SLOW:
            self._seconds = 0.0
            self._resting = _REST
