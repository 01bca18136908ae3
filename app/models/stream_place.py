"""Which of its stream's events an event is, in the order of arrival, and its neighbours. Runs on a worker thread; no Qt.

Read `app.stream_line` for the use.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import stream_of


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """Event `seq` is the `place`-th (from 1) of `total` captured ones of `stream`; neighbours are 0 at the ends."""

    seq: int
    stream: str = ""
    place: int = 0
    total: int = 0
    previous: int = 0
    next: int = 0

    @property
    def words(self) -> str:
        """Such as `12 of 131 in order-4711`."""
        return f"{self.place:,} of {self.total:,} in {self.stream}" if self.total else "in no stream"


def stream_place(reader: CaptureReader, seq: int) -> StreamPlace:
    """The place of the event with this number; without a stream when it is in none, or gone."""
    stream = stream_of(reader, seq)
    if stream is None:
        return StreamPlace(seq)
    ((place, total, before, after),) = reader.select(
        "SELECT (SELECT count(*) FROM event_stream WHERE stream_id = :stream AND seq <= :seq), "
        "(SELECT count(*) FROM event_stream WHERE stream_id = :stream), "
        "(SELECT max(seq) FROM event_stream WHERE stream_id = :stream AND seq < :seq), "
        "(SELECT min(seq) FROM event_stream WHERE stream_id = :stream AND seq > :seq)",
        {"stream": stream.id, "seq": seq},
    )
    return StreamPlace(seq, stream.name, place, total, before or 0, after or 0)
