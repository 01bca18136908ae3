"""The index files beside a segment, compared with what the segment holds: hints of the broker's, verified and never needed.

`.index` (offset, byte), `.timeindex` (time, offset) and `.txnindex` (aborted transactions) as `OffsetIndex`, `TimeIndex` and
`TransactionIndex` of Apache Kafka write them; those of a live broker end in zeros. Read `survey` for who compares.
"""

from __future__ import annotations

import struct

from inspector.segments.transactions import Aborted

_OFFSET = struct.Struct(">ii")
_TIME = struct.Struct(">qi")
_TRANSACTION = struct.Struct(">hqqqq")
MOST_BYTES = 64 * 1024 * 1024


def offset_entries(data: bytes, base: int) -> dict[int, int]:
    """Byte of a batch → an offset in it; ends at the first entry of zeros after the first one."""
    found: dict[int, int] = {}
    for number, (relative, at) in enumerate(_OFFSET.iter_unpack(data[: len(data) // _OFFSET.size * _OFFSET.size])):
        if relative == 0 and number > 0:
            break
        if relative == 0 and at == 0 and len(data) > _OFFSET.size and not any(data[_OFFSET.size : 2 * _OFFSET.size]):
            break
        found[at] = base + relative
    return found


def time_entries(data: bytes, base: int) -> list[tuple[int, int]]:
    """(time in ms, offset), without the zeros at the end."""
    whole = data[: len(data) // _TIME.size * _TIME.size]
    return [(time_ms, base + relative) for time_ms, relative in _TIME.iter_unpack(whole) if time_ms or relative]


def time_problem(entries: list[tuple[int, int]], first: int, end: int, latest_ms: int) -> str:
    """What of a time index the segment's offsets `[first, end)` and newest time contradict; empty for nothing."""
    for number, (time_ms, offset) in enumerate(entries):
        if not first <= offset < end:
            return f"entry {number + 1} points at offset {offset}, the segment has {first} to {end - 1}"
        if time_ms > latest_ms:
            return f"entry {number + 1} says time {time_ms} ms, the newest record has {latest_ms} ms"
        if number and (time_ms < entries[number - 1][0] or offset < entries[number - 1][1]):
            return f"entry {number + 1} goes backwards"
    return ""


def transactions(data: bytes) -> list[Aborted]:
    """The aborted transactions that the index names. Raises ValueError for a version that is not known, or a cut one."""
    if len(data) % _TRANSACTION.size:
        raise ValueError(f"{len(data)} bytes are no whole number of entries")
    found = []
    for version, producer_id, first, last, _ in _TRANSACTION.iter_unpack(data):
        if version != 0:
            raise ValueError(f"version {version} is not known")
        found.append(Aborted(producer_id, first, last))
    return found
