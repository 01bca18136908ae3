"""Times that go backwards from one version of a stream to the next: the writers' clocks differ. Read-only.

Who writes a version has read the one before it, so here the order is known, whatever else a partition carries. Read `time_order`
for the order within a partition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from inspector.checks import HIDDEN, MOST_EVENTS, Finding, Look, Severity
from inspector.checks.durations import span

TOLERANCE_US = 1_000_000
"""Clocks that are kept in step differ by milliseconds."""
_BACK = (
    "SELECT stream.category_id, t.stream_id, t.seq, t.seq_before, t.before - t.time_us FROM ("
    "SELECT x.stream_id, x.seq, event.time_us, x.version, lag(event.time_us) OVER w AS before, lag(x.seq) OVER w AS seq_before, "
    "lag(x.version) OVER w AS version_before FROM event_stream x CROSS JOIN event ON event.seq = x.seq "
    "WHERE x.version IS NOT NULL AND event.time_us IS NOT NULL AND event.flags & :hidden = 0 "
    "WINDOW w AS (PARTITION BY x.stream_id ORDER BY x.version, x.seq)) t JOIN stream ON stream.id = t.stream_id "
    "WHERE t.before - t.time_us > :tolerance AND t.version > t.version_before"
)
_CATEGORIES = "SELECT id, name FROM category"


@dataclass(slots=True)
class _Back:
    """What of one category goes back; `streams` counts changes of the stream, since its events come together."""

    count: int = 0
    streams: int = 0
    most_us: int = 0
    last_stream: int | None = None
    events: list[int] = field(default_factory=list)

    def add(self, stream_id: int, seq: int, seq_before: int, back_us: int) -> None:
        """One event that is earlier than the version before it."""
        self.count += 1
        self.streams += stream_id != self.last_stream
        self.last_stream, self.most_us = stream_id, max(self.most_us, back_us)
        if len(self.events) <= MOST_EVENTS - 2:
            self.events += [seq_before, seq]


class StreamTimes:
    """Events that are earlier than the version before them in their stream."""

    name = "stream-times"
    title = "Times that go backwards within a stream"
    assumes = f"the clocks of those who write a stream differ by less than {TOLERANCE_US // 1_000_000} s"
    legal = "an event's own time may be when it happened and not when it was written: what is entered or imported later is earlier"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per category."""
        found: dict[int, _Back] = {}
        bindings: dict[str, Any] = {"hidden": HIDDEN, "tolerance": TOLERANCE_US}
        for category_id, *place in look.rows(_BACK, bindings):
            found.setdefault(category_id, _Back()).add(*place)
        names = dict(look.reader.select(_CATEGORIES)) if found else {}
        for category_id, back in found.items():
            events = (
                "1 event is earlier than the version before it"
                if back.count == 1
                else f"{back.count:,} events are earlier than the version before"
            )
            streams = f"{back.streams:,} stream{'' if back.streams == 1 else 's'} of {names.get(category_id, '?')}"
            text = f"{streams}: {events}, by up to {span(back.most_us)}"
            yield Finding(self.name, Severity.warning, text, back.count, events=back.events)
