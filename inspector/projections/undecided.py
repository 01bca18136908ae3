"""Of which positions it is not known yet whether they were aborted, and what follows once it is. Read-only; read `state` for the use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from inspector.capture.coverage import UNDECIDED
from inspector.capture.reader import CaptureReader
from inspector.event import Flag, without_ranges

Ranges = dict[int, list[tuple[int, int]]]
"""Log's id → half-open ranges of positions."""


def undecided(reader: CaptureReader) -> Ranges:
    """Of each log the positions of which it is not known yet what was aborted."""
    found: Ranges = {}
    for log_id, low, high in reader.select(
        "SELECT log_id, from_position, to_position FROM coverage WHERE isolation = ? ORDER BY log_id, from_position", (UNDECIDED,)
    ):
        found.setdefault(log_id, []).append((low, high))
    return found


def less(before: Ranges, now: Ranges) -> Ranges:
    """What is in `before` and not in `now`."""
    left: Ranges = {}
    for log_id, ranges in before.items():
        for low, high in ranges:
            for start, end in without_ranges(low, high, now.get(log_id, ())):
                if end is not None:
                    left.setdefault(log_id, []).append((start, end))
    return left


def aborted(reader: CaptureReader, log_id: int, ranges: Sequence[tuple[int, int]]) -> Iterable[int]:
    """The numbers of the aborted events at some positions of a log."""
    sql = "SELECT seq FROM event INDEXED BY event_position WHERE log_id = ? AND position >= ? AND position < ? AND flags & ?"
    for low, high in ranges:
        for (seq,) in reader.select(sql, (log_id, low, high, int(Flag.aborted))):
            yield int(seq)


def touches(reach: Mapping[int, tuple[int, int]], undecided: Ranges) -> bool:
    """Whether a stretch may hold something undecided."""
    return any(low <= highest and lowest < high for log_id, (lowest, highest) in reach.items() for low, high in undecided.get(log_id, ()))
