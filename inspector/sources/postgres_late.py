"""Positions that were passed while nothing was there, and may still be filled: a writer takes its number before it commits. Pure.

A hole is looked at again until it is old, far below, and every transaction that ran when it was passed has ended.
Read `postgres_follow` for who looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

MOST = 2_000
"""So many holes are remembered at once; the oldest go first."""
KEY = "late_arrival"
"""Under this name an event's `extra` says that it came after higher positions had been read."""
SKIPPED_BY = "skipped_by"
"""In it: the consumers whose checkpoint lay beyond the event's position while the event could not be seen yet."""
LATER_COMMIT = "it was committed after higher positions had been read"
LATER_TRANSACTION = "its transaction is later than that of higher positions"
READ_AGAIN = "it was not there when the capture read higher positions before"


@dataclass(frozen=True, slots=True)
class Hole:
    """Positions `[start, end)`, passed at `passed_s` (a clock that never runs back), when `next_xid` was not given out yet."""

    start: int
    end: int
    passed_s: float
    next_xid: int


class Holes:
    """The holes of one table that are looked at again."""

    def __init__(self, positions: int, seconds: float) -> None:
        self._positions, self._seconds = positions, seconds
        self._holes: list[Hole] = []
        self.is_full = False
        """Whether holes had to be forgotten before their time."""

    def passed(self, start: int, stop: int, there: Sequence[int], now_s: float, next_xid: int) -> None:
        """Notes that `[start, stop)` was read and only the positions `there` (in order) had rows."""
        place = start
        for position in (*there, stop):
            if position > place:
                self._holes.append(Hole(place, position, now_s, next_xid))
            place = max(place, position + 1)
        if len(self._holes) > MOST:
            self.is_full = True
            self._holes = self._holes[-MOST:]

    def filled(self, positions: Sequence[int]) -> None:
        """Notes that these have rows now."""
        for position in positions:
            kept: list[Hole] = []
            for hole in self._holes:
                if hole.start <= position < hole.end:
                    kept += [part for part in (replace(hole, end=position), replace(hole, start=position + 1)) if part.start < part.end]
                else:
                    kept.append(hole)
            self._holes = kept

    def settle(self, reached: int, now_s: float, oldest_xid: int) -> None:
        """Forgets what nobody can fill any more: old, far below `reached`, and passed before all that still runs."""
        self._holes = [
            hole
            for hole in self._holes
            if now_s - hole.passed_s <= self._seconds or reached - hole.end <= self._positions or oldest_xid < hole.next_xid
        ]

    def forget(self) -> None:
        """Nothing of what was passed holds any more."""
        self._holes = []

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """What is to be looked at, in order."""
        return sorted((hole.start, hole.end) for hole in self._holes)


def runs(positions: Sequence[int], reached: int) -> list[tuple[int, int, bool]]:
    """Rows in transaction order as stretches of rising positions: (from row, to row, whether they lie below one before them).

    `reached` is the position after the highest one so far.
    """
    found: list[tuple[int, int, bool]] = []
    start = 0
    for row in range(1, len(positions) + 1):
        if (
            row == len(positions)
            or positions[row] < positions[row - 1]
            or _is_below(positions[row], reached) != _is_below(positions[start], reached)
        ):
            found.append((start, row, positions[start] < reached))
            reached = max(reached, positions[row - 1] + 1)
            start = row
    return found


def _is_below(position: int, reached: int) -> bool:
    return position < reached


def words(name: str, positions: Sequence[int], after: int, *, by_transaction: bool) -> str:
    """What to tell of positions that came late."""
    many = len(positions)
    listed = f"position {positions[0]:,}" if many == 1 else f"{many:,} positions from {positions[0]:,} to {positions[-1]:,}"
    if by_transaction:
        return f"{name}: {listed} come after {after:,} in the order of transactions; a consumer that goes by position may have skipped them"
    return (
        f"{name}: late arrival at {listed}, after {after:,} had been read: committed later than higher positions; a consumer whose "
        "checkpoint had passed has skipped it"
    )
