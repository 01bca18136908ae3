"""How far the reading of segment files is, in bytes: half of each is that it is looked through, half that its records are read.

Read `segment_files` for who counts.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from inspector.segments.layout import Partition


@dataclass(slots=True)
class Meter:
    """Bytes of partitions by their number. `total` is that of all files, as they were when it was asked for."""

    sizes: dict[int, int]
    _looked: dict[int, int] = field(default_factory=dict)
    _read: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes.values())

    @property
    def now(self) -> int:
        """So many of them are done."""
        return (sum(self._looked.values()) + sum(self._read.values())) // 2

    def looked(self, number: int, size: int) -> int:
        """So many bytes of a partition are looked through; gives how many are done in all."""
        return self._reach(self._looked, number, size)

    def read(self, number: int, size: int) -> int:
        """As `looked`, of what its records are read of."""
        return self._reach(self._read, number, size)

    def _reach(self, reached: dict[int, int], number: int, size: int) -> int:
        """A partition read in several parts, or that grew meanwhile, never goes back nor beyond its end."""
        reached[number] = max(reached.get(number, 0), min(size, self.sizes.get(number, 0)))
        return self.now


def meter(partitions: dict[int, Partition]) -> Meter:
    """One at nought for these partitions."""
    return Meter({number: _size(partition) for number, partition in partitions.items()})


def _size(partition: Partition) -> int:
    """Bytes of its files; a file that is not there any more is told when it is opened."""
    size = 0
    for _, path in partition.segments:
        with suppress(OSError):
            size += path.stat().st_size
    return size
