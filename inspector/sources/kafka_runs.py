"""Runs of consecutive positions: a compact memory of which records a pass delivered. Pure.

A topic without gaps is one run, whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Runs:
    """An ascending set of positions, kept as half-open runs."""

    def __init__(self) -> None:
        self._runs: list[list[int]] = []

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
        if self._runs and self._runs[-1][1] == start:
            self._runs[-1][1] = end
        else:
            self._runs.append([start, end])

    def forget_below(self, position: int) -> None:
        """Drops what lies below `position`."""
        self._runs = [[max(start, position), end] for start, end in self._runs if end > position]

    def covers(self, start: int, end: int) -> bool:
        """Whether every position of `[start, end)` is there."""
        return start >= end or any(low <= start and end <= high for low, high in self._runs)

    def within(self, start: int, end: int) -> Iterator[int]:
        """The positions in `[start, end)`."""
        for low, high in self._runs:
            yield from range(max(low, start), min(high, end))

    def missing_from(self, other: Runs, start: int, end: int) -> list[int]:
        """The positions in `[start, end)` that are here and not in `other`."""
        theirs = set(other.within(start, end))
        return [position for position in self.within(start, end) if position not in theirs]
