"""Where a partition begins and ends on disk, and at a time: by headers of batches, quickly. Decodes records for times only.

The offset index, where there is one, says where near the end to begin; it is believed only if a sound batch is there.
Read `survey` for the thorough look that comes before records are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from inspector.errors import SourceError
from inspector.segments import framing, indexes, resync
from inspector.segments.allowance import Allowance
from inspector.segments.files import SegmentFile, small_file
from inspector.segments.framing import APPEND_TIME, Frame
from inspector.segments.layout import Partition
from inspector.segments.order import Order, chain, step
from inspector.segments.records import columns

_LOOKED_AT = 8
"""So many batches of a file whose name says nothing tell where it begins."""


class Extent(NamedTuple):
    """The offsets `[first, end)` that a partition's files hold."""

    first: int
    end: int


def first_offset(base: int, path: Path) -> int:
    """The first offset of a segment: its name's, or in a file of another name that of the first batch that those after it fit to."""
    if base >= 0:
        return base
    with SegmentFile(path) as file:
        first = list(islice(_sound(file, 0), _LOOKED_AT))
    fit = chain([step((0, frame.at), frame) for frame in first], 0) if first else []
    if not fit:
        return 0
    frame = next(frame for frame in first if frame.at == fit[0].place[1])
    if frame.base >= 0:
        return frame.base
    try:
        return max(0, min(min(rows.position) for rows in columns(frame)))
    except ValueError:
        return frame.last


def extent(partition: Partition) -> Extent:
    """Where a partition begins and ends. Raises SourceError when its files cannot be read."""
    first = first_offset(*partition.segments[0])
    for base, path in reversed(partition.segments):
        start = max(base, first)
        end = _end(base, start, path, may_look_aside=not partition.is_alone)
        if end > start:
            return Extent(first, end)
    return Extent(first, max(partition.segments[-1][0], first))


def _end(base: int, start: int, path: Path, *, may_look_aside: bool) -> int:
    with SegmentFile(path) as file:
        begin = _near_end(file, base) if may_look_aside else None
        order = Order(start if begin is None else begin.base, lambda _step: None)
        order.enter(base, None)
        for frame in _sound(file, 0 if begin is None else begin.at):
            order.take(step((0, frame.at), frame))
        order.settle()
        return order.next


def _near_end(file: SegmentFile, base: int) -> Frame | None:
    """The last batch that the index points at, if it is really there."""
    path = file.path.with_suffix(".index")
    if path.is_symlink() or not path.exists():
        return None
    try:
        entries = indexes.offset_entries(small_file(path, indexes.MOST_BYTES), base)
    except SourceError:
        return None
    at = max(entries, default=0)
    found = framing.frame_at(file, at) if 0 < at < file.size else None
    return found if isinstance(found, Frame) and 0 <= found.base <= entries[at] <= found.last and found.base > base else None


def _sound(file: SegmentFile, at: int) -> Iterator[Frame]:
    return (part for part in resync.parts(file, at) if isinstance(part, Frame) and part.is_sound)


def first_at(partition: Partition, time_us: int, allowance: Allowance) -> int | None:
    """The first offset whose record has that time or a later one, or may have it; None where none has."""
    for _, path in partition.segments:
        with SegmentFile(path) as file:
            for frame in _sound(file, 0):
                if frame.magic == 2 and frame.max_time_ms * 1000 < time_us:
                    continue
                found = _within(frame, time_us, allowance)
                if found is not None:
                    return found
    return None


def _within(frame: Frame, time_us: int, allowance: Allowance) -> int | None:
    """The first record of a batch at or after a time; its first offset where it cannot be read."""
    if frame.attributes & APPEND_TIME and frame.base >= 0:
        return frame.base if frame.max_time_ms * 1000 >= time_us else None
    try:
        for rows in columns(frame, allowance):
            for position, at_us in zip(rows.position, rows.time_us, strict=True):
                if at_us is not None and at_us >= time_us:
                    return position
    except ValueError:
        return frame.base if frame.base >= 0 else None
    return None
