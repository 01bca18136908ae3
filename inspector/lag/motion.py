"""How one consumer moves in one log: rates, the time to zero, since when something is so, and commits that went back. Pure.

Positions are those of a partition, times microseconds. All of it follows from points, so it is the same live and out of a file.
Read `verdict` for what it means.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

SECOND_US = 1_000_000
RATE_US = 60 * SECOND_US
"""Rates are over the newest minute."""
_FEWEST_AROUND_KNEE = 2


@dataclass(frozen=True, slots=True)
class Point:
    """One look: the next position that the consumer reads, and the one after the last record."""

    time_us: int
    committed: int
    end: int
    is_read_out: bool = False
    """There is no record in between that can be read: only markers of transactions, aborted records, or those of open ones."""

    @property
    def behind(self) -> int:
        """Positions that are not read yet."""
        return 0 if self.is_read_out else max(0, self.end - self.committed)


@dataclass(frozen=True, slots=True)
class Reset:
    """A commit that went back: from now on records are read again. `time_us` is when it was first seen."""

    time_us: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Knee:
    """A moment at which a rate changed, in positions a second."""

    time_us: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Motion:
    """How fast it goes, in positions a second over the newest stretch; None while one look is all there is."""

    committed_per_s: float | None = None
    produced_per_s: float | None = None
    to_zero_s: float | None = None
    """Seconds until nothing is unread at these rates; 0 where nothing is, None where it does not drain."""

    @property
    def trend(self) -> str:
        """`falling`, `rising`, `steady`, or nothing where it is not known."""
        if self.committed_per_s is None or self.produced_per_s is None:
            return ""
        change = self.produced_per_s - self.committed_per_s
        if abs(change) <= 0.02 * max(self.produced_per_s, self.committed_per_s):
            return "steady"
        return "rising" if change > 0 else "falling"


def resets(points: Sequence[Point]) -> list[Reset]:
    """Every commit that went back."""
    pairs = pairwise(points)
    return [Reset(after.time_us, before.committed, after.committed) for before, after in pairs if after.committed < before.committed]


def since_reset(points: Sequence[Point]) -> Sequence[Point]:
    """The points from the last time on that a commit or the log's end went back: rates across that would mean nothing."""
    for place in range(len(points) - 1, 0, -1):
        if points[place].committed < points[place - 1].committed or points[place].end < points[place - 1].end:
            return points[place:]
    return points


def newest(points: Sequence[Point], width_us: int = RATE_US) -> Sequence[Point]:
    """The points of the newest stretch of time; always two where there are two."""
    if not points:
        return points
    first = next(place for place, point in enumerate(points) if point.time_us >= points[-1].time_us - width_us)
    return points[min(first, max(0, len(points) - 2)) :]


def motion(points: Sequence[Point], width_us: int = RATE_US) -> Motion:
    """Rates over the newest stretch since the last reset, and how long it takes at these rates until nothing is unread."""
    points = newest(since_reset(points), width_us)
    span_us = points[-1].time_us - points[0].time_us if points else 0
    if span_us <= 0:
        return Motion(to_zero_s=0.0 if points and not points[-1].behind else None)
    committed = (points[-1].committed - points[0].committed) * SECOND_US / span_us
    produced = (points[-1].end - points[0].end) * SECOND_US / span_us
    if not points[-1].behind:
        return Motion(committed, produced, 0.0)
    return Motion(committed, produced, points[-1].behind / (committed - produced) if committed > produced else None)


def stands_since(points: Sequence[Point]) -> tuple[int, bool]:
    """Since when nothing was committed though something was unread, and whether that was seen to begin. There must be a point."""
    since_us, is_seen = committed_since(points)
    idle = [point.time_us for point in points if point.time_us >= since_us and not point.behind]
    return (idle[-1], True) if idle else (since_us, is_seen)


def committed_since(points: Sequence[Point]) -> tuple[int, bool]:
    """Since when nothing was committed, and whether it was seen to move before that. There must be a point."""
    for place in range(len(points) - 1, 0, -1):
        if points[place - 1].committed != points[-1].committed:
            return points[place].time_us, True
    return points[0].time_us, False


def is_current(points: Sequence[Point], within_us: int) -> bool:
    """Whether all is read that was there at some moment in the newest `within_us`, the last look itself among them."""
    last = points[-1]
    return last.is_read_out or any(point.end <= last.committed for point in points if point.time_us >= last.time_us - within_us)


def total(lines: Iterable[Sequence[Point]]) -> list[Point]:
    """All partitions as one: sums at every moment at which there was a look. A partition counts by how it moves from its first
    look on, so one that is new makes no jump.
    """
    known = [line for line in lines if line]
    times = [[point.time_us for point in line] for line in known]
    summed = []
    for time_us in sorted({time_us for listed in times for time_us in listed}):
        here = [line[max(0, bisect_right(listed, time_us) - 1)] for line, listed in zip(known, times, strict=True)]
        read_out = not any(point.behind for point in here)
        summed.append(Point(time_us, sum(point.committed for point in here), sum(point.end for point in here), read_out))
    return summed


def knee(series: Sequence[tuple[int, int]]) -> Knee | None:
    """Where (time, position) bends most from a straight line, with the rates before and after; None for too few points."""
    if len(series) < 2 * _FEWEST_AROUND_KNEE + 1:
        return None
    (first_us, first), (last_us, last) = series[0], series[-1]
    slope = (last - first) / max(1, last_us - first_us)
    inner = series[_FEWEST_AROUND_KNEE : len(series) - _FEWEST_AROUND_KNEE]
    time_us, position = max(inner, key=lambda point: abs(point[1] - first - slope * (point[0] - first_us)))
    if not first_us < time_us < last_us:
        return None
    before = (position - first) * SECOND_US / (time_us - first_us)
    return Knee(time_us, before, (last - position) * SECOND_US / (last_us - time_us))
