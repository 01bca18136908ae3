"""Which positions of a log files hold: runs of consecutive ones, and no more of them than an account can bear. Pure.

What a file leaves out was perhaps never there, or was filtered out: nobody can tell, so only the positions that it holds count as
read. Read `file_reading` for who keeps them, `capture.coverage` for what becomes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inspector.event import merged_ranges

Run = tuple[int, int]
"""Positions `[start, end)`."""
MOST_RUNS = 1_000
"""So many runs of one log are told one by one, those with the lowest positions."""
MOST_KEPT = 100_000
"""So many are kept while files are read, as rows in no order may still fill the holes between them."""
ROW_NUMBERS = ("sha256:", "head:")
"""How the incarnation of a log begins whose positions are numbers of rows in a file."""
NOT_IN_FILES = "not in the files that were read"
PARTLY = f"in the files only in part: more than {MOST_RUNS:,} stretches of this partition, which are not told one by one"


def runs_of(positions: Sequence[int]) -> list[Run]:
    """The runs that positions in any order make."""
    if not positions:
        return []
    first = positions[0]
    if positions == list(range(first, first + len(positions))):
        return [(first, first + len(positions))]
    return merged_ranges((position, position + 1) for position in set(positions))


@dataclass(slots=True)
class FileRuns:
    """The runs of one log that came up so far."""

    _runs: list[Run] = field(default_factory=list)
    _new: list[Run] = field(default_factory=list)
    """Not yet among them."""
    _is_held: bool = False
    """Whether there were too many to be told when they came."""
    _beyond: Run | None = None
    """The stretch of those that were too many even to be kept."""

    def add(self, runs: Sequence[Run]) -> list[Run]:
        """Takes runs in; those that can be told as read by now."""
        self._new.extend(runs)
        if not self._is_held or 2 * len(self._new) > len(self._runs):
            self._merge()
        if len(self._runs) + len(self._new) > MOST_RUNS:
            self._is_held = True
            return []
        if self._is_held:
            self._is_held = False
            return list(self._runs)
        return merged_ranges(runs)

    def rest(self) -> tuple[list[Run], Run | None]:
        """The runs that wait to be told, at most 1,000 of them, and the stretch of those beyond."""
        self._merge()
        told, beyond = (self._runs[:MOST_RUNS], self._runs[MOST_RUNS:]) if self._is_held else ([], [])
        stretches = [*beyond[:1], *beyond[-1:], *([self._beyond] if self._beyond else [])]
        if not stretches:
            return told, None
        return told, (min(start for start, _ in stretches), max(end for _, end in stretches))

    def span(self) -> Run | None:
        """From the lowest position that came up to behind the highest; None for none."""
        self._merge()
        known = [*self._runs[:1], *self._runs[-1:], *([self._beyond] if self._beyond else [])]
        return (min(start for start, _ in known), max(end for _, end in known)) if known else None

    def _merge(self) -> None:
        if not self._new:
            return
        if len(self._new) == 1 and self._runs and self._runs[-1][0] <= self._new[0][0] <= self._runs[-1][1]:
            self._runs[-1] = (self._runs[-1][0], max(self._runs[-1][1], self._new[0][1]))
        else:
            self._runs = merged_ranges([*self._runs, *self._new])
        self._new = []
        if len(self._runs) > MOST_KEPT:
            left = self._runs[MOST_KEPT // 2 :]
            self._runs = self._runs[: MOST_KEPT // 2]
            low, high = left[0][0], left[-1][1]
            self._beyond = (low, high) if self._beyond is None else (min(low, self._beyond[0]), max(high, self._beyond[1]))
