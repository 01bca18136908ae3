"""Whether a file is a Kafka segment, told by its name and its first megabyte. Decodes no record.

A damaged beginning is no reason to leave a segment out: a batch whose checksum holds further on proves it. Read `layout` for
who asks.
"""

from __future__ import annotations

from pathlib import Path

from inspector.errors import SourceError
from inspector.segments import framing, resync
from inspector.segments.files import SegmentFile
from inspector.segments.framing import Frame

PROBED_BYTES = 1024 * 1024
_HEAD_BYTES = 4096


def holds_segment(path: Path, *, is_named: bool) -> bool:
    """Whether it is one. `is_named`: it is called as Kafka calls its segments, so that only text speaks against it.

    Of another name, a batch whose checksum holds must be in its first megabyte. False for what cannot be opened.
    """
    try:
        with SegmentFile(path) as file:
            head = file.piece(0, _HEAD_BYTES)
            if is_named and not is_text(head):
                return True
            return bool(head) and (isinstance(framing.frame_at(file, 0), Frame) or resync.has_batch(file, PROBED_BYTES))
    except SourceError:
        return False


def is_text(head: bytes) -> bool:
    """Whether bytes look like the beginning of a text file."""
    if not head or b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3
    return True
