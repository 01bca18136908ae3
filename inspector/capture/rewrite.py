"""The SQL that gives stored events another meaning: rows, streams, names, counts and rollups. Bytes are never touched.

Works on a staged batch as `append` does, whose row `n` belongs to the event `seq` in `temp.again`. Read `append` for
the statements shared with it, `inspector.redecode` for who calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import apsw

from inspector.capture import schemas
from inspector.capture.append import (
    BUCKETS,
    COUNT_NAMES,
    DOCUMENTS,
    LESS_BUCKETS,
    PREPARE,
    SCHEMAS,
    SECONDS,
    STREAMS,
    has_several,
    second_of,
)
from inspector.capture.schema import BUCKET_SECONDS
from inspector.event import Flag

_TABLES = (
    "CREATE TEMP TABLE IF NOT EXISTS again (n INTEGER PRIMARY KEY, seq INTEGER UNIQUE); "
    "CREATE TEMP TABLE IF NOT EXISTS touched (id INTEGER PRIMARY KEY, events, low, high); DELETE FROM temp.again; DELETE FROM temp.touched"
)
_MINE = "temp.again a CROSS JOIN event e ON e.seq = a.seq"

_LEAVE = (
    (
        "INSERT INTO temp.touched SELECT e.stream_id, count(*), min(e.time_us), max(e.time_us) "
        f"FROM {_MINE} WHERE e.stream_id IS NOT NULL GROUP BY 1"
    ),
    "DELETE FROM event_stream WHERE (stream_id, seq) IN (SELECT e.stream_id, e.seq FROM temp.again a CROSS JOIN event e ON e.seq = a.seq)",
)
_LEAVE_SEVERAL = (
    (
        "INSERT INTO temp.touched SELECT x.stream_id, count(*), min(e.time_us), max(e.time_us) "
        f"FROM {_MINE} CROSS JOIN event_stream x ON x.seq = a.seq GROUP BY 1"
    ),
    "DELETE FROM event_stream WHERE seq IN (SELECT seq FROM temp.again)",
)
"""Of events that may be in several streams (see `append.has_several`)."""
_SUBTRACT = (
    "UPDATE stream SET events = stream.events - t.events FROM temp.touched t WHERE t.id = stream.id",
    (
        "UPDATE type SET events = events - c.n FROM (SELECT e.type_id AS id, count(*) AS n "
        f"FROM {_MINE} GROUP BY 1) AS c WHERE type.id = c.id"
    ),
    (
        "UPDATE category SET events = events - c.n FROM (SELECT s.category_id AS id, count(*) AS n "
        f"FROM {_MINE} JOIN stream s ON s.id = e.stream_id GROUP BY 1) AS c WHERE category.id = c.id"
    ),
    "DELETE FROM temp.second",
    (
        f"INSERT INTO temp.second SELECT {second_of('e.time_us')}, e.log_id, coalesce(e.type_id, 0), coalesce(s.category_id, 0), count(*), "
        f"sum(coalesce(e.key_bytes, 0) + coalesce(e.value_bytes, 0)) FROM {_MINE} LEFT JOIN stream s ON s.id = e.stream_id "
        "WHERE e.time_us IS NOT NULL GROUP BY 1, 2, 3, 4"
    ),
)

_CHANGED = (
    "SELECT count(*) FROM staged.row r JOIN temp.again a ON a.n = r.n CROSS JOIN event e ON e.seq = a.seq "
    "LEFT JOIN staged.type t ON t.id = r.type LEFT JOIN staged.stream s ON s.id = r.stream "
    "LEFT JOIN staged.schema x ON x.id = r.schema "
    "WHERE (e.type_id, e.stream_id, e.time_us, e.time_kind, e.version, e.event_id, e.schema_version, e.correlation_id, e.causation_id, "
    "e.actor, e.decoder, e.schema_ref) IS NOT (t.real, s.real, r.time_us, r.time_kind, r.version, r.event_id, r.schema_version, "
    "r.correlation_id, r.causation_id, r.actor, r.decoder, x.real)"
)
"""How many of the events are about to have another identity, or are read in another way."""

_REPLACE = (
    "UPDATE event SET time_us = f.time_us, time_kind = f.time_kind, type_id = f.type_id, stream_id = f.stream_id, version = f.version, "
    "event_id = f.event_id, schema_ref = f.schema_ref, schema_version = f.schema_version, correlation_id = f.correlation_id, "
    "causation_id = f.causation_id, actor = f.actor, decoder = f.decoder, error = f.error, flags = f.flags, data = f.data, "
    "metadata = f.metadata, extra = f.extra FROM (SELECT a.seq, r.time_us, r.time_kind, t.real AS type_id, s.real AS stream_id, r.version, "
    "r.event_id, x.real AS schema_ref, r.schema_version, r.correlation_id, r.causation_id, r.actor, r.decoder, r.error, r.flags, "
    f"{DOCUMENTS['data']} AS data, {DOCUMENTS['metadata']} AS metadata, {DOCUMENTS['extra']} AS extra "
    "FROM staged.row r JOIN temp.again a ON a.n = r.n LEFT JOIN staged.type t ON t.id = r.type "
    "LEFT JOIN staged.stream s ON s.id = r.stream LEFT JOIN staged.schema x ON x.id = r.schema) AS f WHERE event.seq = f.seq"
)
_MEMBERS = (
    "INSERT INTO event_stream (stream_id, seq, version) SELECT s.real, a.seq, x.version "
    "FROM staged.row_stream x JOIN temp.again a ON a.n = x.n JOIN staged.stream s ON s.id = x.stream WHERE true ORDER BY 1, 2"
)

# a stream's first and last time are looked for again only where the event that had it has moved away
_FIRST_AND_LAST = (
    "UPDATE stream SET "
    "first_us = (SELECT min(e.time_us) FROM event_stream x JOIN event e ON e.seq = x.seq WHERE x.stream_id = stream.id), "
    "last_us = (SELECT max(e.time_us) FROM event_stream x JOIN event e ON e.seq = x.seq WHERE x.stream_id = stream.id) "
    "FROM temp.touched t LEFT JOIN (SELECT e.stream_id AS id, min(e.time_us) AS low, max(e.time_us) AS high "
    f"FROM {_MINE} GROUP BY 1) AS now ON now.id = t.id WHERE t.id = stream.id "
    "AND ((t.low = stream.first_us AND coalesce(now.low > t.low, true)) OR (t.high = stream.last_us AND coalesce(now.high < t.high, true)))"
)
_TIDY = (
    "DELETE FROM stream WHERE events = 0 AND id IN (SELECT id FROM temp.touched)",
    (
        "UPDATE block SET (min_us, max_us, untimed) = (SELECT min(time_us), max(time_us), count(*) - count(time_us) FROM event "
        "WHERE seq BETWEEN block.first_seq AND block.last_seq) "
        "WHERE last_seq >= (SELECT min(seq) FROM temp.again) AND first_seq <= (SELECT max(seq) FROM temp.again)"
    ),
    "DELETE FROM bucket WHERE events <= 0",
)

_LATE = int(Flag.late)

BY_POSITION = (
    "SELECT seq, position, sub, time_us, flags FROM event WHERE log_id = :log AND (position, sub) > (:at, :sub) "
    "ORDER BY position, sub LIMIT :limit"
)
LATE_ABOVE = (
    "UPDATE event SET flags = flags | :late WHERE seq IN (SELECT e.seq FROM block b CROSS JOIN event e "
    "ON e.seq BETWEEN b.first_seq AND b.last_seq WHERE b.min_us < :newest AND e.log_id = :log AND e.position >= :end "
    "AND e.time_us < :newest AND NOT e.flags & :late)"
)
"""Only blocks that hold something older are looked into."""


def rewrite(connection: apsw.Connection, seqs: Sequence[int], log_ids: Sequence[int], source_id: int) -> int:
    """Makes the staged rows the meaning of the events `seqs`, in this order; `log_ids` are the logs the rows number.

    Gives how many have another identity now (type, stream, version, time, ids or actor), or another decoder or schema.
    Every count is kept right: names, streams, rollups, blocks. Inside a transaction. All events are of source `source_id`.
    """
    connection.execute(_TABLES)
    connection.executemany("INSERT INTO temp.again VALUES (?, ?)", enumerate(seqs, 1))
    connection.execute("DELETE FROM temp.plan_log")
    connection.executemany("INSERT INTO temp.plan_log VALUES (?, ?)", enumerate(log_ids))
    for statement in (*(_LEAVE_SEVERAL if has_several(connection) else _LEAVE), *_SUBTRACT):
        connection.execute(statement)
    for width in BUCKET_SECONDS:
        connection.execute(LESS_BUCKETS, {"width": width})
    for statement in (*PREPARE, *SCHEMAS, *STREAMS):
        connection.execute(statement, {"source": source_id} if ":source" in statement else None)
    changed = connection.execute(_CHANGED).get
    for statement in (_REPLACE, _MEMBERS, *COUNT_NAMES, SECONDS):
        connection.execute(statement)
    for width in BUCKET_SECONDS:
        connection.execute(BUCKETS, {"width": width})
    for statement in (_FIRST_AND_LAST, *_TIDY):
        connection.execute(statement)
    stretch = {"low": min(seqs), "high": max(seqs)}
    connection.execute(schemas.DROP_BLOCKS, stretch)
    connection.execute(schemas.COUNT_BLOCKS, stretch)
    assert isinstance(changed, int)
    return changed


def late_changes(rows: Iterable[tuple[int, int, int | None, int]], latest_us: dict[int, int]) -> list[tuple[int, int]]:
    """`(flags, seq)` of the rows `(seq, log, time, flags)` whose mark as late is not true; `latest_us` per log grows along."""
    changes = []
    for seq, log_id, time_us, flags in rows:
        newest = latest_us.get(log_id)
        is_late = time_us is not None and newest is not None and time_us < newest
        if time_us is not None and not is_late:
            latest_us[log_id] = time_us
        wanted = flags | _LATE if is_late else flags & ~_LATE
        if wanted != flags:
            changes.append((wanted, seq))
    return changes
