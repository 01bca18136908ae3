"""Events behind a consumer, counted in a capture: exact where the capture has all of the stretch, else only a lower bound.

Positions are not events: control markers, aborted records, compaction and rolled-back numbers leave positions without one. Read-only.
Read `capture.coverage` for what a capture knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.event import Flag
from inspector.sources.groups import Place

_LOGS = "SELECT id FROM log WHERE name = ? AND partition = ? ORDER BY coalesce(observed_us, 0) DESC, id DESC LIMIT 1"
_COUNT = "SELECT count(*) FROM event WHERE log_id = ? AND position >= ? AND position < ? AND flags & ? = 0"
_COVERED = (
    "SELECT from_position, to_position FROM coverage WHERE log_id = ? AND state IN ('read', 'absent') AND to_position > ? "
    "AND from_position < ? ORDER BY from_position"
)
_OF_CATEGORY = (
    " AND (SELECT category.name FROM stream JOIN category ON category.id = stream.category_id WHERE stream.id = event.stream_id) = ?"
)
_NEXT = "SELECT seq, position, time_us FROM event WHERE log_id = ? AND position >= ? AND position < ? AND flags & ? = 0"
_FIRST = " ORDER BY position LIMIT 1"
_NOT_COUNTED = int(Flag.aborted | Flag.open | Flag.control)


@dataclass(frozen=True, slots=True)
class Counted:
    """Events of a stretch that a capture has; `is_exact` where it has read all of the stretch."""

    events: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Held:
    """An event that a capture has."""

    seq: int
    position: int
    time_us: int | None


def log_id(reader: CaptureReader, place: Place) -> int | None:
    """The number of a partition in its latest life; None where the capture has nothing of it."""
    found = reader.select(_LOGS, place)
    return int(found[0][0]) if found else None


def events_between(reader: CaptureReader, place: Place, start: int, end: int, category: str = "") -> Counted | None:
    """Events at positions `[start, end)`, those of a category if one is given, without aborted ones and those of open transactions.

    None where nothing is known of the log.
    """
    log = log_id(reader, place)
    if log is None:
        return None
    sql, asked = (_COUNT, ()) if not category else (_COUNT + _OF_CATEGORY, (category,))
    ((count,),) = reader.select(sql, (log, start, end, _NOT_COUNTED, *asked))
    return Counted(int(count), _is_covered(reader, log, start, end))


def _is_covered(reader: CaptureReader, log: int, start: int, end: int) -> bool:
    for low, high in reader.select(_COVERED, (log, start, end)):
        if low > start:
            return False
        start = max(start, high)
    return start >= end


def next_event(reader: CaptureReader, place: Place, start: int, end: int, category: str = "") -> Held | None:
    """The first event at positions `[start, end)`, of a category if one is given, where the capture has read all up to it.

    None where it has not, or there is none.
    """
    log = log_id(reader, place)
    sql, asked = (_NEXT, ()) if not category else (_NEXT + _OF_CATEGORY, (category,))
    found = reader.select(sql + _FIRST, (log, start, end, _NOT_COUNTED, *asked)) if log is not None else []
    if not found or log is None or not _is_covered(reader, log, start, found[0][1]):
        return None
    return Held(*found[0])
