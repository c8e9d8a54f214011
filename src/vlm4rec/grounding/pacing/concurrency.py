"""How many calls at a time: as many as the server takes, found by trying."""

from __future__ import annotations

import math

from vlm4rec.errors import DataError
from vlm4rec.grounding.pacing.latencies import Latencies

__all__ = ["AdaptiveLimit"]

_CALM, _MOST_CALM = 4, 16
"""How many levels of successes go by before the level is tried again where trouble was."""

_MARGIN = 1.25
"""How far above the least sufficient level to stay when more calls bring no more answers."""

_WINDOW = 8
"""How many successes at least there are between two looks at the throughput."""


class AdaptiveLimit:
    """The number of calls that may be under way at a time: additive increase, halving on trouble.

    The level starts low and rises by one with each success, which doubles it each round, until
    the server is overloaded for the first time. Then it is halved, rises quickly to just below
    where the trouble was, and from there by one for each level of successes; before it is tried
    again where the trouble was, it stays for four, so that it is near the server's capacity most
    of the time.

    A server that queues what it can't do yet never says that it is overloaded: its answers take
    longer, and no more of them come. Where a much lower level gave as many answers a second, it
    falls back to a quarter above that one (see `Latencies`).

    It knows no time and no tasks: whoever makes the calls tells it what became of them.

    Parameters
    ----------
    start
        The level at first; ``most`` where that is less.
    most
        The highest level, from 1.

    Raises
    ------
    DataError
        If ``start`` or ``most`` is below 1.

    References
    ----------
    V. Jacobson, "Congestion Avoidance and Control", SIGCOMM 1988: slow start, and halving.

    Examples
    --------
    >>> limit = AdaptiveLimit(start=2, most=8)
    >>> calls = [limit.began(), limit.began()]
    >>> limit.has_room
    False
    >>> limit.succeeded(calls[0], seconds=1.0)
    >>> limit.level
    3
    >>> limit.overloaded(calls[1])
    True
    >>> limit.level
    1
    """

    def __init__(self, start: int = 4, most: int = 64) -> None:
        if min(start, most) < 1:
            raise DataError(
                f"{min(start, most)} calls at a time can't be made.", "Allow at least 1."
            )
        self.most = most
        self.level = min(start, most)
        self.in_flight = 0
        self._begun = 0
        self._latencies = Latencies()
        # It climbs to the goal quickly, and goes on from there step by step.
        self._goal = most
        self._trouble_at = most + 1
        self._calm = _CALM
        self._successes = 0
        # Calls that began before the last cut tell nothing of the level after it.
        self._cut_at = 0
        self._works = True

    @property
    def has_room(self) -> bool:
        """Whether one more call may begin."""
        return self.in_flight < self.level

    def began(self) -> int:
        """Count a call that begins now, and return its number, which rises from 1."""
        self.in_flight += 1
        self._begun += 1
        self._latencies.began(self._begun, self.in_flight)
        return self._begun

    def ended(self, call: int) -> None:
        """Count a call as over that says nothing about the level."""
        self._latencies.forget(call)
        self.in_flight -= 1

    def succeeded(self, call: int, seconds: float) -> None:
        """Count a call as over that was answered, after so many seconds."""
        # Where fewer calls are wanted than are allowed, a success is no reason to allow more.
        is_limiting = 4 * self.in_flight >= 3 * self.level
        self._latencies.ended(call, seconds)
        self.in_flight -= 1
        if call <= self._cut_at:
            return
        self._works = True
        if is_limiting:
            self._rise()

    def overloaded(self, call: int) -> bool:
        """Count a call as over that the server had no room for; halve the level.

        Returns
        -------
        bool
            Whether it is news: False for a call that began before the last cut.
        """
        flying = max(1, min(self.level, self.in_flight))
        self.ended(call)
        if call <= self._cut_at:
            return False
        if self._works:  # else it is the same trouble still, and was met where it was met first
            self._note_trouble(flying)
            self._goal = max(1, flying - 1)
        self._works = False
        self._cut(flying)
        return True

    def restart(self) -> None:
        """Halve the level because the server was away, and climb back as soon as it answers."""
        self._cut(self.level)

    def _cut(self, level: int) -> None:
        self.level = max(1, level // 2)
        self._goal = max(self._goal, self.level)
        self._successes = 0
        self._cut_at = self._begun

    def _note_trouble(self, level: int) -> None:
        is_still_there = abs(level - self._trouble_at) <= max(1, level // 8)
        self._calm = min(_MOST_CALM, 2 * self._calm) if is_still_there else _CALM
        self._trouble_at = level

    def _rise(self) -> None:
        self._successes += 1
        climbs = self.level < self._goal
        if climbs:
            self.level += 1
        if self._successes < self._needed(climbs=climbs):
            return
        self._successes = 0
        if (enough := self._latencies.enough(self._begun, self.level)) is not None:
            self._settle(enough)
        elif not climbs:
            self.level = self._goal = min(self.most, self.level + 1)

    def _needed(self, *, climbs: bool) -> int:
        if climbs:
            return max(_WINDOW, self.level)
        return self.level * (self._calm if self.level == self._trouble_at - 1 else 1)

    def _settle(self, enough: float) -> None:
        """Stay where more calls began to bring no more answers."""
        # Within the octave of that level, whose figures thus stay fresh.
        highest = 2 ** int(enough).bit_length() - 1
        self.level = self._goal = min(self.level, highest, math.ceil(_MARGIN * enough))
        self._note_trouble(self.level + 1)
