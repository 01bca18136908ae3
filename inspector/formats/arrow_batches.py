"""Batches of Arrow rows cut so that what is made of each stays small; a row that is too large by itself is told, not made. No I/O.

Read `arrow_sizes` for how rows are measured, `parquet_table` for who reads files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from inspector.formats import CHUNK_BYTES
from inspector.formats.arrow_sizes import summed

MOST_ROW_BYTES = 8 * 1024 * 1024
"""A row that would take more as JSON is damaged: it is not made."""
ROW_BYTES = 64
"""What a row takes even where it says nothing: its place, its number, its time."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that may be made. `size_bytes` is about what they take."""

    rows: Any
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TooLarge:
    """One row that is not made. `size_bytes` is about what it would take."""

    size_bytes: int

    def words(self) -> str:
        """What to tell of it."""
        return f"it would take about {self.size_bytes:,} bytes as JSON, more than the {MOST_ROW_BYTES:,} that one row may: it is left out"


def bounded(batch: Any, most_bytes: int = CHUNK_BYTES // 2) -> Iterator[Part | TooLarge]:
    """The rows of a record batch in order, in parts of about `most_bytes`."""
    measured = summed(list(batch.schema.names), list(batch.columns), batch.num_rows).to_pylist()
    total = sum(measured)
    if total <= most_bytes:
        yield Part(batch, total + ROW_BYTES * batch.num_rows)
        return
    begun = 0
    for row, size in enumerate(measured):
        if size > MOST_ROW_BYTES:
            yield from _parts(batch, measured, begun, row, most_bytes)
            yield TooLarge(size)
            begun = row + 1
    yield from _parts(batch, measured, begun, len(measured), most_bytes)


def _parts(batch: Any, measured: list[int], begun: int, end: int, most_bytes: int) -> Iterator[Part]:
    """Rows `[begun, end)`, at least one at a time."""
    while begun < end:
        count = sum(1 for total in accumulate(measured[begun:end]) if total <= most_bytes) or 1
        yield Part(batch.slice(begun, count), sum(measured[begun : begun + count]) + ROW_BYTES * count)
        begun += count
