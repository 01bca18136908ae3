"""Which event stands in which row: arithmetic where a list has everything as it arrived, numbers in blocks otherwise. No Qt, no I/O.

Ten million rows are 80 MB here; a Python list of them would be 400. Read `event_table` for the model above it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from inspector.capture.looking import NONE, Numbers

BLOCK_ROWS = 1 << 16


@dataclass(slots=True)
class Span:
    """Events `first_seq` to `last_seq`, all of them."""

    newest_first: bool = False
    first_seq: int = 1
    last_seq: int = 0

    def __len__(self) -> int:
        return self.last_seq - self.first_seq + 1

    def copy(self) -> Span:
        """The list as it is now, whatever happens to this one."""
        return replace(self)

    def blocks(self) -> Iterator[tuple[int, Numbers]]:
        """(the first row, the numbers from it on) of all of it, in pieces."""
        for row in range(0, len(self), BLOCK_ROWS):
            rows = np.arange(row, min(row + BLOCK_ROWS, len(self)), dtype=np.int64)
            yield row, self.last_seq - rows if self.newest_first else self.first_seq + rows

    def at(self, row: int) -> int:
        """The number in a row that is there."""
        return self.last_seq - row if self.newest_first else self.first_seq + row

    def row_of(self, seq: int) -> int:
        """The row of a number, −1 when it is not there."""
        if not self.first_seq <= seq <= self.last_seq:
            return -1
        return self.last_seq - seq if self.newest_first else seq - self.first_seq

    def part(self, first: int, last: int) -> list[int]:
        """The numbers in rows `first` to `last`."""
        return [self.at(row) for row in range(first, last + 1)]

    def nearest(self, seq: int) -> int:
        """The row of the number nearest to `seq`; −1 when empty."""
        return self.row_of(min(max(seq, self.first_seq), self.last_seq)) if len(self) else -1


@dataclass(slots=True)
class Listing:
    """Numbers in any order. Blocks are replaced, never written to, so that `copy` costs nothing and may go to another thread."""

    _blocks: list[Numbers] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _length: int = 0

    def __len__(self) -> int:
        return self._length

    def copy(self) -> Listing:
        """The list as it is now, whatever happens to this one."""
        return Listing(list(self._blocks), list(self._starts), self._length)

    def blocks(self) -> Iterator[tuple[int, Numbers]]:
        """(the first row, the numbers from it on) of all of it, in pieces."""
        yield from zip(self._starts, self._blocks, strict=True)

    def at(self, row: int) -> int:
        """The number in a row that is there."""
        block = bisect_right(self._starts, row) - 1
        return int(self._blocks[block][row - self._starts[block]])

    def part(self, first: int, last: int) -> list[int]:
        """The numbers in rows `first` to `last`."""
        found: list[int] = []
        for start, block in zip(self._starts, self._blocks, strict=True):
            if start <= last and start + len(block) > first:
                found += block[max(first - start, 0) : last - start + 1].tolist()
        return found

    def row_of(self, seq: int) -> int:
        """The row of a number, −1 when it is not there: a look at every block, 5 ms for ten million rows."""
        for start, block in zip(self._starts, self._blocks, strict=True):
            found = np.flatnonzero(block == seq)
            if len(found):
                return start + int(found[0])
        return -1

    def nearest(self, seq: int) -> int:
        """The row of the number nearest to `seq`; −1 when empty."""
        best, row = -1, -1
        for start, block in zip(self._starts, self._blocks, strict=True):
            away = np.abs(block - seq)
            place = int(np.argmin(away))
            if row < 0 or int(away[place]) < best:
                best, row = int(away[place]), start + place
        return row

    def greatest(self) -> int:
        """The greatest number; 0 when empty."""
        return max((int(block.max()) for block in self._blocks), default=0)

    def numbers(self) -> Iterator[int]:
        """All numbers, row by row."""
        for block in self._blocks:
            yield from block.tolist()

    def insert(self, row: int, seqs: Numbers) -> None:
        """Puts numbers before a row; at the end for the row that is not there yet."""
        if not len(seqs):
            return
        place = max(bisect_right(self._starts, row) - 1, 0)
        if not self._blocks:
            self._blocks.append(NONE)
            self._starts.append(0)
        at = row - self._starts[place]
        block = self._blocks[place]
        whole = np.concatenate([block[:at], seqs, block[at:]])
        pieces = [whole] if len(whole) <= BLOCK_ROWS else _pieces(whole)
        self._take([*self._blocks[:place], *pieces, *self._blocks[place + 1 :]])

    def remove(self, row: int, count: int) -> None:
        """Takes rows away."""
        kept = []
        for start, block in zip(self._starts, self._blocks, strict=True):
            low, high = max(row - start, 0), max(row + count - start, 0)
            kept.append(np.concatenate([block[:low], block[high:]]) if low < len(block) and high else block)
        self._take(kept)

    def take_all(self, seqs: Numbers) -> None:
        """Has these numbers and no others."""
        self._take(_pieces(seqs))

    def whole(self) -> Numbers:
        """All numbers in one array."""
        return np.concatenate(self._blocks) if self._blocks else NONE

    def runs_below(self, seq: int) -> list[tuple[int, int]]:
        """The stretches of rows whose numbers are below `seq`, as (row, count), the last first."""
        runs: list[tuple[int, int]] = []
        for start, block in zip(self._starts, self._blocks, strict=True):
            if int(block.min()) >= seq:
                continue
            edges = np.diff(np.concatenate([[0], (block < seq).astype(np.int8), [0]]))
            for low, high in zip(np.flatnonzero(edges > 0).tolist(), np.flatnonzero(edges < 0).tolist(), strict=True):
                if runs and runs[-1][0] + runs[-1][1] == start + low:
                    runs[-1] = (runs[-1][0], runs[-1][1] + high - low)
                else:
                    runs.append((start + low, high - low))
        return runs[::-1]

    def _take(self, blocks: Iterable[Numbers]) -> None:
        self._blocks = [block for block in blocks if len(block)]
        self._starts = []
        self._length = 0
        for block in self._blocks:
            self._starts.append(self._length)
            self._length += len(block)


def _pieces(whole: Numbers) -> list[Numbers]:
    return [whole[start : start + BLOCK_ROWS] for start in range(0, len(whole), BLOCK_ROWS)]
