"""Runs of consecutive positions: a compact memory of which records a pass delivered. Pure.

A topic without gaps is one run, whatever its length.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain


class Runs:
    """An ascending set of positions, kept as half-open runs; its length is the number of runs."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, positions: Sequence[int]) -> None:
        """Adds ascending positions above all that are there."""
        if not positions:
            return
        first, last = positions[0], positions[-1]
        if last - first + 1 == len(positions):
            self._extend(first, last + 1)
            return
        for position in positions:
            self._extend(position, position + 1)

    def _extend(self, start: int, end: int) -> None:
        if self._ends and self._ends[-1] == start:
            self._ends[-1] = end
        else:
            self._starts.append(start)
            self._ends.append(end)

    def forget_below(self, position: int) -> None:
        """Drops what lies below `position`."""
        kept = bisect_right(self._ends, position)
        del self._starts[:kept], self._ends[:kept]
        if self._starts:
            self._starts[0] = max(self._starts[0], position)

    def covers(self, start: int, end: int) -> bool:
        """Whether every position of `[start, end)` is there."""
        place = bisect_right(self._starts, start) - 1
        return start >= end or (place >= 0 and end <= self._ends[place])

    def within(self, start: int, end: int) -> Iterator[int]:
        """The positions in `[start, end)`."""
        return chain.from_iterable(range(low, high) for low, high in self._pieces(start, end))

    def missing_from(self, other: Runs, start: int, end: int) -> list[int]:
        """The positions in `[start, end)` that are here and not in `other`; takes time by runs, not by positions."""
        missing: list[int] = []
        for low, high in self._pieces(start, end):
            at = low
            for their_low, their_high in other._pieces(low, high):
                missing.extend(range(at, their_low))
                at = their_high
            missing.extend(range(at, high))
        return missing

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of the runs that lie in `[start, end)`."""
        for place in range(bisect_right(self._ends, start), len(self._starts)):
            if self._starts[place] >= end:
                return
            yield max(self._starts[place], start), min(self._ends[place], end)
