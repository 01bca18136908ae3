"""The index files beside a segment, compared with what the segment holds: hints of the broker's, verified and never needed.

`.index` (offset, byte), `.timeindex` (time, offset) and `.txnindex` (aborted transactions) as `OffsetIndex`, `TimeIndex` and
`TransactionIndex` of Apache Kafka write them; those of a live broker end in zeros. Read `survey` for who compares.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from inspector.segments.transactions import Aborted

_OFFSET = struct.Struct(">ii")
_TIME = struct.Struct(">qi")
_TRANSACTION = struct.Struct(">hqqqq")
MOST_BYTES = 32 * 1024 * 1024
_MOST_ENTRIES = 500_000
"""A broker writes one for every 4 kB of a segment of 1 GB."""


def offset_entries(data: bytes, base: int) -> dict[int, int]:
    """Byte of a batch → an offset in it; ends at the first entry of zeros after the first one, or where there are too many."""
    found: dict[int, int] = {}
    for number, (relative, at) in enumerate(_OFFSET.iter_unpack(data[: len(data) // _OFFSET.size * _OFFSET.size])):
        if (relative == 0 and number > 0) or number == _MOST_ENTRIES:
            break
        if relative == 0 and at == 0 and len(data) > _OFFSET.size and not any(data[_OFFSET.size : 2 * _OFFSET.size]):
            break
        found[at] = base + relative
    return found


def time_entries(data: bytes, base: int) -> Iterator[tuple[int, int]]:
    """(time in ms, offset), without the zeros at the end."""
    whole = data[: len(data) // _TIME.size * _TIME.size]
    return ((time_ms, base + relative) for time_ms, relative in _TIME.iter_unpack(whole) if time_ms or relative)


def time_problem(entries: Iterable[tuple[int, int]], first: int, end: int, latest_ms: int) -> str:
    """What of a time index the segment's offsets `[first, end)` and newest time contradict; empty for nothing."""
    before = None
    for number, (time_ms, offset) in enumerate(entries):
        if not first <= offset < end:
            return f"entry {number + 1} points at offset {offset}, the segment has {first} to {end - 1}"
        if time_ms > latest_ms:
            return f"entry {number + 1} says time {time_ms} ms, the newest record has {latest_ms} ms"
        if before is not None and (time_ms < before[0] or offset < before[1]):
            return f"entry {number + 1} goes backwards"
        before = time_ms, offset
    return ""


def transactions(data: bytes) -> Iterator[Aborted]:
    """The aborted transactions that the index names. Raises ValueError for a version that is not known, or a cut one."""
    if len(data) % _TRANSACTION.size:
        raise ValueError(f"{len(data)} bytes are no whole number of entries")
    for version, producer_id, first, last, _ in _TRANSACTION.iter_unpack(data):
        if version != 0:
            raise ValueError(f"version {version} is not known")
        yield Aborted(producer_id, first, last)
