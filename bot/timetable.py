"""When ticks fall: grids of equal slots, laid so that those of slow workers stay apart.

Two grids of intervals A and B meet again and again at the same distances, namely all those that
are equal modulo gcd(A, B). So how far apart their ticks stay, for as long as both run, is decided
by where the first slots are: the "offset assignment" of real-time scheduling.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_CANDIDATES = 64
# Grids that meet as often as this can't be kept far apart: they give way to those that can.
_FINE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots at `first` and every `interval` after it; Trio's clock, in seconds."""

    first: float
    interval: float

    def next_after(self, now: float) -> float:
        """Return the first slot that is later than `now`; the grid itself never moves."""
        if now < self.first:
            return self.first
        return self.first + self.interval * (math.floor((now - self.first) / self.interval) + 1)


def spread(intervals: Sequence[float]) -> list[float]:
    """Return the offset of the first slot of each interval, 0 < offset <= interval, in seconds.

    Greedy, the longest intervals first: each takes the earliest place that is farthest from those
    that have one. Deterministic, so that a restart doesn't change who meets whom.
    """
    offsets = [0.0] * len(intervals)
    placed: list[int] = []

    def nearness(place: float, interval: float) -> tuple[list[float], list[float]]:
        """Return how near `place` comes to those that are placed, what counts most first."""
        coarse: list[float] = []
        fine: list[float] = []
        for other in placed:
            common = _common(interval, intervals[other])
            apart = _apart(place, offsets[other], common)
            (coarse if common >= _FINE_SECONDS else fine).append(apart)
        return sorted(coarse), sorted(fine)

    for index in sorted(range(len(intervals)), key=lambda i: -intervals[i]):
        interval = intervals[index]
        places = [interval * k / _CANDIDATES for k in range(1, _CANDIDATES + 1)]
        offsets[index] = max(places, key=lambda place: nearness(place, interval))
        placed.append(index)
    return offsets


def _common(a: float, b: float) -> float:
    """Return the greatest common divisor of two intervals in seconds."""
    return math.gcd(round(a * 1000), round(b * 1000)) / 1000


def _apart(a: float, b: float, common: float) -> float:
    """Return how near two grids ever come, as a share of the most that is possible for them."""
    distance = (a - b) % common
    return min(distance, common - distance) / (common / 2)
