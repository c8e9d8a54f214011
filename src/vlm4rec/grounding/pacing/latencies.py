"""Whether more calls at a time bring more answers: how long they take, by how many there are."""

from __future__ import annotations

import math

__all__ = ["Latencies"]

_GAIN = 1.05
_SURE = 4.0
_LEAST = 6
_RECENT = 500


class _Octave:
    """The calls that began when from 2**k to 2**(k+1) - 1 were under way: running figures."""

    __slots__ = ("count", "in_flight", "last", "log_seconds", "variance")

    def __init__(self) -> None:
        self.count = 0
        self.in_flight = 0.0
        self.log_seconds = 0.0
        self.variance = 0.0
        self.last = 0

    def add(self, call: int, in_flight: int, seconds: float) -> None:
        """Take a call into the means, in which the last 64 calls count most."""
        self.count += 1
        self.last = call
        share = 1 / min(self.count, 64)
        self.in_flight += share * (in_flight - self.in_flight)
        difference = math.log(max(seconds, 1e-6)) - self.log_seconds
        self.log_seconds += share * difference
        self.variance = (1 - share) * (self.variance + share * difference * difference)

    @property
    def squared_error(self) -> float:
        return self.variance / (min(self.count, 64) - 1)


class Latencies:
    """How long calls take, by how many were under way when they began.

    By Little's law, throughput is the number of calls under way over the mean time of one. The
    highest octave of concurrency is compared with those below, where there were six calls or more
    of late. A lower one is taken to give as much where the highest gives less than 5 % more, and
    its calls take longer beyond doubt: the means of the logarithms of their times are four
    standard errors apart (Welch's test), for the times of single calls differ widely.

    References
    ----------
    J. D. C. Little, "A Proof for the Queuing Formula L = λW", Operations Research 9(3), 1961.

    Examples
    --------
    A server that works on four calls at a time, a second each, and lets the others wait:

    >>> latencies = Latencies()
    >>> for call in range(1, 101):
    ...     in_flight = 5 if call <= 50 else 10
    ...     latencies.began(call, in_flight)
    ...     latencies.ended(call, seconds=in_flight / 4)
    >>> latencies.enough(100, 10)
    5.0
    """

    def __init__(self) -> None:
        self._octaves: dict[int, _Octave] = {}
        self._under_way: dict[int, int] = {}

    def began(self, call: int, in_flight: int) -> None:
        """Note a call that begins, with how many are under way, itself included."""
        self._under_way[call] = in_flight

    def forget(self, call: int) -> None:
        """Drop a call that was not answered."""
        self._under_way.pop(call, None)

    def ended(self, call: int, seconds: float) -> None:
        """Note that a call was answered after so many seconds."""
        in_flight = self._under_way.pop(call, 0)
        if not in_flight:
            return
        octave = self._octaves.get(in_flight.bit_length())
        if octave is None:
            octave = self._octaves[in_flight.bit_length()] = _Octave()
        octave.add(call, in_flight, seconds)

    def enough(self, call: int, level: int) -> float | None:
        """Return how many calls at a time give as much as the level does; None if fewer give less.

        Parameters
        ----------
        call
            The number of the last call: what is over 500 calls old counts no more.
        level
            The level now; what was seen above it doesn't matter.
        """
        seen = [
            octave
            for key, octave in sorted(self._octaves.items())
            if octave.count >= _LEAST and octave.last > call - _RECENT and key <= level.bit_length()
        ]
        return next((low.in_flight for low in seen[:-1] if _as_much(low, seen[-1])), None)


def _as_much(low: _Octave, high: _Octave) -> bool:
    slower = high.log_seconds - low.log_seconds
    gain = high.in_flight / low.in_flight / math.exp(slower)
    is_sure = slower * slower > _SURE * _SURE * (high.squared_error + low.squared_error)
    return gain < _GAIN and is_sure and slower > 0
