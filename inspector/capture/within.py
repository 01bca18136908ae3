"""What a stretch of time has, for a navigator: its events by log, category and type, and its busiest streams, to the microsecond.

Read-only. Looks only at the blocks that touch the stretch, and not at all when those are too many. Read `overview` for the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from inspector.capture.overview import StreamRow
from inspector.capture.reader import CaptureReader

MOST_COUNTED = 3_000_000
MOST_STREAMS = 10


@dataclass(frozen=True, slots=True)
class Within:
    """Events in the stretch: all, by `(source, log, partition)`, by the ids of categories and types; of the busiest streams."""

    events: int = 0
    logs: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    categories: Mapping[int, int] = field(default_factory=dict)
    types: Mapping[int, int] = field(default_factory=dict)
    busiest: Sequence[StreamRow] = ()
    """At most ten, with the events they have in the stretch."""
    streams: int = 0
    """How many streams have an event in it."""


def within(reader: CaptureReader, span_us: tuple[int, int]) -> Within | None:
    """What `[from, until)` has; None when more than three million events would have to be looked at."""
    low, high = span_us
    ((looked,),) = reader.select(
        "SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM block WHERE max_us >= ? AND min_us < ?", (low, high)
    )
    if looked > MOST_COUNTED:
        return None
    counts: dict[str, dict[int, int]] = {"log": {}, "category": {}, "type": {}, "stream": {}}
    streams = 0
    for what, id_, count in reader.select(_COUNTS, {"low": low, "high": high, "most": MOST_STREAMS}):
        if what == "streams":
            streams = int(count)
        else:
            counts[what][id_ or 0] = int(count)
    logs: dict[tuple[str, str, int], int] = {}
    for id_, uri, name, partition in reader.select(_LOGS):
        if id_ in counts["log"]:
            logs[uri, name, partition] = logs.get((uri, name, partition), 0) + counts["log"][id_]
    return Within(sum(counts["log"].values()), logs, counts["category"], counts["type"], _busiest(reader, counts["stream"]), streams)


def _busiest(reader: CaptureReader, counts: Mapping[int, int]) -> list[StreamRow]:
    ids = orjson.dumps(list(counts)).decode()
    found = {row[0]: row[1:] for row in reader.select(reader.shown(_STREAMS), (ids,))}
    listed = []
    for id_, events in counts.items():
        if id_ in found:
            uri, category, name = found[id_]
            listed.append(StreamRow(id_, uri, category, name, events))
    return listed


_COUNTS = (
    "WITH inside AS MATERIALIZED (SELECT event.log_id, event.type_id, event.stream_id, count(*) AS n FROM block CROSS JOIN event "
    "ON event.seq BETWEEN block.first_seq AND block.last_seq WHERE block.max_us >= :low AND block.min_us < :high "
    "AND event.time_us >= :low AND event.time_us < :high GROUP BY 1, 2, 3) "
    "SELECT 'log', log_id, sum(n) FROM inside GROUP BY 2 "
    "UNION ALL SELECT 'type', type_id, sum(n) FROM inside GROUP BY 2 "
    "UNION ALL SELECT 'category', stream.category_id, sum(n) FROM inside JOIN stream ON stream.id = inside.stream_id GROUP BY 2 "
    "UNION ALL SELECT 'streams', 0, count(DISTINCT stream_id) FROM inside "
    "UNION ALL SELECT * FROM (SELECT 'stream', stream_id, sum(n) FROM inside WHERE stream_id IS NOT NULL GROUP BY 2 "
    "ORDER BY 3 DESC, 2 LIMIT :most)"
)
_LOGS = "SELECT log.id, source.uri, log.name, log.partition FROM log JOIN source ON source.id = log.source_id"
_STREAMS = (
    "SELECT stream.id, source.uri, category.name, stream.name FROM stream JOIN source ON source.id = stream.source_id "
    "JOIN category ON category.id = stream.category_id WHERE stream.id IN (SELECT value FROM json_each(?))"
)
