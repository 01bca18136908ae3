"""Stretches of positions that a file shows whole: what a tool lists record by record, without a line in between that cannot be read. Pure.

Read `dump_log` for who keeps them, `formats.Chunk.whole` for what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.event import merged_ranges


@dataclass(slots=True)
class Stretches:
    """From record to record of one place, as long as they follow each other upwards."""

    _place: int = -1
    _start: int = -1
    _last: int = -1
    """Where the running stretch begins and the position that it reached; -1 for none."""
    _found: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def begin(self) -> None:
        """A new chunk: the stretch runs on, from the last record."""
        self._found, self._start = {}, self._last

    def add(self, place: int, position: int) -> None:
        """The next record."""
        if place != self._place or position <= self._last:
            self.cut()
        if self._last < 0:
            self._place, self._start = place, position
        self._last = position

    def cut(self) -> None:
        """What comes next does not follow what was before."""
        self._tell()
        self._start = self._last = -1

    def found(self) -> dict[int, list[tuple[int, int]]]:
        """The stretches of this chunk, by place."""
        self._tell()
        return {place: merged_ranges(stretches) for place, stretches in self._found.items()}

    def _tell(self) -> None:
        if self._last > self._start >= 0:
            self._found.setdefault(self._place, []).append((self._start, self._last + 1))
