"""What a dump says of transactions: read once before its records are, because markers come after what they decide.

A transaction is known by its producer's id alone, as in Kafka's own files. Knows no rows. Read `dump_log` for who asks.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO

from inspector.formats.dump_lines import batch_of, folder_of, marker_of, place_of
from inspector.formats.lines import Lines

Where = tuple[str, int]
"""Topic and partition."""


@dataclass(slots=True)
class _Partition:
    """Transactions of one partition: those without an end so far, and the aborted ones, by producer."""

    open: dict[int, int] = field(default_factory=dict)
    aborted: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass(slots=True)
class Survey:
    """What became of the transactions in a dump."""

    own: Where
    """Where records are of a segment whose folder does not say it."""
    _partitions: dict[Where, _Partition] = field(default_factory=dict)

    def where(self, line: bytes) -> Where:
        """Topic and partition of the segment that a `Dumping …` line names."""
        return place_of(line) or (self.own if self.own[0] else (folder_of(line), 0))

    def learn(self, blocks: Iterable[Lines]) -> None:
        """Goes through the lines of a dump."""
        partition, producer = self._partitions.setdefault(self.own, _Partition()), -1
        for block in blocks:
            for line in block.texts:
                if line.startswith(b"baseOffset: ") and b" isTransactional: true" in line:
                    batch = batch_of(line)
                    producer = batch.producer_id if batch is not None else -1
                    if batch is not None and not batch.is_control:
                        partition.open.setdefault(producer, batch.base)
                elif line.startswith(b"| offset: ") and b" endTxnMarker: " in line:
                    self._end(partition, producer, line)
                elif line.startswith(b"Dumping "):
                    partition = self._partitions.setdefault(self.where(line.rstrip(b"\r")), _Partition())

    @staticmethod
    def _end(partition: _Partition, producer: int, line: bytes) -> None:
        marker = marker_of(line)
        if marker is None:
            return
        name, offset = marker
        first = partition.open.pop(producer, None)
        if first is not None and name == "ABORT":
            partition.aborted.setdefault(producer, []).append((first, offset))

    def state(self, where: Where, producer: int, offset: int) -> str:
        """What became of the transaction of a record: committed, aborted, or unknown where its end is not in the dump."""
        partition = self._partitions.get(where, _Partition())
        if producer in partition.open and offset >= partition.open[producer]:
            return "unknown"
        aborted = partition.aborted.get(producer, [])
        place = bisect_right(aborted, (offset, 1 << 63)) - 1
        return "aborted" if place >= 0 and aborted[place][0] <= offset < aborted[place][1] else "committed"


class Rejoined(io.RawIOBase):
    """A stream of which the first bytes were read already."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        super().__init__()
        self._first, self._stream = first, stream

    def read(self, size: int | None = -1, /) -> bytes:
        """As `io.RawIOBase` says."""
        first, self._first = self._first, b""
        return first or self._stream.read(-1 if size is None else size)
