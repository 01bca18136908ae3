"""A capture of a limited size: what goes when it is larger, events by when they were captured, samples by when they were measured.

The oldest tenth of the events makes room, and with them goes what was measured before those that are left. Samples never push events
out: once they take half of the room, or are all there is, it is the oldest tenth of their own time that goes. Read `writer` for how it
is removed, `ingest` for when.
"""

from __future__ import annotations

from inspector.capture.samples import ROOM
from inspector.capture.writer import CaptureWriter


def keep_within(writer: CaptureWriter, size_bytes: int) -> int:
    """Removes the oldest part of what is here when it takes more room than that. Returns how many events went."""
    if writer.size_bytes() <= size_bytes:
        return 0
    events = writer.events()
    ((taken, tenth_us),) = writer.select(ROOM)
    if 2 * taken > size_bytes or not events:
        return writer.remove_oldest(0, before_us=tenth_us)
    return writer.remove_oldest(max(1, events // 10))
