"""Records that cannot stand at the offset that they say: each is kept in a log of its file, at the byte of its batch. No I/O.

There no true record can be where they are: an offset that nothing protects never takes another's place. Read `segment_read` for
who asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inspector.event import LogKey, RecordBatch
from inspector.segments.columns import DAMAGED, MOST_ROWS, add
from inspector.segments.facts import FileFacts
from inspector.segments.framing import Frame
from inspector.sources import Batch, LogInfo, Plan, Span

MOST_BYTES = 16 * 1024 * 1024
_ROW_BYTES = 64


def misplaced(positions: Sequence[int], above: int, high: int) -> list[int]:
    """The rows that do not go on ascending above `above` and up to `high`."""
    if not positions or (above < positions[0] and positions[-1] <= high and _is_gapless(positions)):
        return []
    wrong = []
    for row, position in enumerate(positions):
        if above < position <= high:
            above = position
        else:
            wrong.append(row)
    return wrong


def _is_gapless(positions: Sequence[int]) -> bool:
    first, count = positions[0], len(positions)
    return positions[-1] - first == count - 1 and positions == list(range(first, first + count))


@dataclass(slots=True)
class Strays:
    """The logs of files that came up in `plan` for such records, and those that have gathered of the file that is read."""

    plan: Plan
    _logs: dict[str, int] = field(default_factory=dict)
    _records: RecordBatch = field(default_factory=RecordBatch)
    _bytes: int = 0

    def take(self, rows: RecordBatch, facts: FileFacts, frame: Frame, numbers: Sequence[int]) -> Iterator[Batch]:
        """Keeps rows of a batch, which are its records `numbers`; gives what has gathered where that gets too much."""
        for row, number in enumerate(numbers):
            said = f"it says offset {rows.position[row]}, where it cannot stand"
            rows.error[row] = f"{rows.error[row]}; {said}" if row in rows.error else said
            rows.flags[row] = rows.flags.get(row, 0) | DAMAGED
            rows.position[row] = frame.at + number
        size = size_of(rows)
        if len(self._records) and (len(self._records) + len(rows) > MOST_ROWS or self._bytes + size > MOST_BYTES):
            yield from self.flushed(facts)
        add(self._records, rows, 0)
        self._bytes += size

    def flushed(self, facts: FileFacts) -> Iterator[Batch]:
        """What has gathered, in the log of that file."""
        if not len(self._records):
            return
        batch = Batch(records=self._records)
        self._records, self._bytes = RecordBatch(), 0
        batch.records.log = [self._log(facts, batch)] * len(batch.records)
        batch.read_to = {batch.records.log[0]: facts.size_bytes}
        yield batch

    def _log(self, facts: FileFacts, batch: Batch) -> int:
        known = self._logs.get(facts.path)
        if known is not None:
            return known
        index = self._logs[facts.path] = len(self.plan.logs)
        info = LogInfo(LogKey(facts.name, 0, f"sha256:{facts.sha256}"), 0, facts.size_bytes)
        self.plan.logs.append(info)
        batch.opened.append((info, Span(index, 0, None)))
        return index


def size_of(rows: RecordBatch) -> int:
    """About how many bytes the rows take."""
    sizes = (sum(map(len, filter(None, column))) for column in (rows.key, rows.value))
    return _ROW_BYTES * len(rows) + sum(sizes) + sum(map(len, filter(None, rows.headers)))


def divided(rows: RecordBatch) -> Iterator[RecordBatch]:
    """The rows in parts of at most 16 MB, and at least one row."""
    if size_of(rows) <= MOST_BYTES:
        yield rows
        return
    first = total = 0
    for row, (key, value, headers) in enumerate(zip(rows.key, rows.value, rows.headers, strict=True)):
        size = _ROW_BYTES + len(key or b"") + len(value or b"") + len(headers or "")
        if row > first and total + size > MOST_BYTES:
            yield rows.rows(range(first, row))
            first, total = row, 0
        total += size
    yield rows.rows(range(first, len(rows)))
