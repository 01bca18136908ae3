"""What the ends of a request mean in the files of one partition: positions, times, counts from the end. Opens nothing itself.

A time is the first offset whose record is at or after it, as a broker answers. Read `segment_files` for who asks.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspector.errors import UsageError
from inspector.event import format_time
from inspector.segments.allowance import Allowance
from inspector.segments.extent import Extent, first_at
from inspector.segments.layout import Partition
from inspector.sources import Absence, Bound, Request

RETENTION = "retention"
BELOW = "below the log start, and no longer on disk"


@dataclass(frozen=True, slots=True)
class Meant:
    """Offsets `[start, end)` that are asked of a partition, and what of them is not on disk."""

    start: int
    end: int
    absent: list[Absence]


def meant(partition: Partition, place: int, extent: Extent, request: Request, notes: list[str], allowance: Allowance) -> Meant:
    """What `request` asks of one partition, the plan's log `place`; what the user should know goes to `notes`.

    What is unpacked to find a time is charged to `allowance`.
    """
    start = _offset(partition, extent, request.start, extent.first, notes, allowance)
    end = extent.end
    if request.end != Bound():
        end = min(_offset(partition, extent, request.end, extent.end, notes, allowance), end)
    end = max(start, end) if start <= extent.end else start
    gone = min(extent.first, end)
    if start >= gone:
        return Meant(start, end, [])
    known = partition.log_start
    reason = BELOW if known is not None and gone <= known else RETENTION
    return Meant(start, end, [Absence(place, start, gone, reason)])


def _offset(partition: Partition, extent: Extent, bound: Bound, natural: int, notes: list[str], allowance: Allowance) -> int:
    if bound.position is not None:
        if bound.position > extent.end:
            notes.append(f"{partition.named}: position {bound.position} is beyond the end {extent.end}")
        return bound.position
    if bound.last is not None:
        return max(extent.first, extent.end - bound.last)
    if bound.time_us is not None:
        found = first_at(partition, bound.time_us, allowance)
        if found is None:
            notes.append(f"{partition.named}: nothing at or after {format_time(bound.time_us)}")
        return extent.end if found is None else found
    return {"earliest": extent.first, "latest": extent.end}.get(bound.edge or "", natural)


def refuse(request: Request) -> None:
    """Raises UsageError for what files cannot do."""
    if request.follow:
        raise UsageError("files are read to their end and not followed: leave --follow out, or capture from the broker")
    if request.key is not None:
        raise UsageError("which partition holds a key is not known without the broker: read all of them and choose with a filter")
